"""The decoders of what is not an event: whatever the bytes, a value or a refusal of the protocol's own."""

from __future__ import annotations

import json
import uuid

from hypothesis import example, given
from hypothesis import strategies as st

from ves.at_rest import parse_key
from ves.codec import parse_hex, parse_uuid
from ves.errors import ProtocolError
from ves.receipts import decode_receipt

RECEIPT = json.dumps(
    {
        "sequencerId": str(uuid.UUID(int=1)),
        "eventId": str(uuid.UUID(int=2)),
        "sequenceNumber": 1,
        "sequencedAt": "2026-01-01T00:00:00+00:00",
        "receiptHash": "00" * 32,
        "signatureAlg": "ed25519",
        "sequencerSignature": "00" * 64,
        "sequencerKeyVersion": 0,
        "receiptSignatureScheme": 1,
    }
).encode()
PIECES = st.sampled_from(
    [b"", b"{", b"}", b'"', b"null", b"-1", b"1e999", b"\xff", b"\x00", b"[" * 3000, b"0x", b"\\u0000"]
)


@st.composite
def mutations(draw: st.DrawFn, whole: bytes) -> bytes:
    """A valid text with one to four stretches replaced."""
    data = whole
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(start + 12, len(data))))
        data = data[:start] + draw(PIECES | st.binary(max_size=4)) + data[end:]
    return data


@given(data=mutations(RECEIPT) | st.binary(max_size=200))
@example(data=RECEIPT)
def test_a_receipt_is_decoded_or_refused(data: bytes) -> None:
    try:
        assert decode_receipt(data).sequence_number is not None
    except ProtocolError:
        assert data != RECEIPT


@given(text=st.text(max_size=80) | st.binary(max_size=40).map(bytes.hex) | st.binary(max_size=40).map(repr))
def test_keys_hex_and_ids_are_read_or_refused(text: str) -> None:
    for read in (parse_key, parse_uuid, lambda given: parse_hex(given, 32)):
        try:
            found = read(text)
        except ProtocolError:
            continue
        assert isinstance(found, uuid.UUID) or len(found) == 32
