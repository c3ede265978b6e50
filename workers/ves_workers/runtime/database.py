"""The connection of one worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ves_edge.dsn import session_conninfo
from ves_edge.pool import Pool, PoolSize, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ves_edge.catalog import Function
    from ves_workers.runtime.settings import Settings

# Calls of a worker are sequential. The acquire timeout also bounds how long a stop waits for an unreachable server.
_ONE: Final = PoolSize(least=1, most=1, acquire_timeout=2, idle_timeout=600, max_lifetime=1800)


class WorkerDatabase(Pool):
    """A pool of one connection, opened by the first call. Owned by one worker."""

    def __init__(self, settings: Settings, application_name: str) -> None:
        limits = {"statement_timeout": settings.statement_timeout_ms}
        conninfo = session_conninfo(settings.database_url, application_name=application_name, limits=limits)
        super().__init__(conninfo, _ONE, application_name)

    async def fetch(self, function: Function, parameters: Mapping[str, Any]) -> list[Row]:
        """Return all rows of a call. Raises ApiError (`database_unavailable` if the server is unreachable)."""
        await self.open()
        return await super().fetch(function, parameters)
