"""The connection pool of one process, as its settings say, and the named statements of gateway/sql on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ves_api.gateway import statements
from ves_edge.dsn import session_conninfo
from ves_edge.pool import Pool, PoolFigures, PoolSize, Row, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ves_api.settings import ReplicaSettings, Settings
    from ves_edge.catalog import Function

__all__ = ["Database", "PoolFigures", "Row", "conninfo", "prepare"]


def conninfo(settings: Settings, replica: ReplicaSettings | None = None) -> str:
    """The connection string, of the primary or a replica, with the session limits."""
    return session_conninfo(
        replica.url if replica else settings.database_url,
        application_name=(replica or settings).application_name,
        limits={
            "statement_timeout": settings.statement_timeout_ms,
            "idle_in_transaction_session_timeout": settings.idle_in_transaction_timeout_ms,
            "lock_timeout": settings.lock_timeout_ms,
        },
        read_write=replica is None,
    )


class Database(Pool):
    """The pool of the primary. Calls of ves_edge and, while there are some, named statements."""

    def __init__(self, settings: Settings) -> None:
        self._statements = statements.load()
        size = PoolSize(
            least=settings.pool_floor,
            most=settings.pool_size,
            acquire_timeout=settings.acquire_timeout,
            idle_timeout=settings.idle_timeout,
            max_lifetime=settings.max_lifetime,
        )
        super().__init__(conninfo(settings), size, "ves_api")

    async def fetch(
        self, function: Function | str, parameters: Mapping[str, Any], *, idempotent: bool = False
    ) -> list[Row]:
        """All rows of a call or of a named statement. Raises ApiError."""
        if isinstance(function, str):
            return await self.run(function, self._statements[function], parameters, repeatable=idempotent)
        return await super().fetch(function, parameters)

    async def fetch_one(self, name: str, parameters: Mapping[str, Any], *, idempotent: bool) -> Row | None:
        """The first row of a statement, or None."""
        rows = await self.fetch(name, parameters, idempotent=idempotent)
        return rows[0] if rows else None

    async def fetch_value(self, name: str, parameters: Mapping[str, Any], *, idempotent: bool) -> Any:
        """The first column of the first row, or None."""
        row = await self.fetch_one(name, parameters, idempotent=idempotent)
        return row[0] if row else None
