"""Group commit: waiting append requests, of one stream or of several, share one database call and transaction.

A shared call never waits for a lock: streams that are locked by another session, or that have no event yet, are returned
as busy and then appended by a call of their own. Requests that arrive while calls run are queued; the next call takes as
many as fit. Requests with a common event_id or command_id never share a call, because the second would be rejected as a
duplicate within the batch; it waits for the next call and is checked against the stored event.

A stream has at most one call of this process in flight, so its requests are sequenced in arrival order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from ves_api.auth.identity import Epochs
from ves_api.ingest.answer import IngestAnswer, read_outcomes
from ves_api.ingest.columns import SealedEvents, append_events
from ves_edge import tracing
from ves_edge.errors import ApiError
from ves_edge.log import get_logger
from ves_edge.rounds import Rounds

if TYPE_CHECKING:
    import uuid
    from collections.abc import Hashable, Iterable

    from ves_api.database import Database
    from ves_api.ingest.signing import ReceiptSigner
    from ves_api.ingest.verdicts import Verdicts
    from ves_edge.gen.records import IngestResult

_MAX_EVENTS = 1000
_MAX_STREAMS = 64
# More concurrent shared calls make batches smaller; measured: with two, a single event costs 5 to 10 % more CPU.
_SHARED_CALLS = 1
# A call that waits for a stream's lock occupies a connection, so their number and their wait are bounded.
_WAITING_CALLS = 4
_LOCK_WAIT_MS = 100
# Back-off before the next attempt on a locked stream.
_REST_SECONDS = 0.05
# Failures of the server, not of one request: retrying request by request would only add load.
_COMMON_FAILURES = frozenset({"database_unavailable", "timeout"})
_STALE = frozenset({"stale_credentials", "stale_schemas"})
_BUSY = "busy"
_log = get_logger("coalescer")

Q = TypeVar("Q", bound="Queued")
_Key = tuple["uuid.UUID", "uuid.UUID"]


class Queued(Protocol):
    """A request that waits for a call: requests with an id in common never share one."""

    @property
    def ids(self) -> frozenset[Any]:
        """What must be unique within a call."""

    @property
    def count(self) -> int:
        """Rows that it adds to a call."""

    @property
    def answer(self) -> asyncio.Future[Any]:
        """Completed by the call."""


@dataclass(slots=True)
class Append:
    """One request's events for one stream.

    `ids` are its event and command ids as integers; `epochs` are its caller's; `trace` is the span that made it.
    """

    tenant_id: uuid.UUID
    store_id: uuid.UUID
    events: SealedEvents
    verdicts: Verdicts
    ids: frozenset[int]
    epochs: Epochs
    answer: asyncio.Future[IngestAnswer] = field(init=False)
    trace: str | None = field(default_factory=tracing.traceparent)

    @property
    def count(self) -> int:
        """Events."""
        return len(self.events.events)


@dataclass(slots=True, eq=False)
class Stream:
    """Queue of one stream. `is_contended`: it was locked by another session, or has no event yet."""

    key: _Key
    waiting: deque[Append] = field(default_factory=deque)
    is_contended: bool = False


@dataclass(slots=True)
class Part:
    """Requests of one stream in one call; they agree in their epochs."""

    key: _Key
    requests: list[Append]

    @property
    def count(self) -> int:
        """Events."""
        return sum([r.count for r in self.requests])


class Coalescer:
    """Owned by one event loop."""

    def __init__(self, database: Database, signer: ReceiptSigner, *, enabled: bool = True) -> None:
        self._database = database
        self._signer = signer
        self._enabled = enabled
        # Streams with queued requests; those without a call in flight wait for one, of tenants in turn.
        self._streams: dict[_Key, Stream] = {}
        self._ready: Rounds[Stream] = Rounds()
        self._contended: Rounds[Stream] = Rounds()
        self._shared = self._waits = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def append(self, request: Append) -> IngestAnswer:
        """Append a request's events. Raises ApiError; stale_credentials and stale_schemas: nothing was stored.

        Cancelling the caller does not cancel an append in flight: the events are stored, and a retry of the request
        returns their receipts.
        """
        request.answer = asyncio.get_running_loop().create_future()
        key = (request.tenant_id, request.store_id)
        if not self._enabled:
            self._start(self._serve_alone(Part(key, [request]), None))
            return await request.answer
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = Stream(key)
            self._ready.add(request.tenant_id, stream)
        stream.waiting.append(request)
        self._schedule()
        return await request.answer

    async def drain(self) -> None:
        """Wait until every queued request is answered (graceful shutdown)."""
        while self._streams or self._tasks:
            if self._tasks:
                await asyncio.wait(self._tasks)
            else:
                await asyncio.sleep(_REST_SECONDS)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _schedule(self) -> None:
        """Start calls up to the concurrency limits."""
        while self._waits < _WAITING_CALLS and (following := self._contended.take()) is not None:
            self._waits += 1
            self._start(self._wait_for(following[1]))
        if self._ready and self._shared < _SHARED_CALLS:
            self._shared += 1
            self._start(self._share())

    async def _share(self) -> None:
        """Serve one shared call; streams that were busy go on to calls that wait.

        Gathers when it runs, so that the call takes along what arrived in the same turn of the event loop.
        """
        streams, parts = gather(self._ready)
        self._schedule()
        try:
            busy = await self._serve(parts) if parts else []
        finally:
            self._shared -= 1
        for stream, part in zip(streams, parts, strict=True):
            if part in busy:
                stream.waiting.extendleft(reversed(part.requests))
                stream.is_contended = True
            self._resume(stream)
        self._schedule()

    async def _wait_for(self, stream: Stream) -> None:
        """Append a stream by a call of its own that waits for the lock; back off if the wait times out."""
        part = Part(stream.key, take(stream.waiting, _MAX_EVENTS, set()))
        try:
            is_busy = await self._serve_alone(part, _LOCK_WAIT_MS)
        finally:
            self._waits -= 1
        if is_busy:
            stream.waiting.extendleft(reversed(part.requests))
            asyncio.get_running_loop().call_later(_REST_SECONDS, self._rested, stream)
        else:
            self._resume(stream)
        self._schedule()

    def _rested(self, stream: Stream) -> None:
        self._resume(stream)
        self._schedule()

    def _resume(self, stream: Stream) -> None:
        """Queue a stream without a call in flight for its next turn, or drop it when its queue is empty."""
        while stream.waiting and stream.waiting[0].answer.done():
            stream.waiting.popleft()
        if not stream.waiting:
            del self._streams[stream.key]
        else:
            (self._contended if stream.is_contended else self._ready).add(stream.key[0], stream)

    async def _serve(self, parts: list[Part]) -> list[Part]:
        """Complete every request of a shared call, also on errors, except those of busy streams, which are returned."""
        try:
            return await self._call(parts, 0)
        except ApiError as error:
            if error.name in _COMMON_FAILURES:
                fail_all([r for part in parts for r in part.requests], error)
            else:
                _log.warning("shared_call_failed", code=error.sqlstate, streams=len(parts))
                for part in parts:
                    await self._serve_alone(part, None)
        except Exception as error:  # noqa: BLE001 (an incomplete future would block its request forever)
            _log.error("append_failed", exc_info=error)
            fail_all([r for part in parts for r in part.requests], ApiError("internal_error"))
        return []

    async def _serve_alone(self, part: Part, lock_wait_ms: int | None) -> bool:
        """Complete every request of a stream, also on errors; True if the wait for its lock timed out."""
        try:
            return bool(await self._call([part], lock_wait_ms))
        except ApiError as error:
            if lock_wait_ms is not None and error.name == "overloaded":
                return True
            if len(part.requests) == 1 or error.name in _COMMON_FAILURES or error.name in _STALE:
                fail_all(part.requests, error)
            else:
                _log.warning("merged_call_failed", code=error.sqlstate, requests=len(part.requests))
                for request in part.requests:
                    await self._serve_alone(Part(part.key, [request]), None)
        except Exception as error:  # noqa: BLE001 (as above)
            _log.error("append_failed", exc_info=error)
            fail_all(part.requests, ApiError("internal_error"))
        return False

    async def _call(self, parts: list[Part], lock_wait_ms: int | None) -> list[Part]:
        """Make one database call and complete its requests; return the parts whose streams were busy."""
        signer_id = await self._signer.own_id()
        admin_epoch = _newest_epoch([r.epochs.admin for part in parts for r in part.requests])
        for part in parts:
            part.requests[:] = _newest(part.requests, admin_epoch)
        parts = [part for part in parts if part.requests]
        if not parts:
            return []
        with tracing.adopted("append", "INTERNAL", (r.trace for part in parts for r in part.requests)):
            results = await append_events(
                self._database,
                [part.key for part in parts],
                [[r.events for r in part.requests] for part in parts],
                [[r.verdicts for r in part.requests] for part in parts],
                [_newest_epoch([r.epochs.tenant for r in part.requests]) for part in parts],
                admin_epoch,
                signer_id=signer_id,
                lock_wait_ms=lock_wait_ms,
            )
        busy = []
        for part, result in zip(parts, results, strict=True):
            if result.outcome == _BUSY:
                busy.append(part)
            elif result.outcome in _STALE:
                fail_all(part.requests, ApiError(result.outcome, retry_after=1))
            else:
                _deliver(part.requests, result)
        return busy


def gather(ready: Rounds[Stream]) -> tuple[list[Stream], list[Part]]:
    """Dequeue the requests of the next shared call, by stream, of tenants in turn."""
    streams: list[Stream] = []
    parts: list[Part] = []
    used: set[int] = set()
    left: list[tuple[Hashable, Stream]] = []
    count = 0
    while len(streams) < _MAX_STREAMS and count < _MAX_EVENTS and (following := ready.take()) is not None:
        _, stream = following
        first = stream.waiting[0]
        room = _MAX_EVENTS - count
        if parts and (first.count > room or not used.isdisjoint(first.ids)):
            left.append(following)
            continue
        parts.append(Part(stream.key, take(stream.waiting, room, used)))
        streams.append(stream)
        count += parts[-1].count
    for key, stream in reversed(left):
        ready.put_back(key, stream)
    return streams, parts


def take(queue: deque[Q], max_events: int, used: set[Any]) -> list[Q]:
    """Dequeue the requests of the next call: the first one, and all later ones that fit.

    A request that shares an id with an earlier one, or with `used`, keeps its place in the queue; so do later ones that
    share an id with it. The ids of the dequeued requests are added to `used`.
    """
    taken = [queue.popleft()]
    count = taken[0].count
    used |= taken[0].ids
    if not queue:
        return taken
    seen = set(used)
    left: list[Q] = []
    while queue and count < max_events:
        request = queue.popleft()
        fits = count + request.count <= max_events
        if fits and seen.isdisjoint(request.ids):
            taken.append(request)
            count += request.count
            used |= request.ids
        else:
            left.append(request)
        seen |= request.ids
    queue.extendleft(reversed(left))
    return taken


def _newest_epoch(epochs: Iterable[int | None]) -> int | None:
    return max([epoch for epoch in epochs if epoch is not None], default=None)


def _newest(requests: list[Append], admin_epoch: int | None) -> list[Append]:
    """Select the requests with the newest epochs for one call; complete the others with a stale error."""
    newest_epochs = Epochs(_newest_epoch([r.epochs.tenant for r in requests]), admin_epoch)
    schemas = max([r.verdicts.schema_epoch or 0 for r in requests])
    newest = []
    for request in requests:
        if any(
            own not in (None, newest_epoch)
            for own, newest_epoch in zip(request.epochs, newest_epochs, strict=True)
        ):
            fail_all([request], ApiError("stale_credentials", retry_after=1))
        elif (request.verdicts.schema_epoch or 0) != schemas:
            fail_all([request], ApiError("stale_schemas", retry_after=1))
        else:
            newest.append(request)
    return newest


def _deliver(requests: list[Append], result: IngestResult) -> None:
    """Split a stream's result into one result per request."""
    exceptions = read_outcomes(result.exceptions)
    head = result.head_sequence if result.first_sequence is None else result.first_sequence - 1
    offset = position = 0
    for request in requests:
        end = offset + request.count
        mine = []
        while position < len(exceptions) and exceptions[position].ord <= end:
            outcome = exceptions[position]
            mine.append(msgspec.structs.replace(outcome, ord=outcome.ord - offset) if offset else outcome)
            position += 1
        accepted = request.count - len(mine)
        first = head + 1 if accepted else None
        head += accepted
        offset = end
        if not request.answer.done():
            request.answer.set_result(IngestAnswer(accepted, first, head, result.sequenced_at, mine))


def fail_all(requests: Iterable[Queued], error: BaseException) -> None:
    """Complete requests that still wait with an error."""
    for request in requests:
        if not request.answer.done():
            request.answer.set_exception(error)
