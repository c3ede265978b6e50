"""Calls that end at any of their awaits leave nothing behind: no task, no subscription, no connection, no wrong number."""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from tests.api.support import Agent
from tests.api.test_credentials import mint
from tests.rpc.support import envelope, legacy_envelope, legacy_push, module, push_request, stream_of, whole
from tests.support.processes import environment, free_port
from ves_api.rpc import server as rpc_server
from ves_api.rpc import sync_stream
from ves_api.services import make_services
from ves_api.settings import load
from ves_edge import metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator

    from tests.conftest import Database

TRACE = ("traceparent", f"00-{uuid.uuid4().hex}-00f067aa0ba902b7-01")
KINDS = ("unary_unary", "unary_stream", "stream_stream")
MOST_AWAITS = 200


class Cutter(grpc.aio.ServerInterceptor):
    """Cancels a call at its await number `at`, as the library does when the client cancels just then."""

    def __init__(self) -> None:
        self.at = self.awaits = 0
        self.has_cut = asyncio.Event()
        self.task: asyncio.Task[Any] | None = None

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], details: grpc.HandlerCallDetails
    ) -> Any:
        handler = await continuation(details)
        kind = next(name for name in KINDS if getattr(handler, name) is not None)
        work = getattr(handler, kind)

        async def serve(*arguments: Any) -> Any:
            self.task, self.awaits = asyncio.current_task(), 0
            return await Counted(self, work(*arguments))

        return handler._replace(**{kind: serve})

    def count(self) -> None:
        """Note that a task of the call is about to wait."""
        self.awaits += 1
        if self.awaits == self.at:
            assert self.task is not None
            self.task.cancel()
            self.has_cut.set()


class Counted:
    """Awaits a coroutine and counts where it waits."""

    def __init__(self, cutter: Cutter, work: Any) -> None:
        self._cutter, self._work = cutter, work

    def __await__(self) -> Generator[Any, Any, Any]:
        step, given = self._work.send, None
        while True:
            try:
                waits_for = step(given)
            except StopIteration as done:
                return done.value
            self._cutter.count()
            step, given = self._work.send, None
            try:
                yield waits_for
            except BaseException as error:  # noqa: BLE001 (what is thrown into this one belongs to the other)
                step, given = self._work.throw, error


class Process:
    """The gRPC side of one API process, in this event loop, and a client of it."""

    def __init__(self, database: Database, cutter: Cutter) -> None:
        self.database, self.cutter = database, cutter
        self.port = free_port()
        settings = load(
            environment(
                DATABASE_URL=database.url("ves_api"),
                HOST="127.0.0.1",
                GRPC_PORT=str(self.port),
                VES_API_WORKERS="1",
            )
        )
        self.services = make_services(settings)
        self.rpc = rpc_server.RpcServer(self.services)

    async def start(self) -> None:
        await self.services.start()
        await self.rpc.start()
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{self.port}")
        self.v1 = module("v1_grpc").SequencerStub(self.channel)
        self.v2 = module("v2_grpc").SequencerStub(self.channel)
        self.keys = module("v2_grpc").KeyManagementStub(self.channel)

    async def stop(self) -> None:
        await self.channel.close()
        await self.rpc.stop()
        await self.services.close()

    def left(self) -> dict[str, int]:
        """What calls have in use now."""
        watcher, pages = self.rpc._watcher, self.rpc._watcher._pages
        return {
            "calls": len(watcher._calls),
            "feeds": sum(map(len, watcher._feeds.values())),
            "tenants": len(watcher._tenants),
            "readings": len(pages._reading),
            "connections": self.services.database._in_use + self.rpc._database._in_use,
            "transactions": self._transactions(),
        }

    def _transactions(self) -> int:
        with self.database.connect() as connection:
            row = connection.execute(
                "select count(*) from pg_stat_activity where datname = current_database()"
                " and usename = 'ves_api' and state <> 'idle'"
            ).fetchone()
        assert row is not None
        return int(row[0])

    async def until_nothing_is_left(self, tasks: int) -> None:
        """Wait until there are no more than so many tasks, and nothing of a call."""
        deadline = time.monotonic() + 30
        while True:
            left, running = self.left(), len(asyncio.all_tasks())
            if not any(left.values()) and running <= tasks:
                return
            assert time.monotonic() < deadline, (left, running, tasks)
            await asyncio.sleep(0.02)


async def as_coroutine(work: Awaitable[Any]) -> Any:
    return await work


@pytest.fixture
async def process(database: Database, stubs: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Process]:
    cutter, make, both = Cutter(), grpc.aio.server, sync_stream._first_to_end

    async def counted(*works: Any) -> None:
        await both(*[as_coroutine(Counted(cutter, work)) for work in works])

    monkeypatch.setattr(rpc_server.grpc.aio, "server", lambda **given: make(interceptors=[cutter], **given))
    monkeypatch.setattr(sync_stream, "_first_to_end", counted)
    running = Process(database, cutter)
    await running.start()
    yield running
    await running.stop()


async def read_then_cancel(call: Any, messages: int) -> None:
    """Read so many messages; cancelled also where the reading is: a call that is only dropped ends when the collector comes."""
    try:
        for _ in range(messages):
            if await call.read() is grpc.aio.EOF:
                return
    finally:
        call.cancel()


class Calls:
    """One call of each kind, of an agent whose stream holds two events."""

    def __init__(self, process: Process, agent: Agent) -> None:
        self._process, self._agent = process, agent
        self._v2, self._stream = module("v2"), stream_of(agent)
        self.pushed: list[Any] = []

    @property
    def _metadata(self) -> tuple[tuple[str, str], ...]:
        """A new key each time, so that the call also waits for its identity."""
        return (("x-api-key", mint(self._process.database, self._agent.tenant_id)), TRACE)

    async def push(self) -> None:
        self.pushed.append(push_request(self._agent, envelope(self._agent)))
        await self._process.v2.Push(self.pushed[-1], metadata=self._metadata)

    async def legacy_push(self) -> None:
        await self._process.v1.Push(
            legacy_push(self._agent, legacy_envelope(self._agent)), metadata=self._metadata
        )

    async def pull(self) -> None:
        await self._process.v2.PullEvents(
            self._v2.PullEventsRequest(**self._stream, from_sequence=1), metadata=self._metadata
        )

    async def sync_state(self) -> None:
        await self._process.v2.GetSyncState(
            self._v2.GetSyncStateRequest(**self._stream), metadata=self._metadata
        )

    async def refused(self) -> None:
        request = self._v2.GetSyncStateRequest(**self._stream)
        with pytest.raises(grpc.aio.AioRpcError, match=r"UNAUTHENTICATED|CANCELLED|UNKNOWN"):
            await self._process.v2.GetSyncState(request, metadata=(("x-api-key", "ss_none"),))

    async def stream_events(self) -> None:
        request = self._v2.StreamEventsRequest(**self._stream, include_history=True)
        await read_then_cancel(self._process.v2.StreamEvents(request, metadata=self._metadata), 2)

    async def subscribe_entity(self) -> None:
        request = self._v2.SubscribeEntityRequest(
            **self._stream, entity_type="order", entity_id="O-1", include_history=True
        )
        await read_then_cancel(self._process.v2.SubscribeEntity(request, metadata=self._metadata), 2)

    async def legacy_pull(self) -> None:
        request = module("v1").PullRequest(
            **self._stream, from_sequence=0, batch_size=1, wait_for_new=True, wait_timeout_ms=50
        )
        await read_then_cancel(self._process.v1.Pull(request, metadata=self._metadata), 3)

    async def sync_stream(self) -> None:
        call = self._process.v2.SyncStream(metadata=self._metadata)
        try:
            await call.write(self._v2.SyncMessage(push=push_request(self._agent, envelope(self._agent))))
            await call.write(self._v2.SyncMessage(ack=self._v2.EventAck(agent_head_sequence=1)))
            await read_then_cancel(call, 2)
        finally:
            call.cancel()


def cancelled_calls() -> float:
    samples = [sample for metric in metrics._grpc_requests.collect() for sample in metric.samples]
    return sum(sample.value for sample in samples if sample.labels["code"] == "CANCELLED")


@pytest.mark.parametrize("kind", [name for name in vars(Calls) if not name.startswith("_")])
async def test_a_call_that_is_cancelled_at_any_await_leaves_nothing(
    process: Process, database: Database, kind: str
) -> None:
    agent = Agent()
    with database.connect("ves_admin") as connection:
        connection.execute(
            "select ves.register_agent_key(%s, %s, %s, %s)",
            [agent.tenant_id, agent.agent_id, agent.key_id, agent.public_key],
        )
    calls, cutter = Calls(process, agent), process.cutter
    for first in (calls.push, calls.push, calls.legacy_push, calls.legacy_push, getattr(calls, kind)):
        await first()
    await process.until_nothing_is_left(tasks := len(asyncio.all_tasks()))
    counted = cancelled_calls()
    for at in range(1, MOST_AWAITS):
        cutter.at = at
        cutter.has_cut.clear()
        call = asyncio.create_task(getattr(calls, kind)())
        cut = asyncio.create_task(cutter.has_cut.wait())
        await asyncio.wait([call, cut], return_when=asyncio.FIRST_COMPLETED, timeout=20)
        for task in (cut, call):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if not cutter.has_cut.is_set():
            break
    assert 1 < at < MOST_AWAITS - 1, "every await of the call was cut, and there were some"
    await process.until_nothing_is_left(tasks)
    assert cancelled_calls() > counted, "the metrics count calls that their clients end"
    cutter.at = 0
    await getattr(calls, kind)()
    for request in calls.pushed:
        answer = await process.v2.Push(request, metadata=calls._metadata)
        assert answer.events_rejected == 0, "what was cut is stored once, by the call or by its repetition"
    with database.connect() as connection:
        numbers = connection.execute(
            "select sequence_number from ves_store.ves_events where tenant_id = %s order by 1",
            [agent.tenant_id],
        ).fetchall()
    whole([number for (number,) in numbers])
