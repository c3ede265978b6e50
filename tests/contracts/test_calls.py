"""Typed calls make the bytes of the vectors, and read the outcomes of real transactions."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from eth_account.signers.local import LocalAccount
from web3 import Web3

from tests.contracts.conftest import vectors
from ves_contracts import calls

CALLDATA = vectors("x402/calldata.json")
SETTLEMENTS = [call for call in CALLDATA["calls"] if call["signature"].startswith("settleBatch")]


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def word() -> bytes:
    return calls.uuid_word(uuid4())


@pytest.mark.parametrize("call", SETTLEMENTS, ids=lambda call: call["args"]["which_root"])
def test_a_settlement_is_encoded_as_the_vectors_say(call: dict[str, Any]) -> None:
    args = call["args"]
    batch = calls.Batch(
        raw(args["batchId"]),
        raw(args["merkleRoot"]),
        raw(args["tenantStoreKey"]),
        args["sequenceStart"],
        args["sequenceEnd"],
    )
    payments = [
        calls.PaymentIntent(
            raw(item["intentId"]),
            item["payer"],
            item["payee"],
            item["amount"],
            item["token"],
            item["nonce"],
            item["validUntil"],
            raw(item["signingHash"]),
        )
        for item in args["payments"]
    ]
    assert calls.settle_batch(batch, payments) == raw(call["calldata"])


def test_keys_of_streams_and_ids_of_parts_are_hashes_of_words() -> None:
    known = CALLDATA["tenant_store_key"]
    tenant, store = UUID(known["tenant_id"]), UUID(known["store_id"])
    assert calls.stream_key(tenant, store) == raw(known["value"])
    assert calls.part_id(tenant, 1) == Web3.keccak(calls.uuid_word(tenant) + bytes(31) + b"\x01")
    assert len({calls.part_id(tenant, part) for part in range(4)}) == 4


def sent(w3: Web3, account: LocalAccount, to: str, data: bytes) -> list[calls.Outcome]:
    transaction = {
        "to": to,
        "data": data,
        "gas": 3_000_000,
        "maxFeePerGas": w3.eth.gas_price * 2,
        "maxPriorityFeePerGas": 1,
        "nonce": w3.eth.get_transaction_count(account.address),
        "chainId": w3.eth.chain_id,
    }
    hashed = w3.eth.send_raw_transaction(account.sign_transaction(transaction).raw_transaction)
    receipt = w3.eth.wait_for_transaction_receipt(hashed)
    assert receipt["status"] == 1
    return calls.outcomes(receipt["logs"], to)


def test_logs_say_which_commitments_were_anchored_and_which_conflict(
    w3: Web3, account: LocalAccount, addresses: dict[str, Any]
) -> None:
    first = calls.Commitment(word(), word(), word(), bytes([1] * 32), bytes([2] * 32), 1, 5, 5)
    forged = calls.Commitment(first.batch_id, first.tenant_id, first.store_id, bytes(32), bytes(32), 1, 5, 5)
    said = sent(w3, account, addresses["anchor"], calls.anchor_many([first, first, forged]))
    assert [(item.kind, item.subject) for item in said] == [
        ("anchored", first.batch_id),
        ("conflict", first.batch_id),
    ]


def test_logs_say_why_payments_failed_and_that_a_call_was_repeated(
    w3: Web3, account: LocalAccount, addresses: dict[str, Any]
) -> None:
    nobody, token = "0x" + "0" * 39 + "9", addresses["token"]
    batch = calls.Batch(word(), bytes([1] * 32), bytes([2] * 32), 1, 2)
    intents = [
        calls.PaymentIntent(word(), nobody, account.address, 5, token, 1, 2**63, bytes(32)),
        calls.PaymentIntent(word(), nobody, account.address, 5, token, 1, 1, bytes(32)),
    ]
    data = calls.settle_batch(batch, intents)
    settlement = addresses["settlement"]
    assert sent(w3, account, settlement, data) == [
        calls.Outcome("failed", batch.batch_id, intents[0].intent_id, "Insufficient balance"),
        calls.Outcome("failed", batch.batch_id, intents[1].intent_id, "Payment expired"),
    ]
    assert sent(w3, account, settlement, data) == [calls.Outcome("repeated", batch.batch_id, batch.batch_id)]
    authorization = calls.Authorization(
        word(), nobody, account.address, 5, token, 0, 2**40, bytes([3] * 32), bytes(65)
    )
    other = calls.Batch(word(), bytes([1] * 32), bytes([2] * 32), 1, 1)
    assert sent(w3, account, settlement, calls.settle_authorizations(other, [authorization])) == [
        calls.Outcome("failed", other.batch_id, authorization.intent_id, "Insufficient balance")
    ]
