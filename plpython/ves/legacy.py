"""Inclusion in legacy commitments (VES 17.3): hashes without domains, a tree without padding."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from ves import merkle
from ves.merkle import HASH_BYTES

_MAX_DEPTH = 20


def node(left: bytes, right: bytes) -> bytes:
    """The parent of two nodes: no domain (VES 17.3)."""
    return sha256(left + right).digest()


def directions(index: int, leaf_count: int) -> list[bool]:
    """True where the running hash is the left input, for the levels that have a sibling.

    The original takes the bits of `index` by position in the path instead, which is wrong for leaves
    that moved up (VES 21, trap 12); see `ves.merkle.directions`.
    """
    found = []
    while leaf_count > 1:
        if index ^ 1 < leaf_count:
            found.append(not index & 1)
        index, leaf_count = index >> 1, (leaf_count + 1) >> 1
    return found


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
    if _fold(leaf, merkle.directions(index, len(path)), path) == root:
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
