"""Budgets of requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ves_api.gateway.database import Database


@dataclass(frozen=True, slots=True)
class Cost:
    """One budget that a request is taken out of: `limit` requests of `key` in any `window_seconds`."""

    bucket: str
    key: str
    limit: int
    window_seconds: int
    max_entries: int


@dataclass(frozen=True, slots=True)
class Taken:
    """How many requests were granted and, of the scarcest budget (an index), what is left and when there is more."""

    granted: int
    scarcest: int
    remaining: int
    reset_seconds: int


async def take_rate_limit(database: Database, costs: Sequence[Cost], wanted: int) -> Taken:
    """Take up to `wanted` requests out of all the budgets. A repeat after a lost answer counts twice, never less."""
    row = await database.fetch_one(
        "take_rate_limit",
        {
            "buckets": [c.bucket for c in costs],
            "keys": [c.key for c in costs],
            "limits": [c.limit for c in costs],
            "windows": [c.window_seconds for c in costs],
            "max_entries": [c.max_entries for c in costs],
            "wanted": wanted,
        },
        idempotent=True,
    )
    granted, scarcest, remaining, reset_seconds = row or (0, 1, 0, 1)
    return Taken(granted, scarcest - 1, remaining, reset_seconds)
