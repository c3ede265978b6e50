"""The VES Merkle tree over one commitment (VES 9): padded on the right to a power of two."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from ves import domains
from ves.errors import ProtocolError

HASH_BYTES = 32
MAX_PATH = 64
PAD = sha256(domains.PAD_LEAF).digest()
EMPTY_ROOT = bytes(HASH_BYTES)


def node(left: bytes, right: bytes) -> bytes:
    """The parent of two nodes (VES 9.2)."""
    return sha256(domains.NODE + left + right).digest()


def build_levels(leaves: bytes) -> list[bytes]:
    """All levels of the tree over concatenated 32-byte leaf hashes.

    Level 0 is the padded leaves, the last level the root; each level is one concatenated value.
    No leaves: no levels. Raises ProtocolError when the length is not a multiple of 32.
    """
    count, rest = divmod(len(leaves), HASH_BYTES)
    if rest:
        raise ProtocolError("invalid_length", "leaves must be a multiple of 32 bytes")
    if not count:
        return []
    padded = 1 << (count - 1).bit_length()
    level = leaves + PAD * (padded - count)
    levels = [level]
    prefix, digest = domains.NODE, sha256
    while len(level) > HASH_BYTES:
        level = b"".join([digest(prefix + level[at : at + 64]).digest() for at in range(0, len(level), 64)])
        levels.append(level)
    return levels


def root(leaves: bytes) -> bytes:
    """The root over concatenated leaf hashes; 32 zero bytes when there are none."""
    levels = build_levels(leaves)
    return levels[-1] if levels else EMPTY_ROOT


def inclusion_path(levels: Sequence[bytes], index: int) -> list[bytes]:
    """Siblings of leaf `index`, leaf level first (VES 9.3). Raises ProtocolError out of range."""
    if not levels or not 0 <= index < len(levels[0]) // HASH_BYTES:
        raise ProtocolError("number_out_of_range", f"no leaf {index} in this tree")
    path = []
    for level in levels[:-1]:
        at = (index ^ 1) * HASH_BYTES
        path.append(level[at : at + HASH_BYTES])
        index >>= 1
    return path


def directions(index: int, depth: int) -> list[bool]:
    """True where the running hash is the left input, leaf level first (VES 9.3)."""
    return [not index >> level & 1 for level in range(depth)]


def verify_inclusion(leaf: bytes, index: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` leads from `leaf` at `index` to `root`.

    Stricter than VES 9.3: an index of 2^(path length) or more is refused, so that each position has
    exactly one index.
    """
    if len(path) > MAX_PATH or index < 0 or index >> len(path):
        return False
    if any(len(item) != HASH_BYTES for item in (leaf, root, *path)):
        return False
    current = leaf
    for sibling in path:
        current = node(sibling, current) if index & 1 else node(current, sibling)
        index >>= 1
    return current == root
