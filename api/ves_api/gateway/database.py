"""The connection pool of one process and the one way to run a statement.

Connections are autocommit and binary, statements are prepared, and session limits come with the connection
string, so that a call costs one round trip.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.json import set_json_loads
from psycopg.types.string import TextBinaryLoader, TextLoader
from psycopg_pool import AsyncConnectionPool

from ves_api.gateway import statements
from ves_api.gateway.translate import RETRYABLE, connection_was_lost, translate
from ves_api.telemetry import get_logger
from ves_edge import arrays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ves_api.settings import ReplicaSettings, Settings
    from ves_edge.catalog import Function

Row = tuple[Any, ...]

_ATTEMPTS = 4
_CONNECT_TIMEOUT_SECONDS = 5
# The pool's pauses between attempts double up to this. Short: a server that is back is to be used soon.
RECONNECT_SECONDS = 10
SESSION: Final = {"autocommit": True, "prepare_threshold": 0}
_log = get_logger("gateway")


def conninfo(settings: Settings, replica: ReplicaSettings | None = None) -> str:
    """The connection string, of the primary or a replica, with the session limits added to its `options`."""
    parts: dict[str, Any] = dict(conninfo_to_dict(replica.url if replica else settings.database_url))
    limits = {
        "statement_timeout": settings.statement_timeout_ms,
        "idle_in_transaction_session_timeout": settings.idle_in_transaction_timeout_ms,
        "lock_timeout": settings.lock_timeout_ms,
        "timezone": "UTC",
    }
    # A receipt needs a flushed commit, whatever the role's or the database's default; who wants more than `on`
    # (remote_apply) says so in the connection string, which wins.
    own = str(parts.pop("options", "") or "")
    options = " ".join(["-c synchronous_commit=on", own, *[f"-c {k}={v}" for k, v in limits.items()]])
    parts.setdefault("connect_timeout", _CONNECT_TIMEOUT_SECONDS)
    parts.setdefault("application_name", (replica or settings).application_name)
    return make_conninfo(options=options.strip(), **{k: v for k, v in parts.items() if v is not None})


@dataclass(frozen=True, slots=True)
class PoolFigures:
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


class Database:
    """Runs named statements on a pool. Safe for concurrent use by the tasks of one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._statements = statements.load()
        # The pool's own size also counts connections that it is still trying to make, as when the server is away.
        self._in_use = 0
        self._pool = AsyncConnectionPool(
            conninfo(settings),
            min_size=settings.pool_floor,
            max_size=settings.pool_size,
            open=False,
            timeout=settings.acquire_timeout,
            max_idle=settings.idle_timeout,
            max_lifetime=settings.max_lifetime,
            reconnect_timeout=RECONNECT_SECONDS,
            kwargs=SESSION,
            configure=_configure,
            name="ves_api",
        )

    async def open(self) -> None:
        """Start the pool without waiting for the server: it may come later."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    def pool_figures(self) -> PoolFigures:
        """The pool's figures now."""
        stats = self._pool.get_stats()
        idle = stats.get("pool_available", 0)
        return PoolFigures(
            active=self._in_use,
            idle=idle,
            total=self._in_use + idle,
            most=stats.get("pool_max", 0),
            served=stats.get("requests_num", 0),
            timeouts=stats.get("requests_errors", 0),
            waited_ms=stats.get("requests_wait_ms", 0),
        )

    async def fetch(
        self, call: str | Function, parameters: Mapping[str, Any], *, idempotent: bool = False
    ) -> list[Row]:
        """All rows of a call or a named statement, repeated a bounded number of times where that is safe.

        A conflict with a concurrent call undid everything, so any call is repeated; after a lost connection,
        which may have come after the commit, an idempotent one. Raises ApiError.
        """
        if isinstance(call, str):
            name, statement = call, self._statements[call]
        else:
            name, statement, idempotent = call.name, call.statement, call.repeatable
        attempt = 1
        while True:
            try:
                return await self._fetch_once(statement, parameters)
            except Exception as error:
                state = error.sqlstate if isinstance(error, psycopg.Error) else None
                lost = connection_was_lost(error)
                if attempt >= _ATTEMPTS or not ((idempotent and lost) or state in RETRYABLE):
                    refusal = translate(error)
                    if refusal.name == "internal_error":
                        _log_failure(name, error)
                    raise refusal from error
                _log.info("statement_repeated", statement=name, sqlstate=state, attempt=attempt)
            if lost:
                # After a restart of the server every idle connection is dead: replace them all at once.
                await self._pool.check()
            await asyncio.sleep(0.01 * 2**attempt)
            attempt += 1

    async def fetch_one(self, name: str, parameters: Mapping[str, Any], *, idempotent: bool) -> Row | None:
        """The first row of a statement, or None."""
        rows = await self.fetch(name, parameters, idempotent=idempotent)
        return rows[0] if rows else None

    async def fetch_value(self, name: str, parameters: Mapping[str, Any], *, idempotent: bool) -> Any:
        """The first column of the first row, or None."""
        row = await self.fetch_one(name, parameters, idempotent=idempotent)
        return row[0] if row else None

    async def _fetch_once(self, statement: bytes, parameters: Mapping[str, Any]) -> list[Row]:
        pool = self._pool
        connection = await pool.getconn()
        self._in_use += 1
        try:
            cursor = connection.cursor(binary=True)
            await cursor.execute(statement, parameters)
            return await cursor.fetchall()
        finally:
            self._in_use -= 1
            await pool.putconn(connection)


def _log_failure(statement: str, error: Exception) -> None:
    """Say what failed. Detail and context of a server error may quote rows, so they stay out of the log."""
    if isinstance(error, psycopg.Error):
        _log.error(
            "statement_failed",
            statement=statement,
            sqlstate=error.sqlstate,
            message=error.diag.message_primary or type(error).__name__,
            constraint=error.diag.constraint_name,
        )
    else:
        _log.error("statement_failed", statement=statement, exc_info=error)


async def _configure(connection: AsyncConnection[Row]) -> None:
    prepare(connection)


def prepare(connection: AsyncConnection[Row] | psycopg.Connection[Row]) -> None:
    """Teach a connection the array parameters and the JSON reader."""
    arrays.register(connection)
    set_json_loads(msgspec.json.decode, connection)
    # A json column keeps the text that was received.
    connection.adapters.register_loader("json", TextLoader)
    connection.adapters.register_loader("json", TextBinaryLoader)
