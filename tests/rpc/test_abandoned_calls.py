"""Calls of every method that clients leave at random moments: by deadline, by cancelling, by closing the connection.

The server keeps nothing of them: no session, no lock, no memory; a push is stored whole or not at all. `soak` makes
100,000 calls. `test_cancelled.py` cuts single calls at each of their awaits.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass

from tests.api.support import Agent
from tests.api.test_credentials import mint
from tests.rpc.support import (
    Clients,
    envelope,
    legacy_envelope,
    legacy_push,
    methods,
    module,
    push_request,
    stream_of,
    target,
    whole,
)
from tests.rpc.test_half_open import SESSIONS, raw, sessions
from tests.rpc.test_hostile import private_mb
from tests.sql.support import scalar
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message

    from tests.conftest import Database
    from tests.support.processes import Server

LONGEST_SECONDS = 0.02
AT_ONCE = 8
OF_A_CHANNEL = 200
SLICES = 10
EVENTS = 3
MOST_BYTES = 150
WAYS = ("deadline", "deadline", "cancel", "cancel", "connection")


class Requests:
    """Requests of each method of one agent; notes the events of each push."""

    def __init__(self, agent: Agent, seed: int) -> None:
        self._agent, self._random = agent, random.Random(seed)
        self.pushed: list[set[str]] = []
        self.pushed_legacy: list[set[str]] = []

    def of(self, method: Any) -> Any:
        """A request: a push of new events, else what the agent's stream may be asked for."""
        if method.name == "Push":
            is_legacy = method.full_name.startswith("stateset.sequencer.v1")
            return self._legacy_push() if is_legacy else self._push()
        if method.name == "SyncStream":
            return module("v2").SyncMessage(push=self._push())
        return GetMessageClass(method.input_type)(**self._members(method.input_type))

    def _members(self, message: Any) -> dict[str, Any]:
        number = self._random.randint(2, 40)
        known = {
            **stream_of(self._agent),
            "agent_id": str(self._agent.agent_id),
            "entity_type": "order",
            "entity_id": "O-1",
            "sequence_number": number,
            "include_history": True,
            "from_sequence": 1,
            "wait_for_new": True,
            "key_id": number,
            "key_type": 1,
            "public_key": self._agent.public_key,
        }
        return {name: value for name, value in known.items() if name in message.fields_by_name}

    def _push(self) -> Any:
        events = [envelope(self._agent) for _ in range(EVENTS)]
        self.pushed.append({event.event_id for event in events})
        return push_request(self._agent, *events)

    def _legacy_push(self) -> Any:
        events = [legacy_envelope(self._agent) for _ in range(EVENTS)]
        self.pushed_legacy.append({event.event_id for event in events})
        return legacy_push(self._agent, *events)


class Leaver:
    """Begins calls and leaves them."""

    def __init__(self, server: Server, key: str, requests: Requests) -> None:
        self._server, self._key, self._requests = server, key, requests
        self._methods = list(methods())
        self._random = random.Random(20261130)
        self.codes: Counter[str] = Counter()

    async def run(self, calls: int) -> None:
        """Make so many calls, AT_ONCE at a time; channels are closed while their last calls are under way."""
        left = calls
        while left > 0:
            channel = grpc.aio.insecure_channel(
                target(self._server), options=[("grpc.use_local_subchannel_pool", 1)]
            )
            tasks: set[asyncio.Task[None]] = set()
            for _ in range(min(left, OF_A_CHANNEL)):
                if len(tasks) == AT_ONCE:
                    _, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                tasks.add(asyncio.create_task(self._leave_one(channel)))
            await channel.close()
            await asyncio.gather(*tasks, return_exceptions=True)
            left -= OF_A_CHANNEL

    async def _leave_one(self, channel: grpc.aio.Channel) -> None:
        path, method = self._random.choice(self._methods)
        request = self._requests.of(method)
        seconds, way = self._random.uniform(0, LONGEST_SECONDS), self._random.choice(WAYS)
        if way == "connection":
            with raw(self._server, window=self._random.choice((0, 65_535))) as peer:
                peer.begin()
                peer.call(path, request, self._key)
                await asyncio.sleep(seconds)
            return
        call = self._begin(channel, path, method, request, seconds if way == "deadline" else None)
        try:
            async with asyncio.timeout(seconds if way == "cancel" else 10):
                await self._read(call)
        except TimeoutError:
            call.cancel()
        except (grpc.aio.AioRpcError, grpc.aio.UsageError, asyncio.InvalidStateError):
            pass
        with suppress(asyncio.CancelledError):
            self.codes[(await call.code()).name] += 1

    def _begin(
        self, channel: grpc.aio.Channel, path: str, method: Any, request: Message, timeout: float | None
    ) -> Any:
        given = {"metadata": (("x-api-key", self._key),), "timeout": timeout}
        message = request.SerializeToString()
        if method.client_streaming:
            return channel.stream_stream(path)(iter([message]), **given)
        if method.server_streaming:
            return channel.unary_stream(path)(message, **given)
        return channel.unary_unary(path)(message, **given)

    async def _read(self, call: Any) -> None:
        if isinstance(call, grpc.aio.UnaryUnaryCall):
            await call
            return
        async for _ in call:
            pass


def stored(database: Database, table: str, agent: Agent) -> dict[str, int]:
    """The numbers of the agent's events by id."""
    with database.connect() as connection:
        rows = connection.execute(
            f"select event_id::text, sequence_number from ves_store.{table} where tenant_id = %s"
            " order by sequence_number",
            [agent.tenant_id],
        ).fetchall()
    return dict(rows)


def busy(database: Database) -> int:
    """Sessions of the API in a statement or a transaction, and locks of such sessions."""
    with database.connect() as connection:
        return int(
            scalar(
                connection,
                "select count(*) from pg_stat_activity as a left join pg_locks as l using (pid)"
                " where a.usename = 'ves_api' and a.datname = current_database()"
                " and (a.state <> 'idle' or l.pid is not null)",
            )
        )


@pytest.mark.parametrize("calls", [2_000, pytest.param(100_000, marks=pytest.mark.soak)])
async def test_calls_that_are_left_at_random_moments_leave_nothing(
    start_rpc_server: Callable[..., Server], database: Database, stubs: None, calls: int, size: float
) -> None:
    server, agent = start_rpc_server(is_forked=False, RUST_LOG="warn"), Agent()
    with server.client() as http:
        agent.register(http)
    requests = Requests(agent, calls)
    leaver = Leaver(server, mint(database, agent.tenant_id, admin=True), requests)
    sizes = []
    for _ in range(SLICES):
        await leaver.run(int(calls * size) // SLICES)
        sizes.append(private_mb(server))
    print(leaver.codes, "private_mb", sizes)
    await asyncio.to_thread(wait_until, lambda: busy(database) == 0, "sessions are idle and hold no lock")
    assert sessions(database) <= SESSIONS
    for table, pushes in (("ves_events", requests.pushed), ("events", requests.pushed_legacy)):
        numbers = stored(database, table, agent)
        whole(list(numbers.values()))
        assert {len(push & numbers.keys()) for push in pushes} == {0, EVENTS}, (
            "some not at all, the others whole"
        )
    with Clients(server) as clients:
        answer = clients.call(clients.v2.Push, push_request(agent, envelope(agent)))
        assert answer.events_accepted == 1
    assert "Traceback" not in server.log_text(), "a client that leaves is no failure of the server"
    # The allocator's share comes and goes; a call that stayed would be several kB.
    assert max(sizes) - sizes[0] < max(8, MOST_BYTES * calls * size / 1e6), sizes
