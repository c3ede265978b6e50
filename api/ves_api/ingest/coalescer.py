"""Requests that wait for one stream are appended together; each keeps its own answer.

Per process and stream at most one call is in flight. While it runs requests collect; the next call takes as
many as fit. Different streams use different connections and never wait for each other. Two requests that
share an event_id or a command_id are never merged (inside one call the second would be judged a duplicate of
the first): the later one waits for the next round, so it is judged against what the first has stored.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from ves_api.ingest.answer import IngestAnswer, read_outcomes
from ves_api.ingest.columns import EncodedEvents, append_events
from ves_edge.errors import ApiError
from ves_edge.log import get_logger

if TYPE_CHECKING:
    import uuid

    from ves_api.database import Database
    from ves_api.ingest.signing import ReceiptSigner
    from ves_api.ingest.verdicts import Verdicts
    from ves_edge.gen.records import IngestResult

_MAX_EVENTS = 1000
# These say nothing about one request: asking again for each would only add load.
_COMMON_FAILURES = frozenset(
    {"database_unavailable", "overloaded", "timeout", "stale_credentials", "stale_schemas"}
)
_log = get_logger("coalescer")


@dataclass(slots=True)
class Append:
    """One request's events for one stream.

    `ids` are its event and command ids as numbers. `auth_epoch` is that of the caller's credential, None for one that
    nothing stored can change.
    """

    tenant_id: uuid.UUID
    store_id: uuid.UUID
    events: EncodedEvents
    verdicts: Verdicts
    ids: frozenset[int]
    auth_epoch: int | None
    answer: asyncio.Future[IngestAnswer] = field(init=False)


class Coalescer:
    """Owned by one event loop."""

    def __init__(self, database: Database, signer: ReceiptSigner, *, enabled: bool = True) -> None:
        self._database = database
        self._signer = signer
        self._enabled = enabled
        self._waiting: dict[tuple[uuid.UUID, uuid.UUID], deque[Append]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def append(self, request: Append) -> IngestAnswer:
        """Append a request's events. Raises ApiError; stale_credentials and stale_schemas: nothing was stored.

        A caller that gives up waiting does not take the events back: they are stored, and a repeat of the
        request answers their receipts.
        """
        request.answer = asyncio.get_running_loop().create_future()
        if not self._enabled:
            self._start(self._serve([request]))
            return await request.answer
        stream = (request.tenant_id, request.store_id)
        queue = self._waiting.get(stream)
        if queue is None:
            self._waiting[stream] = deque([request])
            self._start(self._drain(stream))
        else:
            queue.append(request)
        return await request.answer

    async def drain(self) -> None:
        """Wait until everything that was accepted for appending is answered."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, stream: tuple[uuid.UUID, uuid.UUID]) -> None:
        queue = self._waiting[stream]
        while queue:
            await self._serve(take(queue, _MAX_EVENTS))
        del self._waiting[stream]

    async def _serve(self, requests: list[Append]) -> None:
        """Answer every request, whatever happens."""
        try:
            await self._call(requests)
        except ApiError as error:
            if len(requests) == 1 or error.name in _COMMON_FAILURES:
                _fail(requests, error)
                return
            _log.warning("merged_call_failed", code=error.sqlstate, requests=len(requests))
            for request in requests:
                await self._serve([request])
        except Exception as error:  # noqa: BLE001 (a waiter without an answer would wait for ever)
            _log.error("append_failed", exc_info=error)
            _fail(requests, ApiError("internal_error"))

    async def _call(self, requests: list[Append]) -> None:
        signer_id = await self._signer.own_id()
        requests[:] = _newest(requests)
        result = await append_events(
            self._database,
            (requests[0].tenant_id, requests[0].store_id),
            [r.events for r in requests],
            [r.verdicts for r in requests],
            signer_id=signer_id,
            auth_epoch=_newest_epoch(requests),
        )
        _deliver(requests, result)


def take(queue: deque[Append], max_events: int) -> list[Append]:
    """Remove and return the requests of the next call: the first one, and all later ones that fit.

    A request that shares an id with an earlier one stays, in its place; so do later ones that share an id
    with it.
    """
    taken = [queue.popleft()]
    count = taken[0].events.count
    if not queue:
        return taken
    used = set(taken[0].ids)
    left: list[Append] = []
    while queue and count < max_events:
        request = queue.popleft()
        fits = count + request.events.count <= max_events
        if fits and used.isdisjoint(request.ids):
            taken.append(request)
            count += request.events.count
        else:
            left.append(request)
        used |= request.ids
    queue.extendleft(reversed(left))
    return taken


def _newest_epoch(requests: list[Append]) -> int | None:
    return max((r.auth_epoch for r in requests if r.auth_epoch is not None), default=None)


def _newest(requests: list[Append]) -> list[Append]:
    """The requests that go into one call: those of the newest epochs. The others are answered as stale."""
    auth = _newest_epoch(requests)
    schemas = max([r.verdicts.schema_epoch or 0 for r in requests])
    newest = []
    for request in requests:
        if request.auth_epoch not in (None, auth):
            _fail([request], ApiError("stale_credentials", retry_after=1))
        elif (request.verdicts.schema_epoch or 0) != schemas:
            _fail([request], ApiError("stale_schemas", retry_after=1))
        else:
            newest.append(request)
    return newest


def _deliver(requests: list[Append], result: IngestResult) -> None:
    """Cut a call's answer into one part a request."""
    exceptions = read_outcomes(result.exceptions)
    head = result.head_sequence if result.first_sequence is None else result.first_sequence - 1
    offset = position = 0
    for request in requests:
        end = offset + request.events.count
        mine = []
        while position < len(exceptions) and exceptions[position].ord <= end:
            outcome = exceptions[position]
            mine.append(msgspec.structs.replace(outcome, ord=outcome.ord - offset) if offset else outcome)
            position += 1
        accepted = request.events.count - len(mine)
        first = head + 1 if accepted else None
        head += accepted
        offset = end
        if not request.answer.done():
            request.answer.set_result(IngestAnswer(accepted, first, head, result.sequenced_at, mine))


def _fail(requests: list[Append], error: BaseException) -> None:
    for request in requests:
        if not request.answer.done():
            request.answer.set_exception(error)
