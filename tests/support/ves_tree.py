"""Trees over leaves (VES 9.2), which production makes in SQL: the oracle of the tests."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from ves import domains
from ves.errors import ProtocolError
from ves.merkle import HASH_BYTES

PAD = sha256(domains.PAD_LEAF).digest()
EMPTY_ROOT = bytes(HASH_BYTES)


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
