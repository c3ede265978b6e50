"""SyncStream: answers in order, live events of every stream in scope, acknowledgements that a reconnect goes on from."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from tests.api.support import Agent, post
from tests.api.test_credentials import mint
from tests.rpc.support import BOTH_STUBS, Follower, envelope, module, push_request, stream_of, whole
from ves_api.rpc.watcher import FREE_MESSAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

pytestmark = BOTH_STUBS
CODE = grpc.StatusCode


@pytest.fixture
def v2(stubs: None) -> Any:
    return module("v2")


def sync(server: Server, database: Database, agent: Agent, **rights: Any) -> Follower:
    return Follower(server, "SyncStream", None, key=mint(database, agent.tenant_id, **rights))


def append(client: httpx.Client, agent: Agent, count: int = 1) -> None:
    answer = post(client, agent.body(*[agent.event() for _ in range(count)]))
    assert answer.json()["eventsAccepted"] == count, answer.text


async def kinds(stream: Follower, count: int) -> list[str]:
    return [(await stream.read()).WhichOneof("message") for _ in range(count)]


async def events(stream: Follower, count: int) -> list[tuple[str, int]]:
    """(store, number) of the next messages, all of them events."""
    found = []
    for _ in range(count):
        message = await stream.read()
        assert message.WhichOneof("message") == "event", message
        found.append((message.event.envelope.store_id, message.event.sequence_number))
    return found


async def test_messages_are_answered_in_the_order_of_their_arrival(
    server: Server, api_database: Database, agent: Agent, v2: Any
) -> None:
    async with sync(server, api_database, agent) as stream:
        await stream.call.write(v2.SyncMessage(push=push_request(agent, envelope(agent), request_id="a")))
        await stream.call.write(v2.SyncMessage(heartbeat=v2.Heartbeat(last_seen_sequence=7)))
        await stream.call.write(
            v2.SyncMessage(pull=v2.PullEventsRequest(**stream_of(agent), from_sequence=1))
        )
        await stream.call.write(v2.SyncMessage())
        await stream.call.write(v2.SyncMessage(sync_state=v2.SyncState()))
        await stream.call.write(v2.SyncMessage(heartbeat=v2.Heartbeat(last_seen_sequence=8)))
        received = [await stream.read() for _ in range(5)]
    answers = [m for m in received if m.WhichOneof("message") != "event"]
    assert [m.WhichOneof("message") for m in answers] == [
        "push_response",
        "server_heartbeat",
        "pull_response",
        "server_heartbeat",
    ]
    assert (answers[0].push_response.request_id, answers[0].push_response.head_sequence) == ("a", 1)
    assert (
        answers[1].server_heartbeat.last_seen_sequence,
        answers[3].server_heartbeat.last_seen_sequence,
    ) == (7, 8)
    assert answers[1].server_heartbeat.timestamp.nanos == 0
    assert [e.sequence_number for e in answers[2].pull_response.events] == [1]
    [own] = [m.event for m in received if m.WhichOneof("message") == "event"]
    assert own.sequence_number == 1


async def test_every_stream_in_scope_comes_from_the_start_of_the_call_on(
    server: Server, api_database: Database, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    other, foreign = dataclasses.replace(agent, store_id=uuid.uuid4()), Agent()
    foreign.register(admin)
    append(admin, agent, 3)
    async with sync(server, api_database, agent) as wide:
        narrow = sync(server, api_database, agent, stores=(other.store_id,))
        async with narrow, Follower(server, "SyncStream", None) as everything:
            await asyncio.to_thread(append, admin, agent, 2)
            await asyncio.to_thread(append, admin, foreign)
            await asyncio.to_thread(append, admin, other)
            here, there = str(agent.store_id), str(other.store_id)
            assert sorted(await events(wide, 3)) == sorted([(here, 4), (here, 5), (there, 1)])
            assert await events(narrow, 1) == [(there, 1)]
            mine = {here, there, str(foreign.store_id)}
            seen: list[tuple[str, int]] = []
            while len(seen) < 4:
                seen += [event for event in await events(everything, 1) if event[0] in mine]
            assert sorted(seen) == sorted([(here, 4), (here, 5), (there, 1), (str(foreign.store_id), 1)])


async def test_many_streams_that_move_at_once_come_whole(
    server: Server, api_database: Database, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    agents = [dataclasses.replace(agent, store_id=uuid.uuid4()) for _ in range(6)]

    def write(writer: Agent) -> None:
        with server.client() as client:
            for _ in range(20):
                append(client, writer, 5)

    async with sync(server, api_database, agent) as stream:
        writing = [asyncio.to_thread(write, writer) for writer in agents]
        _, *_ = await asyncio.gather(read := asyncio.ensure_future(events(stream, 600)), *writing)
    for writer in agents:
        whole([number for store, number in read.result() if store == str(writer.store_id)])


async def test_a_reconnect_goes_on_after_what_the_agent_acknowledged(
    server: Server, api_database: Database, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    rights = {"agent_id": agent.agent_id, "stores": (agent.store_id,)}
    async with sync(server, api_database, agent, **rights) as stream:
        await asyncio.to_thread(append, admin, agent, 4)
        whole([number for _, number in await events(stream, 4)])
        ack = v2.EventAck(sequence_numbers=[2], agent_head_sequence=1)
        await stream.call.write(v2.SyncMessage(ack=ack))
        await stream.call.write(v2.SyncMessage(heartbeat=v2.Heartbeat()))
        assert await kinds(stream, 1) == ["server_heartbeat"]
    append(admin, agent, 1)
    async with sync(server, api_database, agent, **rights) as stream:
        assert [number for _, number in await events(stream, 3)] == [3, 4, 5]
    query = {"tenant_id": str(agent.tenant_id)}
    rows = (await asyncio.to_thread(admin.get, "/api/v1/admin/agents", params=query)).json()
    mine = [r for r in rows if r["agentId"] == str(agent.agent_id)]
    assert [(r["storeId"], r["lastPulledSequence"]) for r in mine] == [(str(agent.store_id), 2)]
    assert mine[0]["lastSyncAt"]


async def test_an_acknowledgement_never_falls_and_never_passes_the_head(
    server: Server, api_database: Database, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    append(admin, agent, 3)
    rights = {"agent_id": agent.agent_id, "stores": (agent.store_id,)}
    async with sync(server, api_database, agent, **rights) as stream:
        for head in (3, 1):
            await stream.call.write(v2.SyncMessage(ack=v2.EventAck(agent_head_sequence=head)))
        await stream.call.write(v2.SyncMessage(heartbeat=v2.Heartbeat()))
        await kinds(stream, 1)
        with api_database.connect("ves_admin") as connection:
            [row] = connection.execute(
                "select last_pulled_sequence from ves.list_agent_positions(%s, %s)",
                [agent.tenant_id, agent.agent_id],
            ).fetchall()
        assert row == (3,)
        await stream.call.write(v2.SyncMessage(ack=v2.EventAck(agent_head_sequence=4)))
        assert (await stream.failure()).code() is CODE.FAILED_PRECONDITION


async def test_an_acknowledgement_without_a_known_stream_has_no_effect(
    server: Server, api_database: Database, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    append(admin, agent, 3)
    async with sync(server, api_database, agent) as stream:
        await stream.call.write(v2.SyncMessage(ack=v2.EventAck(agent_head_sequence=2)))
        await stream.call.write(v2.SyncMessage(heartbeat=v2.Heartbeat()))
        assert await kinds(stream, 1) == ["server_heartbeat"]


@pytest.mark.parametrize("kind", ["push", "pull", "form", "scope"])
async def test_an_error_is_the_terminal_status(
    server: Server, api_database: Database, agent: Agent, v2: Any, kind: str
) -> None:
    message = {
        "push": v2.SyncMessage(push=push_request(agent)),
        "pull": v2.SyncMessage(pull=v2.PullEventsRequest(tenant_id="x")),
        "form": v2.SyncMessage(
            push=push_request(agent, envelope(agent, event_id=str(uuid.uuid4())), agent_id="x")
        ),
        "scope": v2.SyncMessage(pull=v2.PullEventsRequest(**stream_of(Agent()))),
    }[kind]
    async with sync(server, api_database, agent) as stream:
        await stream.call.write(message)
        error = await stream.failure()
        assert error.code() is (CODE.PERMISSION_DENIED if kind == "scope" else CODE.INVALID_ARGUMENT)


async def test_a_writer_gets_answers_but_no_events(
    server: Server, api_database: Database, agent: Agent, v2: Any
) -> None:
    async with sync(server, api_database, agent, read=False) as stream:
        await stream.call.write(v2.SyncMessage(push=push_request(agent, envelope(agent))))
        assert await kinds(stream, 1) == ["push_response"]
        for _ in range(3):
            await stream.call.write(v2.SyncMessage(push=push_request(agent, envelope(agent))))
        assert await kinds(stream, 3) == ["push_response"] * 3


async def test_the_call_ends_well_when_the_client_half_closes(
    server: Server, api_database: Database, agent: Agent, v2: Any
) -> None:
    async with sync(server, api_database, agent) as stream:
        await stream.call.write(v2.SyncMessage(heartbeat=v2.Heartbeat()))
        await stream.call.done_writing()
        assert await kinds(stream, 1) == ["server_heartbeat"]
        assert await asyncio.wait_for(stream.call.read(), 20) is grpc.aio.EOF
        assert await stream.call.code() is CODE.OK


async def test_each_message_counts_against_the_rate_limit(
    start_rpc_server: Callable[..., Server], v2: Any
) -> None:
    server, agent = start_rpc_server(RATE_LIMIT_PER_MINUTE="3"), Agent()
    async with Follower(server, "SyncStream", None) as stream:
        for _ in range(3):
            await stream.call.write(v2.SyncMessage(pull=v2.PullEventsRequest(**stream_of(agent))))
        assert await kinds(stream, 2) == ["pull_response"] * 2
        assert (await stream.failure()).code() is CODE.RESOURCE_EXHAUSTED


async def test_acknowledgements_beyond_those_of_a_second_are_recorded_later(
    server: Server, api_database: Database, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    append(admin, agent, 2)
    rights = {"agent_id": agent.agent_id, "stores": (agent.store_id,)}
    async with sync(server, api_database, agent, **rights) as stream:
        for _ in range(FREE_MESSAGES + 20):
            await stream.call.write(v2.SyncMessage(ack=v2.EventAck(agent_head_sequence=1)))
        await stream.call.write(v2.SyncMessage(ack=v2.EventAck(agent_head_sequence=2)))
        await stream.call.write(v2.SyncMessage(heartbeat=v2.Heartbeat()))
        assert await kinds(stream, 1) == ["server_heartbeat"]
    statement = "select last_pulled_sequence from ves.list_agent_positions(%s, %s)"
    with api_database.connect("ves_admin") as connection:
        assert connection.execute(statement, [agent.tenant_id, agent.agent_id]).fetchall() == [(2,)]
