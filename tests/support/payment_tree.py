"""The tree of a payment batch and its proofs (x402 A9), which the engine makes in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ves import legacy

if TYPE_CHECKING:
    from collections.abc import Sequence


def tree_levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Levels of the batch tree, leaves first (x402 A9): an unpaired last node moves up unchanged. Empty without leaves."""
    levels = [list(leaves)] if leaves else []
    while levels and len(levels[-1]) > 1:
        below = levels[-1]
        pairs = [below[i : i + 2] for i in range(0, len(below), 2)]
        levels.append([legacy.node(*pair) if len(pair) > 1 else pair[0] for pair in pairs])
    return levels


def inclusion_proof(levels: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """Siblings of the leaf at `index`, from the leaves up; a level without one is left out (x402 A9)."""
    siblings = ((level, (index >> depth) ^ 1) for depth, level in enumerate(levels))
    return [level[at] for level, at in siblings if at < len(level)]
