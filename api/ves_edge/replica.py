"""Best-effort reads from a streaming replica, with a circuit breaker.

On any failure the caller gets None and reads from the primary. A replica that is down, hangs or is not a standby of our
primary is not used for a back-off period, so that only one request waits for its timeout.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import psycopg

from ves_edge import metrics
from ves_edge.gen.functions import FUNCTIONS
from ves_edge.log import get_logger
from ves_edge.places import Places, whose
from ves_edge.pool import prepare
from ves_edge.tasks import retrieve_exception
from ves_edge.translate import connection_was_lost

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ves_edge.catalog import Function
    from ves_edge.pool import PoolSize, Row

_PATIENCE_SECONDS = 1.5
_REST_SECONDS = 5.0
_RECONNECT_SECONDS = 5
_CIRCUIT = "replica"
_log = get_logger("replica")


class _NotOurStandbyError(Exception):
    """The server was promoted or replicates another primary, so its data may diverge from ours."""


class Replica:
    """Owned by one event loop."""

    def __init__(
        self, conninfo: str, size: PoolSize, name: str, primary_identity: Callable[[], Awaitable[str]]
    ) -> None:
        self._primary_identity = primary_identity
        self._resting_until = 0.0
        metrics.set_circuit(_CIRCUIT, "closed")
        self._asked: set[asyncio.Task[list[Row]]] = set()
        self._acquire_timeout = size.acquire_timeout
        self._places = Places(size.most)
        self._pool = size.make_pool(
            conninfo, name, configure=self._configure, reconnect_timeout=_RECONNECT_SECONDS
        )

    @property
    def is_resting(self) -> bool:
        """Whether the circuit breaker is open after a failure."""
        return time.monotonic() < self._resting_until

    async def open(self) -> None:
        """Start the pool without waiting for the server."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    async def fetch(self, function: Function, parameters: Mapping[str, Any]) -> list[Row] | None:
        """Return the replica's rows for a call, or None when it is unavailable. Never raises."""
        if self.is_resting:
            metrics.count_circuit(_CIRCUIT, "rejections")
            return None
        rested = self._resting_until > 0
        if rested:
            # One request probes the replica (half-open); the others use the primary.
            self._resting_until = time.monotonic() + _REST_SECONDS
            metrics.set_circuit(_CIRCUIT, "half-open")
        # Run as a separate task: with a hanging server, awaiting the cancellation would block too.
        task = asyncio.get_running_loop().create_task(self._fetch(function, parameters))
        self._asked.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
        if not done:
            task.cancel()
            await self._rest("no answer in time")
            return None
        error = task.exception()
        if error is None:
            metrics.count_circuit(_CIRCUIT, "successes")
            if rested:
                self._close_circuit()
                _log.info("replica_used_again")
            return task.result()
        if isinstance(error, _NotOurStandbyError):
            await self._rest(str(error))
        elif isinstance(error, psycopg.Error) and connection_was_lost(error):
            await self._rest(type(error).__name__)
        elif rested:
            self._close_circuit()
        return None

    def _close_circuit(self) -> None:
        self._resting_until = 0.0
        metrics.set_circuit(_CIRCUIT, "closed")

    async def _fetch(self, function: Function, parameters: Mapping[str, Any]) -> list[Row]:
        async with self._places.one(whose(function.name, parameters), self._acquire_timeout):
            connection = await self._pool.getconn()
            try:
                cursor = connection.cursor(binary=True)
                await cursor.execute(function.statement, parameters)
                rows = await cursor.fetchall()
                _require_standby(connection)
                return rows
            finally:
                await asyncio.shield(self._pool.putconn(connection))

    def _ended(self, task: asyncio.Task[list[Row]]) -> None:
        self._asked.discard(task)
        retrieve_exception(task)

    async def _rest(self, reason: str) -> None:
        """Open the circuit breaker and drop the existing connections."""
        if not self.is_resting or self._resting_until == 0:
            _log.warning("replica_not_used", reason=reason, seconds=_REST_SECONDS)
        self._resting_until = time.monotonic() + _REST_SECONDS
        metrics.set_circuit(_CIRCUIT, "open")
        metrics.count_circuit(_CIRCUIT, "failures")
        await self._pool.drain()

    async def _configure(self, connection: psycopg.AsyncConnection[Row]) -> None:
        """Reject a connection unless the server is a standby of this process's primary."""
        prepare(connection)
        try:
            await self._require_ours(connection)
        except Exception as error:
            _log.warning("replica_refused", reason=str(error))
            await connection.close()
            raise

    async def _require_ours(self, connection: psycopg.AsyncConnection[Row]) -> None:
        _require_standby(connection)
        row = await (await connection.execute(FUNCTIONS["server_identity"].statement)).fetchone()
        if row is None or row[0] != await self._primary_identity():
            raise _NotOurStandbyError("not a replica of the primary's database")


def _require_standby(connection: psycopg.AsyncConnection[Row]) -> None:
    """Check `in_hot_standby`, which the server reports unasked on change: no round trip, a promotion is seen at once."""
    if connection.pgconn.parameter_status(b"in_hot_standby") != b"on":
        raise _NotOurStandbyError("not a standby")
