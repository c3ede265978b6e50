"""Requests that wait are appended together, those of one stream and those of several; each keeps its own answer.

A shared call carries what waits for any number of streams, in one transaction. It waits for no lock: streams that
another session has locked, or that have no event yet, come back as busy and are then appended by calls of their own.
While calls run, requests collect; the next call takes as many as fit. Two requests that share an event_id or a
command_id are never in one call (the second would be judged a duplicate of the first): the later one waits for the next
call, so it is judged against what the first has stored.

A stream has at most one call of this process in flight, so its requests are numbered in the order of their arrival.
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
    from collections.abc import Iterable

    from ves_api.database import Database
    from ves_api.ingest.signing import ReceiptSigner
    from ves_api.ingest.verdicts import Verdicts
    from ves_edge.gen.records import IngestResult

_MAX_EVENTS = 1000
_MAX_STREAMS = 64
# More shared calls at once would split what waits into smaller ones: measured, two keep the database busy.
_SHARED_CALLS = 2
# A call that waits for a locked stream holds a connection, so there are few of them, and none waits long.
_WAITING_CALLS = 4
_LOCK_WAIT_MS = 100
# How long a locked stream rests until the next attempt.
_REST_SECONDS = 0.05
# These say nothing about one request: asking again for each would only add load.
_COMMON_FAILURES = frozenset({"database_unavailable", "timeout"})
_STALE = frozenset({"stale_credentials", "stale_schemas"})
_BUSY = "busy"
_log = get_logger("coalescer")

_Key = tuple["uuid.UUID", "uuid.UUID"]


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


@dataclass(slots=True, eq=False)
class _Stream:
    """What waits for one stream. `is_contended`: another session had it locked, or it has no event yet."""

    key: _Key
    waiting: deque[Append] = field(default_factory=deque)
    is_contended: bool = False


@dataclass(slots=True)
class Part:
    """The requests of one stream that go into one call, all of one epoch each."""

    key: _Key
    requests: list[Append]

    @property
    def count(self) -> int:
        """Events."""
        return sum([r.events.count for r in self.requests])


class Coalescer:
    """Owned by one event loop."""

    def __init__(self, database: Database, signer: ReceiptSigner, *, enabled: bool = True) -> None:
        self._database = database
        self._signer = signer
        self._enabled = enabled
        # Streams with requests; `_ready` are those without a call in flight, in the order of their turns.
        self._streams: dict[_Key, _Stream] = {}
        self._ready: deque[_Stream] = deque()
        self._contended: deque[_Stream] = deque()
        self._shared = self._waits = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def append(self, request: Append) -> IngestAnswer:
        """Append a request's events. Raises ApiError; stale_credentials and stale_schemas: nothing was stored.

        A caller that gives up waiting does not take the events back once a call carries them: they are stored, and a
        repeat of the request answers their receipts.
        """
        request.answer = asyncio.get_running_loop().create_future()
        key = (request.tenant_id, request.store_id)
        if not self._enabled:
            self._start(self._serve_alone(Part(key, [request]), None))
            return await request.answer
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = _Stream(key)
            self._ready.append(stream)
        stream.waiting.append(request)
        self._schedule()
        return await request.answer

    async def drain(self) -> None:
        """Wait until everything that was accepted for appending is answered."""
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
        """Start as many calls as there may be now."""
        while self._contended and self._waits < _WAITING_CALLS:
            self._waits += 1
            self._start(self._wait_for(self._contended.popleft()))
        while self._ready and self._shared < _SHARED_CALLS:
            streams, parts = self._gather()
            self._shared += 1
            self._start(self._share(streams, parts))

    def _gather(self) -> tuple[list[_Stream], list[Part]]:
        """The streams and requests of the next shared call."""
        streams: list[_Stream] = []
        parts: list[Part] = []
        used: set[int] = set()
        left: list[_Stream] = []
        count = 0
        while self._ready and len(streams) < _MAX_STREAMS and count < _MAX_EVENTS:
            stream = self._ready.popleft()
            first = stream.waiting[0]
            if parts and (count + first.events.count > _MAX_EVENTS or not used.isdisjoint(first.ids)):
                left.append(stream)
                continue
            taken = take(stream.waiting, _MAX_EVENTS - count, used)
            streams.append(stream)
            parts.append(Part(stream.key, taken))
            count += parts[-1].count
        self._ready.extendleft(reversed(left))
        return streams, parts

    async def _share(self, streams: list[_Stream], parts: list[Part]) -> None:
        """Serve one shared call; streams that were busy go on to calls that wait."""
        try:
            busy = await self._serve(parts)
        finally:
            self._shared -= 1
        for stream, part in zip(streams, parts, strict=True):
            if part in busy:
                stream.waiting.extendleft(reversed(part.requests))
                stream.is_contended = True
            self._resume(stream)
        self._schedule()

    async def _wait_for(self, stream: _Stream) -> None:
        """Serve a stream by a call of its own that waits for the lock, and let it rest if that was in vain."""
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

    def _rested(self, stream: _Stream) -> None:
        self._resume(stream)
        self._schedule()

    def _resume(self, stream: _Stream) -> None:
        """Give a stream without a call in flight its next turn, or forget it when nobody waits any more."""
        while stream.waiting and stream.waiting[0].answer.done():
            stream.waiting.popleft()
        if not stream.waiting:
            del self._streams[stream.key]
        else:
            (self._contended if stream.is_contended else self._ready).append(stream)

    async def _serve(self, parts: list[Part]) -> list[Part]:
        """Answer the requests of a shared call, whatever happens, but for those of busy streams, which are returned."""
        try:
            return await self._call(parts, 0)
        except ApiError as error:
            if error.name in _COMMON_FAILURES:
                _fail([r for part in parts for r in part.requests], error)
            else:
                _log.warning("shared_call_failed", code=error.sqlstate, streams=len(parts))
                for part in parts:
                    await self._serve_alone(part, None)
        except Exception as error:  # noqa: BLE001 (a waiter without an answer would wait for ever)
            _log.error("append_failed", exc_info=error)
            _fail([r for part in parts for r in part.requests], ApiError("internal_error"))
        return []

    async def _serve_alone(self, part: Part, lock_wait_ms: int | None) -> bool:
        """Answer every request of a stream, whatever happens; True if its lock was not had within the wait."""
        try:
            return bool(await self._call([part], lock_wait_ms))
        except ApiError as error:
            if lock_wait_ms is not None and error.name == "overloaded":
                return True
            if len(part.requests) == 1 or error.name in _COMMON_FAILURES or error.name in _STALE:
                _fail(part.requests, error)
            else:
                _log.warning("merged_call_failed", code=error.sqlstate, requests=len(part.requests))
                for request in part.requests:
                    await self._serve_alone(Part(part.key, [request]), None)
        except Exception as error:  # noqa: BLE001 (as above)
            _log.error("append_failed", exc_info=error)
            _fail(part.requests, ApiError("internal_error"))
        return False

    async def _call(self, parts: list[Part], lock_wait_ms: int | None) -> list[Part]:
        """One call of the database. Answers requests; returns the parts whose streams were busy."""
        signer_id = await self._signer.own_id()
        for part in parts:
            part.requests[:] = _newest(part.requests)
        parts = [part for part in parts if part.requests]
        if not parts:
            return []
        results = await append_events(
            self._database,
            [part.key for part in parts],
            [[r.events for r in part.requests] for part in parts],
            [[r.verdicts for r in part.requests] for part in parts],
            [_newest_epoch(part.requests) for part in parts],
            signer_id=signer_id,
            lock_wait_ms=lock_wait_ms,
        )
        busy = []
        for part, result in zip(parts, results, strict=True):
            if result.outcome == _BUSY:
                busy.append(part)
            elif result.outcome in _STALE:
                _fail(part.requests, ApiError(result.outcome, retry_after=1))
            else:
                _deliver(part.requests, result)
        return busy


def take(queue: deque[Append], max_events: int, used: set[int]) -> list[Append]:
    """Remove and return the requests of the next call: the first one, and all later ones that fit.

    A request that shares an id with an earlier one, or with `used`, stays in its place; so do later ones that share an
    id with it. `used` takes up the ids that were taken.
    """
    taken = [queue.popleft()]
    count = taken[0].events.count
    used |= taken[0].ids
    if not queue:
        return taken
    seen = set(used)
    left: list[Append] = []
    while queue and count < max_events:
        request = queue.popleft()
        fits = count + request.events.count <= max_events
        if fits and seen.isdisjoint(request.ids):
            taken.append(request)
            count += request.events.count
            used |= request.ids
        else:
            left.append(request)
        seen |= request.ids
    queue.extendleft(reversed(left))
    return taken


def _newest_epoch(requests: Iterable[Append]) -> int | None:
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
    """Cut a stream's answer into one part a request."""
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


def _fail(requests: Iterable[Append], error: BaseException) -> None:
    for request in requests:
        if not request.answer.done():
            request.answer.set_exception(error)
