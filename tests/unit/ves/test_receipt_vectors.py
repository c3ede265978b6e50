"""Receipts against receipts.json (VES 11)."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest

from tests.support.wire import receipt_members
from tests.unit.ves.vectors import load, unhex
from ves import digests, ed25519, receipts
from ves.errors import ProtocolError

VECTORS = load("receipts")
SECRET_KEY = unhex(VECTORS["sequencer_secret_key"])
PUBLIC_KEY = unhex(VECTORS["sequencer_public_key"])
CASES = [pytest.param(case, id=case["sequence_number"]) for case in VECTORS["receipts"]]


def parts(case):
    ids = [UUID(case[name]) for name in ("tenant_id", "store_id", "event_id")]
    return (*ids, int(case["sequence_number"]), unhex(case["event_signing_hash"]))


def wire(case, **changes):
    """The receipt as a client reads it from a response."""
    members = receipt_members(
        sequencer_id=uuid4(),
        event_id=UUID(case["event_id"]),
        sequence_number=int(case["sequence_number"]),
        sequenced_at="2025-12-20T17:51:10.243+00:00",
        receipt_hash=unhex(case["receipt_hash"]),
        signature=unhex(case["sequencer_signature"]),
    )
    return receipts.decode_receipt(json.dumps(members | changes).encode())


@pytest.mark.parametrize("case", CASES)
def test_a_receipt_has_the_hash_and_signature_of_the_vector(case):
    tenant, store, event, number, signing_hash = parts(case)
    assert len(digests.receipt_preimage(*parts(case))) == 102
    digest = digests.receipt_hash(*parts(case))
    assert digest.hex() == case["receipt_hash"]
    assert digests.receipt_hashes(tenant, store, [event], [number], [signing_hash]) == [digest]
    assert ed25519.sign(SECRET_KEY, digest).hex() == case["sequencer_signature"]


@pytest.mark.parametrize("case", CASES)
def test_a_receipt_of_the_vector_verifies_unless_its_number_cannot_exist(case):
    tenant, store, _, number, signing_hash = parts(case)
    findings = receipts.verify_receipt(wire(case), tenant, store, signing_hash, PUBLIC_KEY)
    assert findings == ([] if 1 <= number < 2**63 else ["sequence number is out of range"])


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"receiptHash": "00" * 32}, "receipt hash does not match the event"),
        ({"sequenceNumber": 2}, "signature does not verify"),
        ({"sequenceNumber": 0}, "sequence number is out of range"),
        ({"signatureAlg": "none"}, "signature algorithm is not ed25519"),
        ({"sequencerSignature": ""}, "signature is missing or malformed"),
        ({"sequencerSignature": "AB" * 64}, "signature is missing or malformed"),
        ({"sequencerSignature": "ab" * 64}, "signature does not verify"),
        ({"eventId": str(uuid4())}, "receipt hash does not match the event"),
    ],
)
def test_a_changed_receipt_is_refused(change, finding):
    case = VECTORS["receipts"][0]
    tenant, store, _, _, signing_hash = parts(case)
    assert finding in receipts.verify_receipt(wire(case, **change), tenant, store, signing_hash, PUBLIC_KEY)


def test_an_unsigned_receipt_is_good_only_when_no_key_is_expected():
    case = VECTORS["receipts"][0]
    tenant, store, event, number, signing_hash = parts(case)
    members = receipt_members(
        sequencer_id=uuid4(),
        event_id=event,
        sequence_number=number,
        sequenced_at="2025-12-20T17:51:10+00:00",
        receipt_hash=unhex(case["receipt_hash"]),
        signature=b"",
    )
    assert members["signatureAlg"] == "none"
    assert "receiptSignatureScheme" not in members
    unsigned = receipts.decode_receipt(json.dumps(members).encode())
    assert receipts.verify_receipt(unsigned, tenant, store, signing_hash, None) == []
    assert receipts.verify_receipt(unsigned, tenant, store, signing_hash, PUBLIC_KEY)
    assert receipts.verify_receipt(wire(case), tenant, store, signing_hash, None)


def test_what_is_not_a_receipt_is_refused():
    for raw in (b"", b"[]", b"{}", b"\xff", b"[" * 5000):
        with pytest.raises(ProtocolError):
            receipts.decode_receipt(raw)
