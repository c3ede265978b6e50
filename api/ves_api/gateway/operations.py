"""What an operator asks of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_api.errors import ApiError

if TYPE_CHECKING:
    from ves_api.gateway.database import Database


@dataclass(frozen=True, slots=True)
class Health:
    """Engine and server behind a connection."""

    engine_version: str
    mode: str
    server_version: str
    fsync: bool
    synchronous_commit: str


async def health(database: Database) -> Health:
    """Ask the engine; raises database_unavailable."""
    row = await database.fetch_one("health", {}, idempotent=False)
    if row is None:
        raise ApiError("internal_error")
    return Health(*row)
