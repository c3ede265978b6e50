"""Clients that hold connections, never read, or call without end: bounded memory, and others are served."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import empty_pb2

from tests.api.support import Agent, post
from tests.rpc.support import Clients, Follower, module, stream_of, target, whole
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.processes import Server

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


@pytest.fixture
def v2(stubs: None) -> Any:
    return module("v2")


def private_mb(server: Server) -> float:
    """Memory that the server and its worker have written. Their programs' pages are private or not as other tests' servers come and go."""
    assert server.process is not None
    assert not server.is_forked, "a forked process shares memory, and writes to it"
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    total = 0
    for pid in (str(server.process.pid), *children):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Private_Dirty"):
                total += int(line.split()[1])
    return total / 1024


def ask(clients: Clients) -> float:
    """The seconds that one call takes."""
    started = time.monotonic()
    clients.call(clients.v2.GetHealth, empty_pb2.Empty(), timeout=10)
    return time.monotonic() - started


def test_half_open_connections_do_not_stop_others(server: Server, grpc_admin: Clients) -> None:
    host, port = target(server).split(":")
    held = []
    try:
        for number in range(600):
            connection = socket.create_connection((host, int(port)), timeout=10)
            held.append(connection)
            # A third says nothing, a third begins HTTP/2, a third begins a header that never ends.
            connection.sendall(
                (b"", _PREFACE + _SETTINGS, _PREFACE + _SETTINGS + b"\x00\x10\x00\x01\x00\x00\x00\x00\x01")[
                    number % 3
                ]
            )
        assert ask(grpc_admin) < 5
        with Clients(server) as new:
            assert ask(new) < 5
    finally:
        for connection in held:
            connection.close()
    assert ask(grpc_admin) < 5


async def test_thousands_of_calls_at_once_each_have_a_status_that_says_why(
    start_rpc_server: Callable[..., Server], v2: Any
) -> None:
    request = v2.StreamEventsRequest(**stream_of(Agent())).SerializeToString()
    async with grpc.aio.insecure_channel(target(start_rpc_server())) as channel:
        method = channel.unary_stream("/stateset.sequencer.v2.Sequencer/StreamEvents")
        calls = [method(request) for _ in range(4_000)]
        codes = Counter([await call.code() for call in calls])
    assert codes == {grpc.StatusCode.UNAUTHENTICATED: 4_000}, "the library ends none at random"


async def test_clients_that_never_read_hold_little_memory_and_delay_nobody(
    start_rpc_server: Callable[..., Server], v2: Any
) -> None:
    server, agent = start_rpc_server(is_forked=False), Agent()
    with server.client() as http:
        agent.register(http)
        for _ in range(10):
            events = [agent.event({"text": "x" * 20_000}) for _ in range(50)]
            assert post(http, agent.body(*events)).status_code == 200
    request = v2.StreamEventsRequest(**stream_of(agent), include_history=True)
    async with AsyncExitStack() as stack:
        before = private_mb(server)
        for _ in range(40):
            await stack.enter_async_context(Follower(server, "StreamEvents", request))
        async with Follower(server, "StreamEvents", request) as reader:
            whole(await reader.numbers(500, seconds=60))
        # 40 clients of a stream of 10 MB: without back-pressure these would be 400 MB.
        await asyncio.to_thread(wait_until, lambda: private_mb(server) - before <= 100)


@pytest.mark.parametrize("pairs", [1_500, pytest.param(50_000, marks=pytest.mark.soak)])
def test_memory_is_flat_over_many_calls(
    start_rpc_server: Callable[..., Server], v2: Any, stubs: None, pairs: int, size: float
) -> None:
    server, agent = start_rpc_server(is_forked=False, RUST_LOG="warn"), Agent()
    state = v2.GetSyncStateRequest(**stream_of(agent))
    wrong = v2.GetSyncStateRequest(tenant_id="x")

    def call(clients: Clients, count: int) -> None:
        for _ in range(count):
            clients.call(clients.v2.GetSyncState, state)
            with pytest.raises(Exception, match="INVALID_ARGUMENT"):
                clients.call(clients.v2.GetSyncState, wrong)

    with Clients(server) as clients:
        call(clients, 300)
        before = private_mb(server)
        call(clients, int(pairs * size))
        assert private_mb(server) - before < 6
