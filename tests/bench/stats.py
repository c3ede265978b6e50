"""Percentiles and rates."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PERCENTILES = (50.0, 90.0, 99.0, 99.9)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of ascending values: the smallest one that `percent` % do not exceed."""
    if not ordered:
        raise ValueError("no values")
    if not 0 <= percent <= 100:
        raise ValueError("a percentile is 0 to 100")
    # Rounded first: 99.9 % of 1,000 is 999.0000000000001 in binary floating point.
    rank = math.ceil(round(len(ordered) * percent / 100, 9))
    return ordered[max(rank, 1) - 1]


def latency(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds: p50, p90, p99, p99.9, the mean, the extremes, and how many values."""
    ordered = sorted(seconds)
    named = {f"p{percent:g}": percentile(ordered, percent) for percent in PERCENTILES}
    named |= {"min": ordered[0], "max": ordered[-1], "mean": sum(ordered) / len(ordered)}
    return {name: round(value * 1000, 3) for name, value in named.items()} | {"count": len(ordered)}


def tenths(values: Sequence[float]) -> list[list[float]]:
    """Ten consecutive slices whose sizes differ by at most one."""
    cuts = [len(values) * index // 10 for index in range(11)]
    return [list(values[start:end]) for start, end in itertools.pairwise(cuts)]
