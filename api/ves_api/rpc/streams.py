"""The streaming methods but SyncStream: history, then live events, by number (grpc-api 2.2 and 3.4).

A call keeps the number of the last event that it sent and reads on from there, always from the tables: nothing is
skipped or sent twice, however slowly the peer reads.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc

from ves.codec import I64_MAX
from ves_api.auth.credentials import fingerprint
from ves_api.operations.admission import admit
from ves_api.operations.parameters import ENTITY_ID, ENTITY_TYPE, Stream
from ves_api.operations.subscriptions import (
    EntityWanted,
    EventsWanted,
    follow_entity,
    follow_events,
    follow_legacy_events,
)
from ves_api.operations.ves_events import EventFilter, cut
from ves_api.rpc.binding import decode, guarded
from ves_api.rpc.fields import read_texts, read_uuids
from ves_api.rpc.gen import v1_pb2 as v1
from ves_api.rpc.gen import v2_pb2 as v2
from ves_api.rpc.pages import Entry, Pages, patiently
from ves_api.rpc.stored_events import legacy_event
from ves_api.rpc.unsent import Unsent
from ves_api.rpc.v2 import read_stream
from ves_api.rpc.watcher import Watcher
from ves_edge.gen import aio
from ves_edge.places import Places

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from google.protobuf.message import Message

    from ves_api.operations.kit import Context, Operation
    from ves_api.rpc.watcher import OpenCall
    from ves_api.services import Services
    from ves_edge.pool import Pool

_MAX_WINDOW = 1000
_HISTORY_EVENTS = 250
# Encoded without a pause for others: 0.5 ms, 3 ms where receipts are not signed yet.
_ENCODED_EVENTS = 50
# Calls of a process that begin at a time, two of a credential: thousands that come at once leave time and connections to others.
_BEGINNINGS = 3
EVERY = EventFilter()


@dataclass(frozen=True, slots=True)
class Streams:
    """State that the streaming calls of a process share; `beginnings` is held until a call has been admitted and has begun."""

    services: Services
    database: Pool
    pages: Pages
    watcher: Watcher
    unsent: Unsent
    beginnings: Places = field(default_factory=lambda: Places(_BEGINNINGS))

    @asynccontextmanager
    async def beginning(self, context: Context, seconds: float) -> AsyncIterator[None]:
        """Hold a place for the admission of a call and its first read. Raises TimeoutError."""
        async with (
            asyncio.timeout(seconds),
            self.beginnings.one(fingerprint(context.origin.headers), seconds),
        ):
            yield


@dataclass(slots=True)
class Call:
    """One admitted call: `given` is its input, `start` the result of the operation."""

    streams: Streams
    context: Context
    open: OpenCall
    transport: grpc.aio.ServicerContext
    given: Any
    start: Any

    async def send(self, message: bytes) -> None:
        """Send one encoded message; waits while the peer does not take it. Raises overloaded."""
        unsent = self.streams.unsent
        sending = unsent.begin(self.context.identity.tenant_id, len(message))
        self.open.writing_since = time.monotonic()
        try:
            await self.transport.write(message)
        finally:
            unsent.end(sending)
        self.open.writing_since = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRpc:
    """A streaming method: `read` makes the operation's input of the request, `serve` sends the events."""

    name: str
    operation: Operation[Any]
    request: type[Message]
    read: Callable[[Any], Any]
    serve: Callable[[Call], Awaitable[None]]

    def handler(self, streams: Streams, timeout: float) -> grpc.RpcMethodHandler:
        """The handler of a server stream; `timeout` (seconds) is that of the beginning."""

        async def serve(raw: bytes, transport: grpc.aio.ServicerContext) -> None:
            async def work(context: Context) -> None:
                async with streams.beginning(context, timeout):
                    await admit(context, self.operation)
                    given = self.read(decode(self.request, raw))
                    self.operation.authorize(context, given)
                    start = await self.operation.call(context, given)

                def authorize() -> None:
                    self.operation.authorize(context, given)

                async with streams.watcher.open(context, authorize) as opened:
                    # Tells the client that it is subscribed; the first event may be far away.
                    await transport.send_initial_metadata(())
                    await self.serve(Call(streams, context, opened, transport, given, start))

            await guarded(streams.services, transport, self.name, work)

        return grpc.unary_stream_rpc_method_handler(serve)


@dataclass(slots=True)
class Delivery:
    """Sends the wanted events of one stream in order; everything up to `position` was sent or was not wanted."""

    call: Call
    stream: tuple[Any, Any]
    position: int
    wanted: EventFilter
    wrap: Callable[[bytes], bytes] | None = None

    async def catch_up(self, head: int) -> None:
        """Send everything up to the head, or beyond it."""
        while self.position < head:
            await self.send_page(await self._next_page(head))

    async def _next_page(self, head: int) -> list[Entry]:
        """The page after the position; the one after it is read while this one is sent."""
        pages = self.call.streams.pages
        page = await pages.read(*self.stream, self.position)
        last = page[-1].event.sequence_number
        if last < head:
            pages.read_ahead(*self.stream, last)
        return page

    async def send_page(self, page: list[Entry]) -> None:
        """Send the wanted events of a page, encoded some at a time; the others are not even encoded.

        The watcher takes the page away from a call whose peer does not read, so that it holds one event, not a page;
        the rest is then read again.
        """
        opened, place, last = self.call.open, 0, page[-1].event.sequence_number
        opened.page = [entry for entry in page if self.wanted.wants(entry.event)]
        del page
        while opened.page is not None and place < len(opened.page):
            if place % _ENCODED_EVENTS == 0:
                self.call.streams.pages.encode(*self.stream, opened.page[place : place + _ENCODED_EVENTS])
            entry = opened.page[place]
            place += 1
            await self.call.send(entry.message if self.wrap is None else self.wrap(entry.message))
            self.position = entry.event.sequence_number
        if opened.page is not None:
            self.position = last
        opened.page = None


async def _follow(call: Call, position: int, wanted: EventFilter) -> None:
    """Send the wanted events after a position, for ever."""
    stream = (call.context.tenant_id, call.given.store_id)
    delivery = Delivery(call, stream, position, wanted)
    with call.streams.watcher.follow(stream, 0) as feed:
        while True:
            await delivery.catch_up(await feed.beyond(delivery.position))


async def _serve_events(call: Call) -> None:
    await _follow(call, call.start, call.given.wanted)


async def _serve_entity(call: Call) -> None:
    """History is searched in the database, up to the head that was read before; then all new events are compared."""
    given, head = call.given, call.start
    if given.has_history:
        await _send_history(call, head)
    wanted = EventFilter(entity_types=frozenset([given.entity_type]), entity_ids=frozenset([given.entity_id]))
    await _follow(call, head, wanted)


async def _send_history(call: Call, head: int) -> None:
    given, streams = call.given, call.streams
    stream = (call.context.tenant_id, given.store_id)
    delivery = Delivery(call, stream, 0, EVERY)

    async def read() -> list[Any]:
        return await aio.read_event_parts(
            streams.database,
            tenant_id=stream[0],
            store_id=stream[1],
            after=delivery.position,
            max_events=_HISTORY_EVENTS,
            entity_type=given.entity_type,
            entity_id=given.entity_id,
        )

    while delivery.position < head:
        found = [event for event in cut(await patiently(read)) if event.sequence_number <= head]
        if not found:
            return
        await delivery.send_page([Entry(event) for event in found])


async def _serve_legacy(call: Call) -> None:
    """Windows of numbers up to the head; with `wait_for_new` also those after it (grpc-api 2.2)."""
    given, head = call.given, call.start
    first = given.first
    with call.streams.watcher.follow((given.tenant_id, given.store_id), head, legacy=True) as feed:
        while True:
            first = max(first, await _send_window(call, first, head))
            if first <= head:
                continue
            if not given.waits:
                return
            try:
                async with asyncio.timeout(given.timeout):
                    head = await feed.beyond(first - 1)
            except TimeoutError:
                return


async def _send_window(call: Call, first: int, head: int) -> int:
    """Send one window; the number after it, which is above the head after the last one."""
    given, streams = call.given, call.streams
    last, start = min(first + given.size - 1, head), max(first, 1)
    events: list[Any] = []
    if last >= start:

        async def read() -> list[Any]:
            return await aio.list_legacy_events(
                streams.database,
                tenant_id=given.tenant_id,
                store_id=given.store_id,
                from_sequence=start,
                max_events=last - start + 1,
                decrypt=False,
            )

        events = cut(await patiently(read))
        last = events[-1].sequence_number if events else last
    after = head + 1 if last >= head else last + 1
    services = streams.services
    wanted = [
        e for e in events if given.wanted.matches(e.entity_type, e.entity_id, e.event_type, e.source_agent)
    ]
    answer = v1.PullResponse(
        events=await services.slices.each(partial(legacy_event, at_rest=services.at_rest), wanted),
        next_sequence=after,
        has_more=after <= head,
        head_sequence=head,
    )
    await call.send(answer.SerializeToString())
    return after


class LegacyWanted(Stream, kw_only=True, frozen=True):
    """Windows of `size` numbers from `first` on; `waits` for new events, each time at most `timeout` seconds."""

    first: int
    size: int
    wanted: EventFilter
    waits: bool
    timeout: float | None


def _one(text: str, parameter: Any, name: str) -> frozenset[str]:
    """The filter by one name; empty text means every one. Raises invalid_query."""
    return frozenset([parameter.parse(text, name)] if text else [])


def _read_pull(request: v1.PullRequest) -> LegacyWanted:
    return LegacyWanted(
        **read_stream(request),
        first=min(request.from_sequence, I64_MAX),
        size=min(max(request.batch_size, 1), _MAX_WINDOW),
        wanted=EventFilter(
            entity_types=_one(request.entity_type_filter, ENTITY_TYPE, "entity_type_filter"),
            entity_ids=_one(request.entity_id_filter, ENTITY_ID, "entity_id_filter"),
        ),
        waits=request.wait_for_new,
        timeout=request.wait_timeout_ms / 1000 or None,
    )


def _read_stream_events(request: v2.StreamEventsRequest) -> EventsWanted:
    return EventsWanted(
        **read_stream(request),
        first=request.from_sequence,
        has_history=request.include_history,
        wanted=EventFilter(
            entity_types=read_texts(request.entity_type_filter, "entity_type_filter"),
            event_types=read_texts(request.event_type_filter, "event_type_filter"),
            agents=read_uuids(request.agent_filter, "agent_filter"),
        ),
    )


def _read_subscription(request: v2.SubscribeEntityRequest) -> EntityWanted:
    return EntityWanted(
        **read_stream(request),
        entity_type=ENTITY_TYPE.parse(request.entity_type, "entity_type"),
        entity_id=ENTITY_ID.parse(request.entity_id, "entity_id"),
        has_history=request.include_history,
    )


PULL = StreamRpc(
    name="Pull",
    operation=follow_legacy_events,
    request=v1.PullRequest,
    read=_read_pull,
    serve=_serve_legacy,
)
STREAM_EVENTS = StreamRpc(
    name="StreamEvents",
    operation=follow_events,
    request=v2.StreamEventsRequest,
    read=_read_stream_events,
    serve=_serve_events,
)
SUBSCRIBE_ENTITY = StreamRpc(
    name="SubscribeEntity",
    operation=follow_entity,
    request=v2.SubscribeEntityRequest,
    read=_read_subscription,
    serve=_serve_entity,
)
