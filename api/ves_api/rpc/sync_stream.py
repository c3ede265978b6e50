"""SyncStream: requests of a client in order, and every new event of the streams in its scope (grpc-api 3.4)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import grpc

from ves_api.operations.admission import admit
from ves_api.operations.parameters import NoInput
from ves_api.operations.subscriptions import Acknowledged, acknowledge_events, follow_scope
from ves_api.rpc.binding import decode, guarded
from ves_api.rpc.fields import read_uuid
from ves_api.rpc.gen import v2_pb2 as v2
from ves_api.rpc.streams import EVERY, Call, Delivery
from ves_api.rpc.v2 import PULL, PUSH, now
from ves_api.rpc.watcher import tenant_in_scope
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    import uuid

    from ves_api.operations.kit import Context
    from ves_api.operations.subscriptions import Positions
    from ves_api.rpc.binding import Rpc
    from ves_api.rpc.streams import Streams
    from ves_api.rpc.watcher import StreamKey, TenantFeed

_EVENT_TAG = bytes([7 << 3 | 2])
_SEVEN_BITS = 0x7F
# Messages that count against the rate limit; the others wait for their tenant's turn.
_ADMITTED: Final = ("push", "pull")


class SyncStream:
    """The method; `name` and `operation` as of the other ones."""

    name = "SyncStream"
    operation = follow_scope

    def handler(self, streams: Streams, timeout: float) -> grpc.RpcMethodHandler:
        """The handler; `timeout` (seconds) is that of the beginning and of each answer."""

        async def serve(_: object, transport: grpc.aio.ServicerContext) -> None:
            async def work(context: Context) -> None:
                async with streams.beginning(context, timeout):
                    await admit(context, follow_scope)
                    follow_scope.authorize(context, NoInput())
                    positions = await follow_scope.call(context, NoInput())

                def authorize() -> None:
                    follow_scope.authorize(context, NoInput())

                async with streams.watcher.open(context, authorize) as opened:
                    call = Call(streams, context, opened, transport, NoInput(), positions)
                    await _Sync(call, timeout).run()

            await guarded(streams.services, transport, self.name, work)

        return grpc.stream_stream_rpc_method_handler(serve)


class _Sync:
    """One call.

    `_behind`: streams that moved, each with the number that was sent last. `_ahead`: streams of which more was sent than
    the watcher has seen, because a page goes as far as the table.
    """

    def __init__(self, call: Call, timeout: float) -> None:
        self._call = call
        self._timeout = timeout
        self._behind: Positions = {}
        self._ahead: Positions = {}
        self._moved = asyncio.Event()
        self._writes = asyncio.Lock()
        self._named: tuple[uuid.UUID, uuid.UUID] | None = None
        self._agent = call.context.identity.agent_id

    async def run(self) -> None:
        """Serve until the client half-closes. Raises the error that ends the call."""
        watcher, tenant_id = self._call.streams.watcher, tenant_in_scope(self._call.context)
        feed = await watcher.follow_tenant(tenant_id, self._note)
        try:
            await self._call.transport.send_initial_metadata(())
            for key, position in self._call.start.items():
                if position < feed.heads.get(key, 0):
                    self._note(key, position)
            await _first_to_end(self._answer(feed), self._deliver(feed))
        finally:
            watcher.leave_tenant(tenant_id, self._note)

    def _note(self, key: StreamKey, before: int) -> None:
        """A stream has moved from a head; of a stream that is being sent the position is known."""
        self._behind.setdefault(key, max(before, self._ahead.pop(key, 0)))
        self._moved.set()

    async def _deliver(self, feed: TenantFeed) -> None:
        """Send the events of streams that moved, one stream after the other, each in order."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            for key in tuple(self._behind):
                identity = self._call.context.identity
                if identity.can_read and _is_allowed(identity, key):
                    delivery = Delivery(self._locked(), key, self._behind[key], EVERY, _as_event)
                    while delivery.position < feed.heads[key]:
                        await delivery.catch_up(feed.heads[key])
                    if delivery.position > feed.heads[key]:
                        self._ahead[key] = delivery.position
                del self._behind[key]

    def _locked(self) -> Any:
        return _Locked(self._call, self._writes)

    async def _answer(self, feed: TenantFeed) -> None:
        """Answer the client's messages in the order of their arrival."""
        while True:
            raw = await self._call.transport.read()
            if raw is grpc.aio.EOF:
                return
            message: Any = decode(v2.SyncMessage, raw)
            if message.WhichOneof("message") not in _ADMITTED:
                await asyncio.sleep(feed.take_turn(time.monotonic()))
            async with asyncio.timeout(self._timeout):
                answer = await self._answer_to(message)
            if answer is not None:
                async with self._writes:
                    await self._call.send(answer.SerializeToString())

    async def _answer_to(self, message: Any) -> v2.SyncMessage | None:
        kind = message.WhichOneof("message")
        if kind == "push":
            self._named = (
                read_uuid(message.push.tenant_id, "tenant_id"),
                read_uuid(message.push.store_id, "store_id"),
            )
            self._agent = self._agent or read_uuid(message.push.agent_id, "agent_id")
            return v2.SyncMessage(push_response=await self._call_rpc(PUSH, message.push))
        if kind == "pull":
            answer = await self._call_rpc(PULL, message.pull)
            self._named = (
                read_uuid(message.pull.tenant_id, "tenant_id"),
                read_uuid(message.pull.store_id, "store_id"),
            )
            return v2.SyncMessage(pull_response=answer)
        if kind == "ack":
            await self._acknowledge(message.ack)
        elif kind == "heartbeat":
            seen = message.heartbeat.last_seen_sequence
            return v2.SyncMessage(server_heartbeat=v2.Heartbeat(timestamp=now(), last_seen_sequence=seen))
        return None

    async def _call_rpc(self, rpc: Rpc, request: Any) -> Any:
        """Answer one request as the method does, with its admission: it counts against the rate limit."""
        await admit(self._call.context, rpc.operation)
        return await rpc.answer(self._call.context, request)

    async def _acknowledge(self, ack: v2.EventAck) -> None:
        """Record what the agent has processed, where the stream and the agent are known; else it has no effect."""
        stream = self._named or self._only_stream()
        if stream is None or self._agent is None:
            return
        done_to, numbers = ack.agent_head_sequence, set(ack.sequence_numbers)
        while done_to + 1 in numbers:
            done_to += 1
        given = Acknowledged(stream[0], stream[1], self._agent, done_to)
        acknowledge_events.authorize(self._call.context, given)
        await acknowledge_events.call(self._call.context, given)

    def _only_stream(self) -> StreamKey | None:
        identity = self._call.context.identity
        return (identity.tenant_id, next(iter(identity.stores))) if len(identity.stores) == 1 else None


class _Locked:
    """A call whose messages wait for those of the other task."""

    def __init__(self, call: Call, lock: asyncio.Lock) -> None:
        self.streams, self.open = call.streams, call.open
        self._call, self._lock = call, lock

    async def send(self, message: bytes) -> None:
        """Send one encoded message."""
        async with self._lock:
            await self._call.send(message)


def _is_allowed(identity: Any, key: StreamKey) -> bool:
    try:
        identity.require_scope(*key)
    except ApiError:
        return False
    return True


def _as_event(message: bytes) -> bytes:
    """An encoded SequencedEvent as the member `event` of an encoded SyncMessage."""
    length, size = len(message), bytearray()
    while length > _SEVEN_BITS:
        size.append(length & _SEVEN_BITS | 0x80)
        length >>= 7
    size.append(length)
    return _EVENT_TAG + bytes(size) + message


async def _first_to_end(*works: Any) -> None:
    """Run until one ends, then cancel the others. Raises the exception of the first."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


SYNC_STREAM = SyncStream()
