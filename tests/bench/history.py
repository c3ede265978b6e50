"""Readers of one stream's whole history, one process each, and the gRPC library without the product."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import grpc.aio
import psycopg

from ves_api.rpc.gen import v2_pb2 as v2

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.events import Agent

_PULL = "/stateset.sequencer.v2.Sequencer/PullEvents"
_BARE = "bench"
_WINDOW = 1000  # what one answer holds at most
_READ = "select sequence_number, payload::text, receipt::text from ves.read_events(%s, %s, %s, %s)"


def pulled(target: str, key: str, agent: Agent, expected: int) -> Callable[[], None]:
    """PullEvents in windows over a channel; RuntimeError unless every number came."""
    channel = grpc.insecure_channel(target)
    pull = channel.unary_unary(
        _PULL,
        request_serializer=v2.PullEventsRequest.SerializeToString,
        response_deserializer=v2.PullEventsResponse.FromString,
    )
    grpc.channel_ready_future(channel).result(60)

    def run() -> None:
        number = 0
        while number < expected:
            request = v2.PullEventsRequest(
                tenant_id=str(agent.tenant_id),
                store_id=str(agent.store_id),
                from_sequence=number + 1,
                limit=_WINDOW,
            )
            events = pull(request, metadata=(("x-api-key", key),)).events
            number = _after(number, [event.sequence_number for event in events])
        channel.close()

    return run


def selected(url: str, agent: Agent, expected: int) -> Callable[[], None]:
    """ves.read_events with decrypted payloads over one connection; RuntimeError unless every number came."""
    connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)

    def run() -> None:
        number = 0
        while number < expected:
            given = [agent.tenant_id, agent.store_id, number, _WINDOW]
            number = _after(number, [row[0] for row in connection.execute(_READ, given)])
        connection.close()

    return run


def _after(number: int, numbers: list[int]) -> int:
    if not numbers or numbers != list(range(number + 1, number + 1 + len(numbers))):
        raise RuntimeError(f"after {number} came {numbers[:2]}")
    return numbers[-1]


def bare_server(port: int, count: int, size: int) -> Callable[[], None]:
    """The library's asyncio server, which answers one call with `count` messages of `size` bytes."""
    runner, served = asyncio.Runner(), asyncio.Event()
    message = bytes(size)

    async def write(_: bytes, call: grpc.aio.ServicerContext) -> None:
        for _number in range(count):
            await call.write(message)
        served.set()

    async def listen() -> grpc.aio.Server:
        server = grpc.aio.server()
        handler = grpc.unary_stream_rpc_method_handler(write)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_BARE, {"Stream": handler}),))
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        return server

    async def serve() -> None:
        await served.wait()
        await server.stop(5)

    server = runner.run(listen())
    return lambda: runner.run(serve())


def bare(port: int) -> Callable[[], None]:
    """Read every message of a `bare_server`, as the reader of StreamEvents does."""

    async def read() -> None:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            async for _ in channel.unary_stream(f"/{_BARE}/Stream")(b""):
                pass

    return lambda: asyncio.run(read())
