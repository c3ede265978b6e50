"""What OpenTimestamps calendars are given for a commitment, and the proof file of it (chain 8).

The file format is OpenTimestamps', version 1: the stock `ots` program reads it. Here it is only put together, from parts that
are stored as they were serialized.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from ves import domains
from ves.codec import u32, u64

_MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
_VERSION, _SHA256 = b"\x01", b"\x08"


def anchor_preimage(
    *,
    batch_id: UUID,
    tenant_id: UUID,
    store_id: UUID,
    events_root: bytes,
    new_state_root: bytes,
    sequence_start: int,
    sequence_end: int,
    event_count: int,
) -> bytes:
    """The 145 bytes that stand for a commitment: the members that the anchor contract stores, in its order (chain 2)."""
    return b"".join(
        (
            domains.ANCHOR,
            batch_id.bytes,
            tenant_id.bytes,
            store_id.bytes,
            events_root,
            new_state_root,
            u64(sequence_start),
            u64(sequence_end),
            u32(event_count),
        )
    )


def anchor_digest(**fields: Any) -> bytes:
    """SHA-256 of `anchor_preimage` with the same keyword arguments: what is timestamped (chain 8)."""
    return sha256(anchor_preimage(**fields)).digest()


def ots_file(digest: bytes, *timestamp: bytes) -> bytes:
    """An `.ots` file of a digest; `timestamp` is its serialized timestamp, in any number of consecutive parts."""
    return b"".join((_MAGIC, _VERSION, _SHA256, digest, *timestamp))
