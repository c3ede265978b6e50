"""Typed data and its signatures against the vectors of x402 B4, and what is no canonical signature."""

from __future__ import annotations

import json
from typing import Any

import coincurve
import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.backends import CoinCurveECCBackend, get_backend_class
from eth_keys.constants import SECPK1_N
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

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
    assert eip712.signer(eip712.digest(data), bytes.fromhex(case["signature"][2:])) == payer.lower()


def test_a_signature_is_canonical_with_either_form_of_v() -> None:
    case = CASES[0]
    signature = bytes.fromhex(case["signature"][2:])
    short = signature[:64] + bytes([signature[64] - 27])
    digest = eip712.digest(transfer(case))
    assert eip712.canonical_signature(short) == signature
    assert eip712.signer(digest, short) == eip712.signer(digest, signature)


MAGIC = bytes.fromhex("6492" * 16)


@given(st.binary(min_size=20, max_size=20), st.binary(max_size=70), st.binary(max_size=200))
def test_a_signature_is_taken_out_of_its_wrapper(factory: bytes, call: bytes, inner: bytes) -> None:
    wrapped = encode(["address", "bytes", "bytes"], [factory, call, inner])
    assert eip712.unwrap(wrapped + MAGIC) == (inner, any(factory) and bool(call))
    assert eip712.unwrap(wrapped) == (wrapped, False)


WRAPPED = encode(["address", "bytes", "bytes"], [b"\1" * 20, b"call", b"yes"])


@pytest.mark.parametrize(
    "wrapped",
    [
        b"",
        WRAPPED[:95],
        WRAPPED[:-32],
        WRAPPED[:64] + b"\xff" * 32 + WRAPPED[96:],
        WRAPPED[:160] + b"\xff" * 64,
    ],
    ids=["nothing", "half a place", "half a signature", "a place beyond", "a length beyond"],
)
def test_a_wrapper_that_is_not_whole_is_refused(wrapped: bytes) -> None:
    with pytest.raises(ValueError, match="no wrapper"):
        eip712.unwrap(wrapped + MAGIC)


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
        assert eip712.signer(eip712.digest(data), wrong) is None


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
    assert eip712.signer(eip712.digest(data), signature) == account.address.lower()
    others = {
        "payer": "0x" + "11" * 20,
        "tenant_id": "x",
        "agent_id": "x",
        "key_id": 2,
        "public_key": b"\1" * 32,
    }
    for name, other in others.items():
        assert (
            eip712.signer(eip712.digest(eip712.binding_data(**truth | {name: other})), signature)
            != account.address.lower()
        )


@given(
    st.text(max_size=40),
    st.text(max_size=40),
    st.integers(0, 2**256 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_the_digest_is_that_of_the_library_that_wallets_use(
    name: str, version: str, number: int, nonce: bytes
) -> None:
    address = "0x" + nonce[:20].hex()
    token = eip712.Token(name, version, number, address)
    moved = eip712.Transfer(address, "0x" + "Ab" * 20, number, number, 2**256 - 1, nonce)
    binding = eip712.binding_data(
        payer=address, tenant_id=name, agent_id=version, key_id=number, public_key=nonce
    )
    for data in (eip712.transfer_data(token, moved), binding):
        message = encode_typed_data(**data)
        assert eip712.digest(data) == keccak(b"\x19" + message.version + message.header + message.body)


@pytest.mark.parametrize("wrong", [{"nonce": bytes(31)}, {"payer": "0x11"}, {"value": 2**256}, {"value": -1}])
def test_a_value_out_of_its_type_has_no_digest(wrong: dict[str, Any]) -> None:
    data = transfer(CASES[0])
    names = {"nonce": "nonce", "payer": "from", "value": "value"}
    data["message_data"] |= {names[name]: value for name, value in wrong.items()}
    with pytest.raises((ValueError, OverflowError)):
        eip712.digest(data)


def test_keys_are_recovered_by_libsecp256k1() -> None:
    # Pure Python takes 20 ms for each payment; the workers' signer and stock clients choose their backend by what is installed.
    assert get_backend_class() is CoinCurveECCBackend
    assert eip712.PublicKey is coincurve.PublicKey
