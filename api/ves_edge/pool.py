"""The asynchronous connections of one process and the one way to run a call on them.

Connections are autocommit and binary, statements are prepared, and session limits come with the connection
string, so that a call costs one round trip.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from psycopg.types.json import set_json_loads
from psycopg.types.string import TextBinaryLoader, TextLoader
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ves_edge import arrays
from ves_edge.errors import ApiError
from ves_edge.log import get_logger
from ves_edge.translate import (
    connection_was_lost,
    describe,
    is_conflict,
    is_read_only,
    session_serves_on,
    translate,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import AsyncConnection
    from psycopg.abc import AdaptContext

    from ves_edge.catalog import Function

Row = tuple[Any, ...]

_ATTEMPTS: Final = 4
# The pool's pauses between attempts double up to this. Short: a server that is back is to be used soon.
_RECONNECT_SECONDS: Final = 10
# While a server stays read-only its connections are not replaced more often than this.
_REPLACE_SECONDS: Final = 1.0
SESSION: Final[dict[str, Any]] = {"autocommit": True, "prepare_threshold": 0}
_log = get_logger("database")


def prepare(context: AdaptContext) -> None:
    """Teach a connection the array parameters, decoded jsonb, and json as the text that was stored."""
    arrays.register(context)
    set_json_loads(msgspec.json.decode, context)
    for loader in (TextLoader, TextBinaryLoader):
        context.adapters.register_loader("json", loader)


@dataclass(frozen=True, slots=True)
class PoolSize:
    """How many connections there are at least and at most, and for how many seconds each may wait, idle and live."""

    least: int
    most: int
    acquire_timeout: float
    idle_timeout: float
    max_lifetime: float


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """Connections now: in use, idle, in all, and the most there may be.

    Since the start: callers served, callers who waited in vain, milliseconds that callers waited.
    """

    active: int
    idle: int
    total: int
    most: int
    served: int
    timeouts: int
    waited_ms: int

    @property
    def utilization(self) -> float:
        """Connections in use against the most there may be, 0 to 1."""
        return self.active / self.most if self.most else 1.0


class Pool:
    """Runs calls on a pool of connections to the primary. Safe for concurrent use by the tasks of one event loop."""

    def __init__(self, conninfo: str, size: PoolSize, name: str) -> None:
        # The pool's own size also counts connections that it is still trying to make, as when the server is away.
        self._in_use = 0
        self._replaced_at = 0.0
        self._pool = AsyncConnectionPool(
            conninfo,
            min_size=size.least,
            max_size=size.most,
            open=False,
            timeout=size.acquire_timeout,
            max_idle=size.idle_timeout,
            max_lifetime=size.max_lifetime,
            reconnect_timeout=_RECONNECT_SECONDS,
            kwargs=SESSION,
            configure=_configure,
            name=name,
        )

    async def open(self) -> None:
        """Start the pool without waiting for the server: it may come later."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    def pool_statistics(self) -> PoolStatistics:
        """The pool's statistics now."""
        stats = self._pool.get_stats()
        idle = stats.get("pool_available", 0)
        return PoolStatistics(
            active=self._in_use,
            idle=idle,
            total=self._in_use + idle,
            most=stats.get("pool_max", 0),
            served=stats.get("requests_num", 0),
            timeouts=stats.get("requests_errors", 0),
            waited_ms=stats.get("requests_wait_ms", 0),
        )

    async def fetch(self, function: Function, parameters: Mapping[str, Any]) -> list[Row]:
        """All rows of a call. Raises ApiError."""
        return await self.run(function.name, function.statement, parameters, repeatable=function.repeatable)

    async def run(
        self, name: str, statement: bytes, parameters: Mapping[str, Any], *, repeatable: bool
    ) -> list[Row]:
        """All rows of a statement, repeated a bounded number of times where that is safe.

        A conflict with a concurrent call undid everything, and a read-only server did nothing, so any call is
        repeated; after a lost connection, which may have come after the commit, a repeatable one. Raises ApiError.
        """
        attempt = 1
        while True:
            try:
                return await self._run_once(statement, parameters)
            except Exception as error:
                lost, read_only = connection_was_lost(error), is_read_only(error)
                again = is_conflict(error) or read_only or (repeatable and lost)
                if attempt >= _ATTEMPTS or not again:
                    refusal = self._refusal(error)
                    if refusal.name == "internal_error":
                        _log.error(
                            "statement_failed", statement=name, **describe(error), exc_info=_bug(error)
                        )
                    raise refusal from error
                _log.info("statement_repeated", statement=name, attempt=attempt, **describe(error))
            if lost or read_only:
                await self._replace_connections(read_only=read_only)
            await asyncio.sleep(0.01 * 2**attempt)
            attempt += 1

    def _refusal(self, error: Exception) -> ApiError:
        """What a failure means; waiting in vain for the first connection means that there is no server."""
        statistics = self.pool_statistics()
        if isinstance(error, PoolTimeout) and statistics.total == 0:
            return ApiError("database_unavailable", retry_after=1)
        return translate(error)

    async def _run_once(self, statement: bytes, parameters: Mapping[str, Any]) -> list[Row]:
        pool = self._pool
        connection = await pool.getconn()
        self._in_use += 1
        try:
            cursor = connection.cursor(binary=True)
            await cursor.execute(statement, parameters)
            return await cursor.fetchall()
        except psycopg.Error as error:
            if not session_serves_on(error):
                await connection.close()
            raise
        finally:
            self._in_use -= 1
            await pool.putconn(connection)

    async def _replace_connections(self, *, read_only: bool) -> None:
        """What took one connection has taken the others too (a restart, a fail-over): replace them all at once."""
        if not read_only:
            await self._pool.check()
        elif time.monotonic() >= self._replaced_at + _REPLACE_SECONDS:
            # Alive, so a check would keep them.
            self._replaced_at = time.monotonic()
            await self._pool.drain()


def _bug(error: Exception) -> Exception | None:
    """The error whose trace belongs in the log: one of this program, not of the server."""
    return None if isinstance(error, psycopg.Error) else error


async def _configure(connection: AsyncConnection[Row]) -> None:
    prepare(connection)
