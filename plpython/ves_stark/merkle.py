"""Commitments by Merkle tree and openings of many leaves at once (STARK 10)."""

from __future__ import annotations

from collections.abc import Sequence

from ves_stark.errors import InvalidProofError
from ves_stark.transcript import digest

DIGEST_BYTES = 32


def build(leaves: list[bytes]) -> list[list[bytes]]:
    """All levels of a tree, leaves first, root last. The number of leaves is a power of two."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([digest(below[i] + below[i + 1]) for i in range(0, len(below), 2)])
    return levels


def _pairs(positions: Sequence[int]) -> list[int]:
    return sorted({position & ~1 for position in positions})


def open_many(levels: list[list[bytes]], positions: Sequence[int]) -> list[list[bytes]]:
    """Node lists that open the sorted, distinct leaves `positions`."""
    opened = set(positions)
    pairs = _pairs(positions)
    lists = [[levels[0][leaf] for leaf in (even, even + 1) if leaf not in opened] for even in pairs]
    row = [even >> 1 for even in pairs]
    for level in levels[1:-1]:
        above = []
        index = 0
        while index < len(row):
            node = row[index]
            if index + 1 < len(row) and row[index + 1] == node ^ 1:
                index += 1
            else:
                # The list index is the position in the row of opened nodes, which shrinks towards the root.
                lists[index].append(level[node ^ 1])
            above.append(node >> 1)
            index += 1
        row = above
    return lists


class _Supply:
    """Node lists that are read once, front to back."""

    def __init__(self, lists: list[list[bytes]]) -> None:
        self._iterators = [iter(nodes) for nodes in lists]

    def take(self, index: int) -> bytes:
        node = next(self._iterators[index], None)
        if node is None:
            raise InvalidProofError("an opening lacks a digest")
        return node

    def is_used_up(self) -> bool:
        return all(next(iterator, None) is None for iterator in self._iterators)


def check_opening(
    root: bytes, depth: int, positions: Sequence[int], leaves: Sequence[bytes], lists: list[list[bytes]]
) -> None:
    """Raise InvalidProofError unless the leaves at the sorted `positions` are under `root`.

    Every digest of the node lists must be used: otherwise openings would be malleable.
    """
    pairs = _pairs(positions)
    if len(lists) != len(pairs):
        raise InvalidProofError("an opening has the wrong number of node lists")
    supply = _Supply(lists)
    known = dict(zip(positions, leaves, strict=True))
    row = []
    for index, even in enumerate(pairs):
        sides = [known[leaf] if leaf in known else supply.take(index) for leaf in (even, even + 1)]
        row.append((even >> 1, digest(sides[0] + sides[1])))
    for _ in range(depth - 1):
        row = _climb(row, supply)
    if row[0][1] != root or not supply.is_used_up():
        raise InvalidProofError("an opening does not lead to its commitment")


def _climb(row: list[tuple[int, bytes]], supply: _Supply) -> list[tuple[int, bytes]]:
    above = []
    index = 0
    while index < len(row):
        node, value = row[index]
        if index + 1 < len(row) and row[index + 1][0] == node ^ 1:
            index += 1
            pair = value + row[index][1]
        else:
            sibling = supply.take(index)
            pair = sibling + value if node & 1 else value + sibling
        above.append((node >> 1, digest(pair)))
        index += 1
    return above
