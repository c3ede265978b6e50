"""Large bodies: who may send how much, and that other work is done while they are decoded."""

from __future__ import annotations

import asyncio
import os
import re
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
import pytest
import uvloop

from tests.api.support import Agent, assert_error
from tests.support.processes import Server
from ves.errors import RequestRefused
from ves.ingest import parse_request
from ves.json_scan import is_dense
from ves_api.children.pool import LargeWork
from ves_api.http.binding import Route
from ves_api.http.routes import ROUTES
from ves_api.operations.kit import BODY_BYTES, LARGE_BODY_BYTES
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

TENANT, OTHER = UUID(int=1), UUID(int=2)


def white_space(size: int) -> bytes:
    return b"{}" + b" " * (size - 2)


@pytest.mark.parametrize(
    "route",
    # Registration is off here, which is said before the body is read.
    [r for r in ROUTES if r.operation.body is not None and r.operation.name != "register_agent"],
    ids=lambda r: r.operation.name,
)
def test_each_operation_has_the_longest_body_that_it_needs(admin: httpx.Client, route: Route) -> None:
    """One byte more is a 413 that names the limit; a body of exactly that length is decoded, and lacks members."""
    most = 10_485_760 if route.operation.raw_body is not None else route.operation.body_bytes
    assert most in {BODY_BYTES, LARGE_BODY_BYTES, 10_485_760}
    path = re.sub(r"{(\w+)}", lambda name: "1" if name[1] == "key_id" else str(TENANT), route.template)

    def sent(size: int) -> httpx.Response:
        headers = {"content-type": "application/json"}
        return admin.request(route.method, path, content=white_space(size), headers=headers)

    assert assert_error(sent(most + 1), 413, "PAYLOAD_TOO_LARGE")["details"] == {"limit": most}
    assert sent(most).status_code in {400, 404, 422}


async def test_the_event_loop_is_free_while_a_child_decodes() -> None:
    """Turns of the loop are counted, not timed: there are many while one body of 8 MB is decoded."""
    work, body = (
        LargeWork(),
        b'{"agentId":' + b"[" * 100 + b"]" * 100 + b'"events":[' + b"{}," * 2_700_000 + b"1]}",
    )
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    with pytest.raises(RequestRefused) as refusal:
        await work.call(TENANT, parse_request, body)
    counting.cancel()
    await work.end()
    assert refusal.value.name == "malformed_json"
    assert turns > 500


async def test_tenants_take_turns() -> None:
    work = LargeWork()
    order: list[UUID] = []

    async def one(tenant: UUID) -> None:
        assert await work.call(tenant, len, b"abc") == 3
        order.append(tenant)

    await asyncio.gather(*[one(TENANT) for _ in range(3)], one(OTHER))
    assert order[-1] == TENANT
    await work.end()


# The event loops differ in what they raise for a pipe that the other side has closed.
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_child_that_died_before_a_call_is_replaced_and_one_that_dies_of_it_is_told(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def calls() -> None:
        work = LargeWork()
        assert await work.call(TENANT, len, b"abc") == 3
        [child] = work._children._idle
        child.kill()
        await child.wait()
        assert await work.call(TENANT, len, bytes(1_000_000)) == 1_000_000
        with pytest.raises(ApiError) as refusal:
            await work.call(TENANT, os._exit, 1)
        assert (refusal.value.name, refusal.value.status) == ("overloaded", 503)
        assert await work.call(TENANT, len, b"abc") == 3
        await work.end()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(calls())


async def test_what_a_child_raises_arrives_with_all_its_members() -> None:
    work = LargeWork()
    with pytest.raises(RequestRefused) as refusal:
        await work.call(TENANT, parse_request, b'{"agentId":"x"}')
    assert (refusal.value.name, refusal.value.details) == ("invalid_shape", {"field": "$.agentId"})
    await work.end()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"note":"' + b"x" * 500 + b'","lines":[1,2,3]}', False),
        (b"[" + b"1e300," * 1000 + b"1]", True),
        (b"[" + b"[[]]," * 1000 + b"1]", True),
        (b"{" + b'"k":0,' * 1000 + b'"k":0}', True),
    ],
)
def test_a_body_of_many_values_is_told_from_a_usual_one(body: bytes, expected: bool) -> None:
    assert is_dense(body) is expected


@pytest.mark.parametrize("size", [60_000, 1_000_000], ids=["dense", "large"])
def test_large_batches_are_stored_as_small_ones(server: Server, agent: Agent, size: int) -> None:
    payload = b"[" + b"1e300," * (size // 6) + b"1]"
    with server.client() as client:
        event = agent.event(raw=payload)
        first = agent.ingest(client, event)
        assert first.json()["eventsAccepted"] == 1
        assert agent.ingest(client, event).json()["receipts"] == first.json()["receipts"]
        wrong = agent.event(raw=payload, payload_kind=2)
        assert_error(agent.ingest(client, wrong), 422, "INVALID_REQUEST_BODY")
