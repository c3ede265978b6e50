"""The connection of one worker, and the check of the engine at start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ves_edge.dsn import session_conninfo
from ves_edge.engine_check import connect, require_engine
from ves_edge.pool import Pool, PoolSize, Row
from ves_workers.runtime.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ves_edge.catalog import Function
    from ves_workers.settings.process import Settings

# Calls of a worker are sequential. The acquire timeout also bounds how long a stop waits for an unreachable server.
_ONE: Final = PoolSize(least=1, most=1, acquire_timeout=2, idle_timeout=600, max_lifetime=1800)


def _conninfo(settings: Settings, application_name: str) -> str:
    limits = {"statement_timeout": settings.statement_timeout_ms}
    return session_conninfo(settings.database_url, application_name=application_name, limits=limits)


def await_engine(settings: Settings) -> None:
    """Wait until the database can be reached, and check its engine. Raises engine_mismatch, or another ApiError."""
    backoff = Backoff()
    delays = iter(backoff.next_delay, None)
    with connect(_conninfo(settings, "ves-workers"), delays) as connection:
        require_engine(connection, "ves_worker", enforced=settings.require_engine)


class WorkerDatabase(Pool):
    """A pool of one connection, opened by the first call. Owned by one worker."""

    def __init__(self, settings: Settings, application_name: str) -> None:
        super().__init__(_conninfo(settings, application_name), _ONE, application_name)

    async def fetch(self, function: Function, parameters: Mapping[str, Any]) -> list[Row]:
        """Return all rows of a call. Raises ApiError (`database_unavailable` if the server is unreachable)."""
        await self.open()
        return await super().fetch(function, parameters)
