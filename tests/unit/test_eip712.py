"""Typed data and its signatures against the vectors of x402 B4, and what is no canonical signature."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eth_account import Account
from eth_keys.constants import SECPK1_N

from tests.support.cluster import ROOT
from ves_contracts import eip712

VECTORS = json.loads((ROOT / "tests" / "vectors" / "x402" / "eip3009.json").read_text(encoding="utf-8"))
CASES = VECTORS["cases"]


def transfer(case: dict[str, Any]) -> dict[str, Any]:
    required = case["payment_requirements"]
    sent = case["payment_payload"]["payload"]["authorization"]
    token = eip712.Token(
        required["extra"]["name"],
        required["extra"]["version"],
        int(required["network"].removeprefix("eip155:")),
        required["asset"],
    )
    times = (int(sent["validAfter"]), int(sent["validBefore"]))
    nonce = bytes.fromhex(sent["nonce"][2:])
    return eip712.transfer_data(
        token, eip712.Transfer(sent["from"], sent["to"], int(sent["value"]), *times, nonce)
    )


@pytest.mark.parametrize("case", CASES, ids=[case["digest"][:10] for case in CASES])
def test_digest_and_signer_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    data = transfer(case)
    assert eip712.digest(data) == bytes.fromhex(case["digest"][2:])
    payer = case["payment_payload"]["payload"]["authorization"]["from"]
    assert eip712.signer(data, bytes.fromhex(case["signature"][2:])) == payer.lower()


def test_a_signature_is_canonical_with_either_form_of_v() -> None:
    case = CASES[0]
    signature = bytes.fromhex(case["signature"][2:])
    short = signature[:64] + bytes([signature[64] - 27])
    assert eip712.canonical_signature(short) == signature
    assert eip712.signer(transfer(case), short) == eip712.signer(transfer(case), signature)


def test_what_a_token_would_refuse_has_no_signer() -> None:
    data = transfer(CASES[0])
    signature = bytes.fromhex(CASES[0]["signature"][2:])
    upper_half = (SECPK1_N - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    twin = signature[:32] + upper_half + bytes([55 - signature[64]])
    for wrong in (
        b"",
        signature[:64],
        signature + b"\0",
        signature[:64] + b"\x1d",
        twin,
        bytes(64) + b"\x1b",
    ):
        assert eip712.signer(data, wrong) is None


def test_every_member_of_a_binding_is_signed() -> None:
    account = Account.create()
    truth = {
        "payer": account.address,
        "tenant_id": "11111111-1111-4111-8111-111111111111",
        "agent_id": "22222222-2222-4222-8222-222222222222",
        "key_id": 1,
        "public_key": bytes(32),
    }
    data = eip712.binding_data(**truth)
    signature = bytes(account.sign_typed_data(*data.values()).signature)
    assert eip712.signer(data, signature) == account.address.lower()
    others = {
        "payer": "0x" + "11" * 20,
        "tenant_id": "x",
        "agent_id": "x",
        "key_id": 2,
        "public_key": b"\1" * 32,
    }
    for name, other in others.items():
        assert (
            eip712.signer(eip712.binding_data(**truth | {name: other}), signature) != account.address.lower()
        )
