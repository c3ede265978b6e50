"""The VES Merkle tree over one commitment (VES 9): padded on the right to a power of two."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from ves import domains

HASH_BYTES = 32
MAX_PATH = 64


def node(left: bytes, right: bytes) -> bytes:
    """The parent of two nodes (VES 9.2)."""
    return sha256(domains.NODE + left + right).digest()


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
