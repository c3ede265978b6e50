"""The connection of one worker, and the check of the engine at start."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import psycopg

from ves_edge.dsn import session_conninfo
from ves_edge.engine_check import connect, require_engine
from ves_edge.errors import ApiError
from ves_edge.pool import Pool, PoolSize, Row, configure
from ves_workers.runtime.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import AsyncConnection

    from ves_edge.catalog import Function
    from ves_edge.pool import Hook
    from ves_workers.settings.process import Settings

# Calls of a worker are sequential. The acquire timeout also bounds how long a stop waits for an unreachable server.
_ONE: Final = PoolSize(least=1, most=1, acquire_timeout=2, idle_timeout=600, max_lifetime=1800)

# Grace after the statement timeout, which the server itself keeps but for functions that catch it.
_GRACE_SECONDS: Final = 5.0
_EMPTY_SESSION: Final = b"discard all"
_END_SESSION: Final = b"select pg_catalog.pg_terminate_backend(%s)"


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
    """A pool of one connection, opened by the first call. Owned by one worker. `sessions`: how many it has had."""

    def __init__(self, settings: Settings, application_name: str, *, reset: Hook | None = None) -> None:
        self.sessions = 0
        conninfo = _conninfo(settings, application_name)
        super().__init__(conninfo, _ONE, application_name, begin=self._begin, reset=reset)

    async def fetch(self, function: Function, parameters: Mapping[str, Any]) -> list[Row]:
        """Return all rows of a call. Raises ApiError (`database_unavailable` if the server is unreachable)."""
        await self.open()
        return await super().fetch(function, parameters)

    async def _begin(self, connection: AsyncConnection[Row]) -> None:
        await configure(connection)
        self.sessions += 1


class GuestDatabase(WorkerDatabase):
    """A connection for calls that run functions of others, who may leave anything in the session and may never end.

    No statement has a name that such a function could give to one of its own, the session is emptied after each call,
    and the server ends one whose call goes on after the statement timeout: a function can catch that.
    """

    def __init__(self, settings: Settings, application_name: str) -> None:
        super().__init__(settings, application_name, reset=_empty)
        self._seconds = settings.statement_timeout_ms / 1000 + _GRACE_SECONDS
        self._own = _conninfo(settings, application_name)
        self._backend = 0

    async def _begin(self, connection: AsyncConnection[Row]) -> None:
        await super()._begin(connection)
        connection.prepare_threshold = None
        self._backend = connection.info.backend_pid

    async def fetch(self, function: Function, parameters: Mapping[str, Any]) -> list[Row]:
        """Return all rows of a call. Raises ApiError (`timeout` for a call that had to be ended)."""
        call = asyncio.ensure_future(super().fetch(function, parameters))
        done, _ = await asyncio.wait({call}, timeout=self._seconds)
        if done:
            return call.result()
        # Before the call is given up: a pool that has seen it end has another session already.
        try:
            async with await psycopg.AsyncConnection.connect(self._own, autocommit=True) as connection:
                await connection.execute(_END_SESSION, [self._backend])
        finally:
            call.cancel()
            await asyncio.wait({call})
        raise ApiError("timeout")


async def _empty(connection: AsyncConnection[Row]) -> None:
    await connection.execute(_EMPTY_SESSION)
