"""Offline check of a commitment's OpenTimestamps proof against a Bitcoin block header that the auditor has (chain 8).

Needs the extra `timestamps`. Nothing is fetched: who trusts no explorer takes the header from a node of his own.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from ves import json_decode
from ves.anchors import anchor_digest
from ves.codec import parse_hex
from ves.errors import ProtocolError

HEADER_BYTES = 80
_MALFORMED, _MISMATCH = "malformed_timestamp", "timestamp_mismatch"
_MOST_PROOF_BYTES = 131_072
_MERKLE_ROOT, _TIME = slice(36, 68), slice(68, 72)


class TimestampDocument(msgspec.Struct, frozen=True):
    """The answer of `GET /api/v1/ves/anchor/{batch_id}/timestamp`, as far as it is checked."""

    batch_id: UUID
    tenant_id: UUID
    store_id: UUID
    events_root: str
    new_state_root: str
    sequence_start: int
    sequence_end: int
    event_count: int
    ots: str

    def digest(self) -> bytes:
        """Return the digest that the members have, whatever the document says of it."""
        return anchor_digest(
            batch_id=self.batch_id,
            tenant_id=self.tenant_id,
            store_id=self.store_id,
            events_root=parse_hex(self.events_root, 32),
            new_state_root=parse_hex(self.new_state_root, 32),
            sequence_start=self.sequence_start,
            sequence_end=self.sequence_end,
            event_count=self.event_count,
        )

    def file(self) -> bytes:
        """Return the bytes of the `.ots` file. ProtocolError for what is no base64."""
        try:
            return base64.b64decode(self.ots, validate=True)
        except binascii.Error as error:
            raise ProtocolError(_MALFORMED, "ots is no base64") from error


class AttestedBlock(msgspec.Struct, frozen=True):
    """The block that a proof leads to: the commitment existed before its time, to within the hours that miners may err."""

    height: int
    block_hash: str
    time: dt.datetime


def read_timestamp(data: bytes) -> TimestampDocument:
    """Read a document. Raises ProtocolError."""
    try:
        return json_decode.decode(data, type=TimestampDocument)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(_MALFORMED, f"no timestamp document: {error}") from error


def attested_heights(document: TimestampDocument) -> dict[int, bytes]:
    """Return the Merkle root that the proof claims for each Bitcoin block it leads to, by height.

    Empty while no block has the commitment. Raises ProtocolError for a proof that is none, or of another commitment.
    """
    from opentimestamps.core.notary import BitcoinBlockHeaderAttestation  # noqa: PLC0415 - an optional extra

    timestamp = _parsed(document.file(), document.digest())
    return {
        attestation.height: bytes(digest)
        for digest, attestation in timestamp.all_attestations()
        if isinstance(attestation, BitcoinBlockHeaderAttestation)
    }


def check_timestamp(document: TimestampDocument, header: bytes) -> AttestedBlock:
    """Check a proof against the 80 bytes of a block's header. Raises ProtocolError when it does not lead to that block.

    Whether the header is one of the Bitcoin chain, at this height, is the auditor's to know.
    """
    if len(header) != HEADER_BYTES:
        raise ProtocolError(_MALFORMED, "the header has not 80 bytes")
    for height, root in sorted(attested_heights(document).items()):
        if root == header[_MERKLE_ROOT]:
            block_hash = sha256(sha256(header).digest()).digest()[::-1].hex()
            seconds = int.from_bytes(header[_TIME], "little")
            return AttestedBlock(height, block_hash, dt.datetime.fromtimestamp(seconds, dt.UTC))
    raise ProtocolError(_MISMATCH, "the proof does not lead to this block")


def _parsed(data: bytes, digest: bytes) -> Any:
    from opentimestamps.core.op import OpSHA256  # noqa: PLC0415
    from opentimestamps.core.serialize import BytesDeserializationContext, DeserializationError  # noqa: PLC0415
    from opentimestamps.core.timestamp import DetachedTimestampFile  # noqa: PLC0415

    if len(data) > _MOST_PROOF_BYTES:
        raise ProtocolError(_MALFORMED, "the proof is too long")
    try:
        found = DetachedTimestampFile.deserialize(BytesDeserializationContext(data))
    except (DeserializationError, ValueError, RecursionError) as error:
        raise ProtocolError(_MALFORMED, f"no OpenTimestamps proof: {type(error).__name__}") from error
    if not isinstance(found.file_hash_op, OpSHA256) or found.file_digest != digest:
        raise ProtocolError(_MISMATCH, "the proof is of another commitment")
    return found.timestamp
