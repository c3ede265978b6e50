"""Group commit of payment intents: waiting requests of one stream share one database call and transaction.

A stream has at most one call in flight, so its intents are numbered in the order in which they arrived. Two requests with
an idempotency key or a payer's nonce in common never share a call: the second is judged against what the first stored.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ves.payment_requests import encode_rows, judge
from ves_api.ingest.coalescer import fail_all, take
from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_edge.log import get_logger
from ves_edge.rounds import Rounds

if TYPE_CHECKING:
    import uuid
    from collections.abc import Hashable, Sequence

    from ves.payment_requests import PaymentRequest, PaymentRow
    from ves_api.auth.identity import Epochs
    from ves_api.database import Database
    from ves_api.ingest.agent_keys import AgentKeys
    from ves_edge.gen.records import PaymentOutcome

_MAX_INTENTS = 100
# A call may wait for the lock of its stream, so the connections that calls occupy are bounded.
_CALLS = 4
# Failures of the server, not of one request: judging each request alone would only add load.
_COMMON_FAILURES = frozenset({"database_unavailable", "timeout", "overloaded"})
_DONE = frozenset({"sequenced", "replayed"})
_log = get_logger("payments")
_Key = tuple["uuid.UUID", "uuid.UUID"]


@dataclass(slots=True)
class _Waiting:
    """One request in the queue of its stream; `ids` must be unique within a call."""

    row: PaymentRow
    ids: frozenset[Hashable]
    answer: asyncio.Future[PaymentOutcome] = field(init=False)
    count: int = 1


class PaymentIntents:
    """Verifies and appends payment intents. Owned by one event loop."""

    def __init__(self, database: Database, agent_keys: AgentKeys) -> None:
        self._database = database
        self._agent_keys = agent_keys
        # Streams with queued requests; `_ready` are those without a call in flight, of tenants in turn.
        self._streams: dict[_Key, deque[_Waiting]] = {}
        self._ready: Rounds[_Key] = Rounds()
        self._tasks: set[asyncio.Task[None]] = set()

    async def prepare(self, request: PaymentRequest) -> PaymentRow:
        """Hash and verify a checked request. Raises RequestRefused, ApiError."""
        if request.payer_public_key is not None:
            return judge(request, None)
        name = (request.agent_id, request.key_id)
        keys = self._agent_keys.cached(request.tenant_id, [name])
        if keys is None:
            keys = await self._agent_keys.load(request.tenant_id, [name])
        key = keys.get(name)
        return judge(request, None if key is None else key.public_key)

    async def append(
        self, tenant_id: uuid.UUID, store_id: uuid.UUID, row: PaymentRow, epochs: Epochs
    ) -> PaymentOutcome:
        """Append an intent, or find it by its idempotency key. Raises the ApiError that its outcome names.

        Cancelling the caller does not cancel a call in flight: the intent may be stored.
        """
        row.auth_epoch, row.admin_epoch = epochs.tenant, epochs.admin
        ids: set[Hashable] = {(row.payer_key, row.nonce)}
        if row.idempotency_key is not None:
            ids.add(row.idempotency_key)
        waiting = _Waiting(row, frozenset(ids))
        waiting.answer = asyncio.get_running_loop().create_future()
        key = (tenant_id, store_id)
        if key not in self._streams:
            self._streams[key] = deque()
            self._ready.add(tenant_id, key)
        self._streams[key].append(waiting)
        self._schedule()
        outcome = await waiting.answer
        if outcome.outcome not in _DONE:
            raise ApiError(outcome.outcome, retry_after=1 if outcome.outcome == "stale_credentials" else None)
        return outcome

    async def drain(self) -> None:
        """Wait until every queued request is answered (graceful shutdown)."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _schedule(self) -> None:
        """Start calls up to the concurrency limit."""
        while len(self._tasks) < _CALLS and (following := self._ready.take()) is not None:
            _, key = following
            task = asyncio.get_running_loop().create_task(self._serve(key))
            self._tasks.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._schedule()

    async def _serve(self, key: _Key) -> None:
        """Answer the requests at the head of a stream's queue by one call, then requeue the stream or drop it."""
        queue = self._streams[key]
        taken = take(queue, _MAX_INTENTS, set())
        try:
            await self._call(key, taken)
        finally:
            if queue:
                self._ready.add(key[0], key)
            else:
                del self._streams[key]

    async def _call(self, key: _Key, taken: Sequence[_Waiting]) -> None:
        """Complete every request, also on errors: an incomplete future would block its request for ever."""
        try:
            outcomes = await aio.append_payment_intents(
                self._database,
                tenant_id=key[0],
                store_id=key[1],
                intents=encode_rows([waiting.row for waiting in taken]),
            )
            for waiting, outcome in zip(taken, outcomes, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(outcome)
        except ApiError as error:
            if len(taken) == 1 or error.name in _COMMON_FAILURES:
                fail_all(taken, error)
                return
            _log.warning("merged_call_failed", code=error.sqlstate, requests=len(taken))
            for waiting in taken:
                await self._call(key, [waiting])
        except Exception as error:  # noqa: BLE001 (as above)
            _log.error("append_failed", exc_info=error)
            fail_all(taken, ApiError("internal_error"))
