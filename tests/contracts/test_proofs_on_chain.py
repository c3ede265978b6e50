"""The vectors' trees, anchored or settled: each proof of the protocol verifies in the contract, and none other does."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from eth_utils import function_signature_to_4byte_selector
from web3 import Web3
from web3.exceptions import ContractCustomError

from tests.contracts.conftest import CHAIN_ID, uuid_word, vectors
from ves_contracts import deploy

MERKLE = vectors("ves/merkle.json")
BATCHES = vectors("x402/batches.json")["batches"] + vectors("x402/batches_large.json")["batches"]
NEGATIVE = vectors("x402/inclusion_negative.json")["cases"]
# Those that are signed for this token's domain and this chain.
AUTHORIZATIONS = [
    case
    for case in vectors("x402/eip3009.json")["cases"]
    if case["payment_requirements"]["extra"] == {"name": "TestUSD", "version": "2"}
    and case["payment_requirements"]["network"] == f"eip155:{CHAIN_ID}"
]
INVALID_SIGNATURE = function_signature_to_4byte_selector("ERC3009InvalidSignature()").hex()


@pytest.fixture(scope="session")
def anchor(w3: Web3, addresses: dict[str, Any]) -> Any:
    return deploy.contract(w3, "StateSetAnchor", addresses["anchor"])


@pytest.fixture(scope="session")
def settlement(w3: Web3, addresses: dict[str, Any]) -> Any:
    return deploy.contract(w3, "PaymentSettlement", addresses["settlement"])


def from_hex(*values: str) -> list[bytes]:
    return [bytes.fromhex(value.removeprefix("0x")) for value in values]


@pytest.mark.parametrize("tree", MERKLE["trees"], ids=lambda tree: f"{tree['leaf_count']}-leaves")
def test_proofs_of_events_verify_against_the_anchored_root(
    w3: Web3, account: LocalAccount, anchor: Any, tree: dict[str, Any]
) -> None:
    batch, count = uuid4().bytes + bytes(16), tree["leaf_count"]
    events = MERKLE["events"][:count]
    commitment = (
        batch,
        uuid_word(MERKLE["tenant_id"]),
        uuid_word(MERKLE["store_id"]),
        *from_hex(tree["merkle_root"], "11" * 32),
        events[0]["sequence_number"],
        events[0]["sequence_number"] + count - 1,
        count,
    )
    deploy.send(w3, account, anchor.functions.anchorIfAbsent(commitment))
    for proof in tree["proofs"]:
        index, path = proof["leaf_index"], from_hex(*proof["proof_path"])
        leaf, other = from_hex(proof["leaf_hash"], "22" * 32)
        assert anchor.functions.verifyInclusion(batch, leaf, path, index).call()
        assert not anchor.functions.verifyInclusion(batch, other, path, index).call()
        assert not anchor.functions.verifyInclusion(batch, leaf, path, index + count).call()
        event = events[index]
        hashed, signature = from_hex(event["event_signing_hash"], event["agent_signature"])
        number = event["sequence_number"]
        assert anchor.functions.verifyEvent(batch, number, hashed, signature, path).call()
        assert not anchor.functions.verifyEvent(batch, number, other, signature, path).call()


def settle_under(w3: Web3, account: LocalAccount, settlement: Any, batch: bytes, root: bytes) -> None:
    """Store a root with a payment that cannot be made: receipts verify against the root alone."""
    nobody = "0x" + "01" * 20
    intent = (uuid4().bytes + bytes(16), nobody, nobody, 1, nobody, 1, 1, bytes(32))
    deploy.send(w3, account, settlement.functions.settleBatch(batch, root, bytes(32), 1, 1, [intent]))


def receipt(intent: dict[str, Any]) -> tuple[Any, ...]:
    return (
        uuid_word(intent["intent_id"]),
        intent["sequence_number"],
        intent["payer_address"],
        intent["payee_address"],
        intent["amount"],
        intent["asset"],
        intent["network"],
        intent["chain_id"],
        intent["nonce"],
        intent["valid_until"],
        *from_hex(intent["signing_hash"], intent["payer_signature"]),
    )


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: f"{batch['size']}-intents")
def test_receipts_verify_from_their_fields_against_the_settled_root(
    w3: Web3, account: LocalAccount, settlement: Any, batch: dict[str, Any]
) -> None:
    word = uuid_word(batch["batch_id"])
    settle_under(w3, account, settlement, word, *from_hex(batch["merkle_root"]))
    total = batch["total_leaves"]
    for proof in batch["receipts"][:: max(1, total // 12)]:
        index, path = proof["leaf_index"], from_hex(*proof["inclusion_proof"])
        intent = batch["intents"][index]
        assert intent["intent_id"] == proof["intent_id"]
        assert settlement.functions.verifyReceipt(word, receipt(intent), path, index, total).call()
        forged = receipt(intent | {"amount": intent["amount"] + 1})
        assert not settlement.functions.verifyReceipt(word, forged, path, index, total).call()


@pytest.mark.parametrize("case", NEGATIVE, ids=lambda case: case["name"])
def test_payment_proofs_are_judged_as_the_vectors_say(
    w3: Web3, account: LocalAccount, settlement: Any, case: dict[str, Any]
) -> None:
    word = uuid4().bytes + bytes(16)
    settle_under(w3, account, settlement, word, *from_hex(case["merkle_root"]))
    (leaf,), path = from_hex(case["leaf"]), from_hex(*case["inclusion_proof"])
    call = settlement.functions.verifyInclusion(word, leaf, path, case["leaf_index"], case["total_leaves"])
    assert call.call() is case["valid"]


@pytest.mark.parametrize("case", AUTHORIZATIONS, ids=lambda case: case["digest"][:10])
def test_the_token_reads_authorizations_as_the_vectors_sign_them(
    w3: Web3, addresses: dict[str, Any], case: dict[str, Any]
) -> None:
    wanted, payload = case["payment_requirements"], case["payment_payload"]["payload"]
    asset: ChecksumAddress = wanted["asset"]
    w3.provider.make_request("anvil_setCode", [asset, w3.eth.get_code(addresses["token"]).to_0x_hex()])
    token = deploy.contract(w3, "TestToken", asset)
    assert token.functions.DOMAIN_SEPARATOR().call() == from_hex(case["domain_separator"])[0]
    given = payload["authorization"]
    nonce, signature = from_hex(given["nonce"], payload["signature"])
    parts = (given["from"], given["to"], *(int(given[n]) for n in ("value", "validAfter", "validBefore")))

    def refusal(signed: bytes) -> str:
        function = token.get_function_by_signature(
            "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"
        )
        with pytest.raises(ContractCustomError) as refused:
            function(*parts, nonce, signed).call()
        return str(refused.value)

    # The signature is read first; what is refused after that is the time, or that nobody has a balance here.
    assert INVALID_SIGNATURE not in refusal(signature)
    assert INVALID_SIGNATURE in refusal(bytes([signature[0] ^ 1]) + signature[1:])
