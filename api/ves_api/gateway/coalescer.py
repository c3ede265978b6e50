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

from ves_api.errors import ApiError
from ves_api.gateway.ingest import EncodedEvents, IngestAnswer, ingest_events
from ves_api.telemetry import get_logger

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Awaitable, Callable

    from ves_api.gateway.database import Database

_MAX_EVENTS = 1000
_MAX_EPOCH_ROUNDS = 8
# These say nothing about one request: asking again for each would only add load.
_COMMON_FAILURES = frozenset({"database_unavailable", "overloaded", "timeout"})
_log = get_logger("coalescer")


@dataclass(slots=True)
class Append:
    """One request's events for one stream, and how to authenticate its caller again.

    `ids` are its event and command ids as numbers. `epoch` is that of the caller's credential, None for one that
    nothing stored can change. `reauthenticate` answers the new epoch or raises ApiError. `revalidate` checks the
    payloads against newer schemas than those of the events' schema epoch.
    """

    tenant_id: uuid.UUID
    store_id: uuid.UUID
    events: EncodedEvents
    ids: frozenset[int]
    epoch: int | None
    reauthenticate: Callable[[], Awaitable[int | None]]
    revalidate: Callable[[], Awaitable[EncodedEvents]]
    answer: asyncio.Future[AppendAnswer] = field(init=False)


@dataclass(frozen=True, slots=True)
class AppendAnswer:
    """The slice of a call's answer that belongs to one request; `ord` in exceptions counts from 1 within it.

    `head_sequence` is the last number given to this request or to those before it in the call.
    """

    accepted: int
    first_sequence: int | None
    head_sequence: int
    sequenced_at: dt.datetime
    signer_id: int
    exceptions: list[dict[str, Any]]


class Coalescer:
    """Owned by one event loop."""

    def __init__(
        self,
        database: Database,
        *,
        signer_id: Callable[[], Awaitable[int]],
        credentials_changed: Callable[[], None],
        enabled: bool = True,
    ) -> None:
        self._database = database
        self._signer_id = signer_id
        self._credentials_changed = credentials_changed
        self._enabled = enabled
        self._waiting: dict[tuple[uuid.UUID, uuid.UUID], deque[Append]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def append(self, request: Append) -> AppendAnswer:
        """Append a request's events. Raises ApiError.

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
        signer_id = await self._signer_id()
        stale = "stale_credentials"
        for _ in range(_MAX_EPOCH_ROUNDS):
            if not requests:
                return
            epoch = max((r.epoch for r in requests if r.epoch is not None), default=None)
            outdated = [r for r in requests if r.epoch is not None and r.epoch != epoch]
            if outdated:
                failed = await _reauthenticate(outdated)
                requests[:] = [r for r in requests if r not in failed]
                continue
            outdated = _with_older_schemas(requests)
            if outdated:
                await _revalidate(outdated)
                continue
            try:
                answer = await ingest_events(
                    self._database,
                    tenant_id=requests[0].tenant_id,
                    store_id=requests[0].store_id,
                    signer_id=signer_id,
                    auth_epoch=epoch,
                    events=[r.events for r in requests],
                )
            except ApiError as error:
                stale = error.name
                if stale == "stale_schemas":
                    await _revalidate(requests)
                    continue
                if stale != "stale_credentials":
                    raise
                self._credentials_changed()
                failed = await _reauthenticate(requests)
                requests[:] = [r for r in requests if r not in failed]
                continue
            _deliver(requests, answer, signer_id)
            return
        raise ApiError(stale, retry_after=1)


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


async def _reauthenticate(requests: list[Append]) -> list[Append]:
    """Read every caller's credential again; those that lost theirs are answered and returned."""
    epochs = await asyncio.gather(*[r.reauthenticate() for r in requests], return_exceptions=True)
    failed = []
    for request, epoch in zip(requests, epochs, strict=True):
        if isinstance(epoch, BaseException):
            failed.append(request)
            _fail([request], epoch)
        else:
            request.epoch = epoch
    return failed


def _with_older_schemas(requests: list[Append]) -> list[Append]:
    """Those whose payloads were checked against older schemas than those of another."""
    newest = max((r.events.schema_epoch or 0 for r in requests), default=0)
    return [r for r in requests if (r.events.schema_epoch or 0) != newest]


async def _revalidate(requests: list[Append]) -> None:
    """Check payloads against the schemas as they are now; one after the other, as the first reads them for all."""
    for request in requests:
        request.events = await request.revalidate()


def _deliver(requests: list[Append], answer: IngestAnswer, signer_id: int) -> None:
    """Cut a call's answer into one slice per request."""
    exceptions = sorted(answer.exceptions, key=_ord)
    head = answer.head_sequence if answer.first_sequence is None else answer.first_sequence - 1
    offset = position = 0
    for request in requests:
        end = offset + request.events.count
        mine = []
        while position < len(exceptions) and exceptions[position]["ord"] <= end:
            mine.append({**exceptions[position], "ord": exceptions[position]["ord"] - offset})
            position += 1
        accepted = request.events.count - len(mine)
        first = head + 1 if accepted else None
        head += accepted
        offset = end
        if not request.answer.done():
            request.answer.set_result(
                AppendAnswer(accepted, first, head, answer.sequenced_at, signer_id, mine)
            )


def _ord(exception: dict[str, Any]) -> int:
    return int(exception["ord"])


def _fail(requests: list[Append], error: BaseException) -> None:
    for request in requests:
        if not request.answer.done():
            request.answer.set_exception(error)
