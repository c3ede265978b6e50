"""Hashes, trees and roots of the legacy stream (VES 17), which production makes in SQL: the oracle of the tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from uuid import UUID

from ves import domains
from ves.canonical import plain
from ves.codec import string, u32, u64
from ves.errors import ProtocolError
from ves.legacy import HASH_BYTES

EMPTY_ROOT = bytes(HASH_BYTES)


def payload_hash(payload_raw: bytes) -> bytes:
    """Hash of a payload's compact form; `payload_raw` is its JSON text (VES 17.1)."""
    return sha256(plain(payload_raw)).digest()


def signing_bytes(
    *,
    envelope_version: int,
    event_id: UUID,
    command_id: UUID | None,
    tenant_id: UUID,
    store_id: UUID,
    entity_type: str,
    entity_id: str,
    event_type: str,
    payload_hash: bytes,
    base_version: int | None,
    created_at_ms: int,
) -> bytes:
    """The bytes a legacy signature would cover (VES 17.1); the last two numbers are little-endian."""
    return b"".join(
        (
            u32(envelope_version),
            event_id.bytes,
            b"" if command_id is None else command_id.bytes,
            tenant_id.bytes,
            store_id.bytes,
            (entity_type + entity_id + event_type).encode(),
            payload_hash,
            b"" if base_version is None else base_version.to_bytes(8, "little"),
            created_at_ms.to_bytes(8, "little", signed=True),
        )
    )


def leaf_hash(
    tenant_id: UUID, store_id: UUID, sequence: int, payload_hash: bytes, entity_type: str, entity_id: str
) -> bytes:
    """A legacy commitment leaf (VES 17.3)."""
    stream = tenant_id.bytes + store_id.bytes + u64(sequence)
    texts = string(entity_type) + string(entity_id)
    return sha256(domains.LEGACY_LEAF + stream + payload_hash + texts).digest()


def build_levels(leaves: bytes) -> list[bytes]:
    """All levels over concatenated 32-byte leaves, leaves first; an unpaired last node moves up unchanged.

    No leaves: no levels. Raises ProtocolError when the length is not a multiple of 32.
    """
    if len(leaves) % HASH_BYTES:
        raise ProtocolError("invalid_length", "leaves must be a multiple of 32 bytes")
    if not leaves:
        return []
    level = leaves
    levels = [level]
    while len(level) > HASH_BYTES:
        pairs = range(0, len(level) - HASH_BYTES, 2 * HASH_BYTES)
        above = [sha256(level[at : at + 2 * HASH_BYTES]).digest() for at in pairs]
        if len(level) % (2 * HASH_BYTES):
            above.append(level[-HASH_BYTES:])
        level = b"".join(above)
        levels.append(level)
    return levels


def root(leaves: bytes) -> bytes:
    """The root over concatenated leaves; 32 zero bytes when there are none."""
    levels = build_levels(leaves)
    return levels[-1] if levels else EMPTY_ROOT


def inclusion_path(levels: Sequence[bytes], index: int) -> list[bytes]:
    """Siblings bottom-up; a level where the node has none is skipped (VES 17.3)."""
    if not levels or not 0 <= index < len(levels[0]) // HASH_BYTES:
        raise ProtocolError("number_out_of_range", f"no leaf {index} in this tree")
    path = []
    for level in levels[:-1]:
        at = (index ^ 1) * HASH_BYTES
        if at < len(level):
            path.append(level[at : at + HASH_BYTES])
        index >>= 1
    return path


def state_root(tenant_id: UUID, store_id: UUID, versions: Iterable[tuple[str, str, int]]) -> bytes:
    """Hash over (entity_type, entity_id, version) rows, which must come in the collation's order."""
    parts = [tenant_id.bytes, store_id.bytes]
    for entity_type, entity_id, version in versions:
        parts += (entity_type.encode(), entity_id.encode(), version.to_bytes(8, "little", signed=True))
    return sha256(b"".join(parts)).digest()
