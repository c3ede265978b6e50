"""History then live: every number once and in order, for writes through any process and any door (grpc-api 3.4)."""

from __future__ import annotations

import asyncio
import signal
import time
import uuid
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from tests.api.support import Agent, post
from tests.api.test_credentials import mint, revoke
from tests.rpc.support import (
    BOTH_STUBS,
    Clients,
    Follower,
    envelope,
    legacy_envelope,
    legacy_push,
    module,
    push_request,
    refused,
    stream_of,
    whole,
)
from tests.support.processes import BOOTSTRAP_KEY
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

CODE = grpc.StatusCode


@pytest.fixture
def v2(stubs: None) -> Any:
    return module("v2")


def append(client: httpx.Client, agent: Agent, count: int, **changes: Any) -> None:
    answer = post(client, agent.body(*[agent.event(**changes) for _ in range(count)]))
    assert answer.json()["eventsAccepted"] == count, answer.text


@pytest.mark.parametrize("broken", [[1, 3], [1, 1, 2], [2, 1], [2, 3]])
def test_the_check_finds_a_skip_a_repeat_and_a_reorder(broken: list[int]) -> None:
    whole([1, 2, 3])
    with pytest.raises(AssertionError):
        whole(broken)


@BOTH_STUBS
async def test_history_and_then_live_events_come_once_and_in_order(
    server: Server, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    append(admin, agent, 600)
    request = v2.StreamEventsRequest(**stream_of(agent), include_history=True)
    async with Follower(server, "StreamEvents", request) as stream:
        numbers = await stream.numbers(600)
        for _ in range(5):
            await asyncio.to_thread(append, admin, agent, 20)
        numbers += await stream.numbers(100)
    whole(numbers)


async def test_without_history_only_what_follows_comes(
    server: Server, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    append(admin, agent, 3)
    request = v2.StreamEventsRequest(**stream_of(agent), from_sequence=1)
    async with Follower(server, "StreamEvents", request) as stream:
        await asyncio.to_thread(append, admin, agent, 2)
        assert await stream.numbers(2) == [4, 5]


async def test_a_subscription_may_begin_at_any_number_even_one_that_does_not_exist_yet(
    server: Server, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    append(admin, agent, 3)
    for first in (2, 4, 6):
        request = v2.StreamEventsRequest(**stream_of(agent), from_sequence=first, include_history=True)
        async with Follower(server, "StreamEvents", request) as stream:
            await asyncio.to_thread(append, admin, agent, 3)
            assert await stream.numbers(1) == [first]


async def test_writes_of_every_door_and_process_are_followed_under_load(
    start_rpc_server: Callable[..., Server], database: Database, v2: Any
) -> None:
    """Two processes, HTTP, gRPC and SQL write to one stream at once while eight subscribers follow it."""
    first, second = start_rpc_server(), start_rpc_server()
    agent, total = Agent(), 4 * 25 * 8
    with first.client() as http:
        agent.register(http)
        append(http, agent, 8)

    def by_http(server: Server) -> None:
        with server.client() as client:
            for _ in range(25):
                append(client, agent, 8)

    def by_grpc(server: Server) -> None:
        with Clients(server) as client:
            for _ in range(25):
                request = push_request(agent, *[envelope(agent) for _ in range(8)])
                assert client.call(client.v2.Push, request).events_accepted == 8

    def by_sql() -> None:
        with database.connect("ves_service") as connection:
            for _ in range(25):
                body = agent.body(*[agent.event() for _ in range(8)]).decode()
                connection.execute("select ves.ingest_signed_request(%s)", [body])

    async def follow(server: Server) -> list[int]:
        request = v2.StreamEventsRequest(**stream_of(agent), include_history=True)
        async with Follower(server, "StreamEvents", request) as stream:
            return await stream.numbers(total + 8, seconds=60)

    followers = [asyncio.create_task(follow(server)) for server in (first, second) * 4]
    await asyncio.gather(
        asyncio.to_thread(by_http, first),
        asyncio.to_thread(by_http, second),
        asyncio.to_thread(by_grpc, second),
        asyncio.to_thread(by_sql),
    )
    for numbers in await asyncio.gather(*followers):
        whole(numbers)


async def test_killed_connections_cost_no_event(
    start_rpc_server: Callable[..., Server], database: Database, v2: Any
) -> None:
    server, agent = start_rpc_server(), Agent()
    with server.client() as http, database.connect() as operator:
        agent.register(http)
        append(http, agent, 1)
        request = v2.StreamEventsRequest(**stream_of(agent), include_history=True)
        async with Follower(server, "StreamEvents", request) as stream:
            numbers = await stream.numbers(1)
            for _ in range(10):
                await asyncio.to_thread(append, http, agent, 10)
                operator.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and usename = 'ves_api'"
                )
            numbers += await stream.numbers(100, seconds=30)
    whole(numbers)


async def test_streams_go_on_soon_after_a_look_that_waited_long_for_the_database(
    server: Server, api_database: Database, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    request = v2.StreamEventsRequest(**stream_of(agent), include_history=True)
    waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and now() - query_start > '1.5 seconds'"
    async with Follower(server, "StreamEvents", request) as stream:
        with api_database.connect() as owner, api_database.connect() as other:
            owner.autocommit = False
            owner.execute("lock table ves_store.ves_sequence_counters in access exclusive mode")
            await asyncio.to_thread(wait_until, lambda: other.execute(waits).fetchone(), "the look waits")
            owner.commit()
        await asyncio.to_thread(append, admin, agent, 2)
        assert await stream.numbers(2, seconds=6) == [1, 2]


async def test_a_hole_in_the_table_ends_the_stream_instead_of_being_skipped(
    start_rpc_server: Callable[..., Server], database: Database, v2: Any
) -> None:
    server, agent = start_rpc_server(), Agent()
    with server.client() as http:
        agent.register(http)
        append(http, agent, 3)
    with database.connect() as owner:
        owner.execute("set session_replication_role to replica")
        owner.execute("delete from ves_store.ves_events where sequence_number = 2")
    request = v2.StreamEventsRequest(**stream_of(agent), include_history=True)
    async with Follower(server, "StreamEvents", request) as stream:
        failure = await stream.failure()
    assert failure.code() is CODE.DATA_LOSS


@BOTH_STUBS
async def test_filters_apply_to_history_and_live_events(
    server: Server, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    def append_two() -> None:
        append(admin, agent, 1, entity_type="order", event_type="order.created")
        append(admin, agent, 1, entity_type="return", event_type="return.requested")

    append_two()
    for wanted, expected in (
        ({"entity_type_filter": ["order"]}, 0),
        ({"event_type_filter": ["x", "return.requested"]}, 1),
        ({"agent_filter": [str(agent.agent_id)], "entity_type_filter": ["return"]}, 1),
    ):
        request = v2.StreamEventsRequest(**stream_of(agent), include_history=True, **wanted)
        async with Follower(server, "StreamEvents", request) as stream:
            await asyncio.to_thread(append_two)
            found = await stream.numbers(2)
            assert {number % 2 for number in found} == {1 - expected}
    too_many = v2.StreamEventsRequest(
        **stream_of(agent),
        agent_filter=[str(uuid.uuid4())] * 2,
        event_type_filter=["same"] * 101,
    )
    with Clients(server) as client, refused(CODE.INVALID_ARGUMENT):
        next(client.call(client.v2.StreamEvents, too_many))


@BOTH_STUBS
async def test_an_entity_is_followed_with_its_history(
    server: Server, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    for entity in ("A", "B", "A"):
        append(admin, agent, 1, entity_id=entity)
    for has_history in (True, False):
        request = v2.SubscribeEntityRequest(
            **stream_of(agent), entity_type="order", entity_id="A", include_history=has_history
        )
        async with Follower(server, "SubscribeEntity", request) as stream:
            before = await stream.numbers(2) if has_history else []
            assert before == ([1, 3] if has_history else [])
            await asyncio.to_thread(append, admin, agent, 1, entity_id="B")
            await asyncio.to_thread(append, admin, agent, 1, entity_id="A")
            [number] = await stream.numbers(1)
            assert number == (5 if has_history else 7)


async def test_a_reader_that_stops_for_a_while_misses_nothing_and_delays_nobody(
    server: Server, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    append(admin, agent, 1)
    request = v2.StreamEventsRequest(**stream_of(agent), include_history=True)
    async with (
        Follower(server, "StreamEvents", request) as slow,
        Follower(server, "StreamEvents", request) as fast,
    ):
        numbers = await slow.numbers(1)
        for _ in range(10):
            await asyncio.to_thread(append, admin, agent, 10, payload={"text": "x" * 50_000})
        whole(await fast.numbers(101))
        numbers += await slow.numbers(100)
    whole(numbers)


async def test_a_revoked_credential_ends_its_streams_within_a_second(
    server: Server, api_database: Database, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    revoked, kept = mint(api_database, agent.tenant_id), mint(api_database, agent.tenant_id)
    request = v2.StreamEventsRequest(**stream_of(agent))
    async with Follower(server, "StreamEvents", request, key=kept) as other:
        async with Follower(server, "StreamEvents", request, key=revoked) as stream:
            revoke(api_database, revoked, agent.tenant_id)
            started = time.monotonic()
            error = await stream.failure()
            assert time.monotonic() - started < 1.0
            assert error.code() is CODE.UNAUTHENTICATED
        await asyncio.to_thread(append, admin, agent, 1)
        assert await other.numbers(1) == [1]


async def test_a_credential_that_loses_a_right_loses_its_streams(
    server: Server, api_database: Database, agent: Agent, v2: Any
) -> None:
    key = mint(api_database, agent.tenant_id)
    request = v2.StreamEventsRequest(**stream_of(agent))
    async with Follower(server, "StreamEvents", request, key=key) as stream:
        with api_database.connect() as connection:
            connection.execute(
                "update ves_store.api_keys set can_read = false where tenant_id = %s", [agent.tenant_id]
            )
        error = await stream.failure()
        assert error.code() is CODE.PERMISSION_DENIED


async def test_streams_are_told_to_go_elsewhere_when_the_server_stops(
    start_rpc_server: Callable[..., Server], v2: Any
) -> None:
    server, agent = start_rpc_server(), Agent()
    request = v2.StreamEventsRequest(**stream_of(agent))
    async with (
        Follower(server, "StreamEvents", request) as stream,
        Follower(server, "SyncStream", None) as sync,
    ):
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        for error in (await stream.failure(), await sync.failure()):
            assert error.code() is CODE.UNAVAILABLE
            assert dict(error.trailing_metadata())["x-error-code"] == "SERVICE_UNAVAILABLE"
    wait_until(lambda: server.process.poll() is not None)
    assert server.process.poll() == 0


async def test_cancelled_calls_leave_nothing_behind(
    server: Server, agent: Agent, v2: Any, admin: httpx.Client
) -> None:
    """Calls that are cancelled at every stage; afterwards a stream works, and the log has no error."""
    request = v2.StreamEventsRequest(**stream_of(agent), include_history=True)
    append(admin, agent, 50)
    for delay in [0.0, 0.001, 0.003, 0.01, 0.03] * 6:
        stream = Follower(server, "StreamEvents", request)
        await stream.open(wait=False)
        await asyncio.sleep(delay)
        await stream.close()
    async with Follower(server, "StreamEvents", request) as stream:
        whole(await stream.numbers(50))
    assert "request_failed" not in server.log_text()
    assert "look_failed" not in server.log_text()


@BOTH_STUBS
async def test_pull_sends_windows_of_numbers_until_the_head(server: Server, v2: Any) -> None:
    sender, v1 = Agent(), module("v1")
    with Clients(server) as client:
        client.call(client.v1.Push, legacy_push(sender, *[legacy_envelope(sender) for _ in range(5)]))

        def pull(**more: Any) -> list[tuple[list[int], int, bool, int]]:
            request = v1.PullRequest(**stream_of(sender), **more)
            return [
                ([e.sequence_number for e in w.events], w.next_sequence, w.has_more, w.head_sequence)
                for w in client.call(client.v1.Pull, request)
            ]

        assert pull(from_sequence=1, batch_size=2) == [
            ([1, 2], 3, True, 5),
            ([3, 4], 5, True, 5),
            ([5], 6, False, 5),
        ]
        assert pull(from_sequence=5) == [([5], 6, False, 5)]
        assert pull(from_sequence=9, batch_size=3) == [([], 6, False, 5)]
        assert pull(from_sequence=0, batch_size=5) == [([1, 2, 3, 4], 5, True, 5), ([5], 6, False, 5)]
        filtered = pull(from_sequence=1, batch_size=10, entity_id_filter="none")
        assert filtered == [([], 6, False, 5)]
        started = time.monotonic()
        waited = pull(from_sequence=5, wait_for_new=True, wait_timeout_ms=300)
        assert waited == [([5], 6, False, 5)]
        assert time.monotonic() - started >= 0.3


async def test_pull_waits_for_new_events_when_asked_to(server: Server, v2: Any) -> None:
    sender, v1 = Agent(), module("v1")
    request = v1.PullRequest(**stream_of(sender), batch_size=100, wait_for_new=True)
    with Clients(server) as client:
        async with Follower(server, "Pull", request) as stream:
            for _ in range(3):
                batch = legacy_push(sender, *[legacy_envelope(sender) for _ in range(4)])
                await asyncio.to_thread(client.call, client.v1.Push, batch)
            numbers: list[int] = []
            while len(numbers) < 12:
                numbers += [e.sequence_number for e in (await stream.read()).events]
    whole(numbers)


async def test_a_stream_needs_a_right_on_the_stream(
    server: Server, api_database: Database, agent: Agent, v2: Any
) -> None:
    request = v2.StreamEventsRequest(**stream_of(agent))
    for key, code in (
        (mint(api_database, uuid.uuid4()), CODE.PERMISSION_DENIED),
        (mint(api_database, agent.tenant_id, read=False), CODE.PERMISSION_DENIED),
        ("ss_nobody", CODE.UNAUTHENTICATED),
        (BOOTSTRAP_KEY, None),
    ):
        stream = Follower(server, "StreamEvents", request, key=key)
        await stream.open(wait=code is None)
        if code is not None:
            assert (await stream.failure()).code() is code
        await stream.close()
