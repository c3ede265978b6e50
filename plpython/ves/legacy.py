"""Legacy events and commitments (VES 17): hashes without domains, a tree without padding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from uuid import UUID

from ves import domains
from ves.canonical import plain
from ves.codec import string, u32, u64
from ves.errors import ProtocolError

HASH_BYTES = 32
EMPTY_ROOT = bytes(HASH_BYTES)
_MAX_DEPTH = 20


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


def node(left: bytes, right: bytes) -> bytes:
    """The parent of two nodes: no domain (VES 17.3)."""
    return sha256(left + right).digest()


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


def directions(index: int, leaf_count: int) -> list[bool]:
    """True where the running hash is the left input, for the levels that have a sibling.

    The original takes the bits of `index` by position in the path instead, which is wrong for leaves
    that moved up (VES 21, trap 12); see `reference_directions`.
    """
    found = []
    while leaf_count > 1:
        if index ^ 1 < leaf_count:
            found.append(not index & 1)
        index, leaf_count = index >> 1, (leaf_count + 1) >> 1
    return found


def reference_directions(index: int, path_length: int) -> list[bool]:
    """The directions as the original writes them on the wire."""
    return [not index >> level & 1 for level in range(path_length)]


def verify_inclusion(leaf: bytes, index: int, leaf_count: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` leads from `leaf` at `index` of `leaf_count` leaves to `root`."""
    if not 0 <= index < leaf_count or any(len(item) != HASH_BYTES for item in (leaf, root, *path)):
        return False
    left_inputs = directions(index, leaf_count)
    if len(left_inputs) != len(path):
        return False
    return _fold(leaf, left_inputs, path) == root


def verify_path(leaf: bytes, index: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` leads from `leaf` at `index` to `root`, when the number of leaves is not known.

    Two readings are tried. First the original's: bit d of `index` at position d, which is right unless the
    path skips a level. A node is the unpaired last one of its level only if it is a left one (its bit is 0)
    and the bits above it are those of the last leaf's index; so once a path skips a zero bit it skips every
    zero bit above it as well, up to the top bit of `index`. The skipped levels are therefore the highest
    zero bits, as many as the path is shorter than `index` has bits: one more reading at the most. Trees
    have at most 2^20 leaves (VES 10.3), which bounds it.
    """
    if index < 0 or any(len(item) != HASH_BYTES for item in (leaf, root, *path)):
        return False
    if _fold(leaf, reference_directions(index, len(path)), path) == root:
        return True
    to_skip = index.bit_length() - len(path)
    if to_skip <= 0 or index.bit_length() > _MAX_DEPTH:
        return False
    left_inputs = []
    for level in reversed(range(index.bit_length())):
        is_left = not index >> level & 1
        if is_left and to_skip:
            to_skip -= 1
        else:
            left_inputs.append(is_left)
    return not to_skip and _fold(leaf, left_inputs[::-1], path) == root


def _fold(leaf: bytes, left_inputs: Sequence[bool], path: Sequence[bytes]) -> bytes:
    for sibling, is_left in zip(path, left_inputs, strict=True):
        leaf = node(leaf, sibling) if is_left else node(sibling, leaf)
    return leaf


def state_root(tenant_id: UUID, store_id: UUID, versions: Iterable[tuple[str, str, int]]) -> bytes:
    """Hash over (entity_type, entity_id, version) rows, which must come in the collation's order."""
    parts = [tenant_id.bytes, store_id.bytes]
    for entity_type, entity_id, version in versions:
        parts += (entity_type.encode(), entity_id.encode(), version.to_bytes(8, "little", signed=True))
    return sha256(b"".join(parts)).digest()
