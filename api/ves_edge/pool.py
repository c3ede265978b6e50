"""Asynchronous connection pool of one process, with retries and health checks.

Connections are autocommit and binary, statements are prepared, and session limits are set by the connection string, so
a call takes one round trip.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.json import set_json_loads
from psycopg.types.string import TextBinaryLoader, TextLoader
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ves import json_decode
from ves_edge import arrays, metrics, tracing
from ves_edge.errors import ApiError
from ves_edge.gen.functions import FUNCTIONS
from ves_edge.log import get_logger
from ves_edge.places import Places, whose
from ves_edge.tasks import retrieve_exception
from ves_edge.translate import (
    connection_was_lost,
    describe,
    is_conflict,
    is_locked,
    is_outdated,
    session_serves_on,
    translate,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Mapping

    from psycopg import AsyncConnection
    from psycopg.abc import AdaptContext

    from ves_edge.catalog import Function

    Hook = Callable[[AsyncConnection[tuple[Any, ...]]], Awaitable[None]]

Row = tuple[Any, ...]

_ATTEMPTS: Final = 4
# Cap of the exponential back-off of reconnects. Short, so that a restarted server is used soon.
_RECONNECT_SECONDS: Final = 10
# A call that waits for a lock gives its connection back this often.
LOCK_SLICE_MS: Final = 200
_LOCK_PAUSE: Final = 0.05
# Minimum time between replacements of all connections while the server stays read-only.
_REPLACE_SECONDS: Final = 1.0
_SLOW_SECONDS: Final = 0.1
# How long a statement goes on whose caller was cancelled: most are over by then. One that is cancelled costs a session for the
# cancellation, and often its own too, which a client that leaves again and again would make others pay for.
_FINISH_SECONDS: Final = 0.5
SESSION: Final[dict[str, Any]] = {"autocommit": True, "prepare_threshold": 0}
_MARK_TRACE: Final = FUNCTIONS["mark_trace"]
_log = get_logger("database")


def prepare(context: AdaptContext) -> None:
    """Register the type adapters: binary arrays, decoded jsonb, json as its stored text."""
    arrays.register(context)
    set_json_loads(json_decode.decode, context)
    for loader in (TextLoader, TextBinaryLoader):
        context.adapters.register_loader("json", loader)


async def configure(connection: AsyncConnection[Row]) -> None:
    """Register the type adapters of a new connection."""
    prepare(connection)


class _RecentFirst(deque[Any]):
    """Idle connections of a psycopg pool, which appends a returned one and takes the leftmost.

    The one used last is taken next: its server process has warm caches and plans (measured: 0.1 ms of a lone request's
    2.25 ms), and those that a peak needed become idle and are closed.
    """

    def append(self, connection: Any) -> None:
        """Put a returned connection where the next one is taken."""
        self.appendleft(connection)


@dataclass(frozen=True, slots=True)
class PoolSize:
    """Minimum and maximum number of connections; acquire timeout, idle timeout and maximum lifetime in seconds.

    `lock_seconds`: how long a call goes on waiting for a lock after the session's lock_timeout; 0: a few more attempts.
    """

    least: int
    most: int
    acquire_timeout: float
    idle_timeout: float
    max_lifetime: float
    lock_seconds: float = 0

    def make_pool(
        self, conninfo: str, name: str, **options: Any
    ) -> AsyncConnectionPool[AsyncConnection[Row]]:
        """Make a closed pool of this size; `options` are more arguments of psycopg's pool."""
        pool: AsyncConnectionPool[AsyncConnection[Row]] = AsyncConnectionPool(
            conninfo,
            name=name,
            min_size=self.least,
            max_size=self.most,
            timeout=self.acquire_timeout,
            max_idle=self.idle_timeout,
            max_lifetime=self.max_lifetime,
            open=False,
            kwargs=SESSION,
            **options,
        )
        pool._pool = _RecentFirst()  # noqa: SLF001 (psycopg's pool has no setting for the order)
        return pool


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """Current connections: in use, idle, total and maximum.

    Counters since the start: connections handed out, timeouts, and the total wait in milliseconds.
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
        """Connections in use as a share of the maximum, 0 to 1."""
        return self.active / self.most if self.most else 1.0


class Pool:
    """Runs calls on a pool of connections to the primary. Safe for concurrent use by the tasks of one event loop."""

    def __init__(
        self, conninfo: str, size: PoolSize, name: str, *, begin: Hook = configure, reset: Hook | None = None
    ) -> None:
        """`begin` is called with each new connection, `reset` with each one that a call gives back."""
        self._lock_seconds = size.lock_seconds
        self._acquire_timeout = size.acquire_timeout
        self._places = Places(size.most)
        # Of a tenant (or of a function that names none) one call at a time goes on waiting; the others hold no connection.
        self._turns: WeakValueDictionary[Any, asyncio.Lock] = WeakValueDictionary()
        # The pool's own size also counts connection attempts in progress, e.g. while the server is down.
        self._in_use = 0
        self._calls: set[asyncio.Task[list[Row]]] = set()
        # The pool's own number also counts calls that were cancelled while they waited.
        self._timeouts = 0
        self._replaced_at = 0.0
        self._pool = size.make_pool(
            conninfo,
            name,
            configure=begin,
            reset=reset,
            reconnect_timeout=_RECONNECT_SECONDS,
            reconnect_failed=_try_again,
        )

    async def open(self) -> None:
        """Start the pool without waiting for the server, which may start later."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    def pool_statistics(self) -> PoolStatistics:
        """Return the pool's current statistics."""
        stats = self._pool.get_stats()
        idle = stats.get("pool_available", 0)
        return PoolStatistics(
            active=self._in_use,
            idle=idle,
            total=self._in_use + idle,
            most=stats.get("pool_max", 0),
            served=stats.get("requests_num", 0),
            timeouts=self._timeouts,
            waited_ms=stats.get("requests_wait_ms", 0),
        )

    async def fetch(self, function: Function, parameters: Mapping[str, Any]) -> list[Row]:
        """All rows of a call. Raises ApiError."""
        return await self.run(function.name, function.statement, parameters, repeatable=function.repeatable)

    async def run(
        self, name: str, statement: bytes, parameters: Mapping[str, Any], *, repeatable: bool
    ) -> list[Row]:
        """Run a statement with a bounded number of retries and return all rows. Raises ApiError.

        Every call is retried after a serialization conflict (rolled back) or in an outdated session (nothing done). After
        a lost connection, which may follow the commit, only a repeatable (idempotent) call is retried.
        """
        attempt, deadline = 1, 0.0
        key = whose(name, parameters)
        async with AsyncExitStack() as turn:
            while True:
                try:
                    with tracing.child(name, "CLIENT"):
                        return await self._run_once(key, statement, parameters)
                except Exception as error:
                    lost, outdated = connection_was_lost(error), is_outdated(error)
                    again = is_conflict(error) or outdated or (repeatable and lost)
                    # Ingest says itself how long it waits, and for which streams.
                    own_wait = parameters.get("lock_wait_ms") is not None
                    waits = is_locked(error) and self._lock_seconds > 0 and not own_wait
                    if waits and not deadline:
                        deadline = time.monotonic() + self._lock_seconds
                        await turn.enter_async_context(self._turns.setdefault(key, asyncio.Lock()))
                    if not again or (time.monotonic() >= deadline if waits else attempt >= _ATTEMPTS):
                        refusal = self._refusal(error)
                        if refusal.name == "internal_error":
                            _log.error(
                                "statement_failed", statement=name, **describe(error), exc_info=_bug(error)
                            )
                        raise refusal from error
                    _log.info("statement_repeated", statement=name, attempt=attempt, **describe(error))
                if lost or outdated:
                    await self._replace_connections(outdated=outdated)
                await asyncio.sleep(_LOCK_PAUSE if waits else 0.01 * 2**attempt)
                attempt += not waits

    def _refusal(self, error: Exception) -> ApiError:
        """Translate a failure; a pool timeout before the first connection means that the server is unreachable."""
        statistics = self.pool_statistics()
        if isinstance(error, PoolTimeout) and statistics.total == 0:
            return ApiError("database_unavailable", retry_after=1)
        return translate(error)

    async def _run_once(self, key: Hashable, statement: bytes, parameters: Mapping[str, Any]) -> list[Row]:
        asked = time.perf_counter()
        connection = await self._acquire(key)
        waited = time.perf_counter() - asked
        metrics.POOL_LATENCY.observe(waited)
        if waited > _SLOW_SECONDS:
            metrics.POOL_SLOW.inc()
        self._in_use += 1
        loop = asyncio.get_running_loop()
        call = loop.create_task(self._execute(key, connection, statement, parameters))
        self._calls.add(call)
        call.add_done_callback(self._ended)
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            loop.call_later(_FINISH_SECONDS, _cancel_statement, call, connection)
            raise

    async def _acquire(self, key: Hashable) -> AsyncConnection[Row]:
        """Take a connection when it is the key's turn. Raises PoolTimeout."""
        try:
            await self._places.take(key, self._acquire_timeout)
        except TimeoutError:
            # A tenant that waits for its own calls does not mean that others lack connections.
            self._timeouts += self._places.is_full
            raise PoolTimeout from None
        try:
            return await self._pool.getconn()
        except BaseException as error:
            self._timeouts += isinstance(error, PoolTimeout)
            self._places.give(key)
            raise

    async def _execute(
        self,
        key: Hashable,
        connection: AsyncConnection[Row],
        statement: bytes,
        parameters: Mapping[str, Any],
    ) -> list[Row]:
        """Run a statement on a connection and give that back."""
        try:
            cursor = connection.cursor(binary=True)
            parent = tracing.traceparent()
            if parent is None:
                await cursor.execute(statement, parameters)
                return await cursor.fetchall()
            # One round trip and one implicit transaction, at whose end the settings are as before.
            async with connection.pipeline():
                await connection.execute(_MARK_TRACE.statement, {"traceparent": parent})
                await cursor.execute(statement, parameters)
                return await cursor.fetchall()
        except psycopg.Error as error:
            if not session_serves_on(error):
                await connection.close()
            raise
        finally:
            self._in_use -= 1
            try:
                await self._pool.putconn(connection)
            finally:
                self._places.give(key)

    def _ended(self, call: asyncio.Task[list[Row]]) -> None:
        self._calls.discard(call)
        retrieve_exception(call)

    async def _replace_connections(self, *, outdated: bool) -> None:
        """Replace all connections: what broke one, a restart, fail-over or installation, has broken the others too."""
        if not outdated:
            await self._pool.check()
        elif time.monotonic() >= self._replaced_at + _REPLACE_SECONDS:
            # Outdated connections are alive and pass the pool's check, so they are drained.
            self._replaced_at = time.monotonic()
            await self._pool.drain()


def _cancel_statement(call: asyncio.Task[list[Row]], connection: AsyncConnection[Row]) -> None:
    """Cancel a call whose statement runs: one that gives its connection back would leave it neither in use nor in the pool."""
    if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
        call.cancel()


def _bug(error: Exception) -> Exception | None:
    """Return the error for a logged traceback if it is a bug of this program; None for a server error."""
    return None if isinstance(error, psycopg.Error) else error


async def _try_again(pool: AsyncConnectionPool[Any]) -> None:
    """Begin new attempts: psycopg's pool gives up, and calls that wait would wait until their timeout."""
    await pool.check()
