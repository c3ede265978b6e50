"""Any changed byte of a receipt is refused (VES 11)."""

from __future__ import annotations

import contextlib
import json
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.wire import receipt_members
from ves import digests, ed25519, receipts
from ves.errors import ProtocolError

SEED = b"\x17" * 32
PUBLIC_KEY = ed25519.public_key(SEED)
TENANT, STORE, EVENT, SEQUENCER = (UUID(int=number) for number in range(1, 5))
SIGNING_HASH = bytes(range(32))
DIGEST = digests.receipt_hash(TENANT, STORE, EVENT, 77, SIGNING_HASH)
RECEIPT = receipt_members(
    sequencer_id=SEQUENCER,
    event_id=EVENT,
    sequence_number=77,
    sequenced_at="2025-12-20T17:51:10.243+00:00",
    receipt_hash=DIGEST,
    signature=ed25519.sign(SEED, DIGEST),
)
COVERED = ("eventId", "sequenceNumber", "receiptHash", "signatureAlg", "sequencerSignature")


def findings(members, signing_hash=SIGNING_HASH, tenant=TENANT, store=STORE, key=PUBLIC_KEY):
    receipt = receipts.decode_receipt(json.dumps(members).encode())
    return receipts.verify_receipt(receipt, tenant, store, signing_hash, key)


def test_the_receipt_itself_is_good():
    assert findings(RECEIPT) == []


@given(st.sampled_from(COVERED), st.data())
def test_one_flipped_byte_in_any_covered_member_is_refused(name, data):
    text = str(RECEIPT[name]).encode()
    at, flip = data.draw(st.integers(0, len(text) - 1)), data.draw(st.integers(1, 255))
    changed = (text[:at] + bytes([text[at] ^ flip]) + text[at + 1 :]).decode("latin-1")
    value = int(changed) if name == "sequenceNumber" and changed.isascii() and changed.isdigit() else changed
    if name == "eventId":
        assume(changed.lower().replace("-", "") != str(EVENT).replace("-", ""))
    with contextlib.suppress(ProtocolError):
        assert findings(RECEIPT | {name: value})


@given(st.integers(0, 31), st.integers(1, 255), st.sampled_from(["signing_hash", "key", "tenant", "store"]))
def test_one_flipped_byte_in_what_the_holder_knows_is_refused(at, flip, what):
    known = {"signing_hash": SIGNING_HASH, "key": PUBLIC_KEY, "tenant": TENANT.bytes, "store": STORE.bytes}[
        what
    ]
    changed = bytearray(known)
    changed[at % len(known)] ^= flip
    value = UUID(bytes=bytes(changed)) if what in ("tenant", "store") else bytes(changed)
    assert findings(RECEIPT, **{what: value})
