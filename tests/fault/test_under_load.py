"""Sixteen writers, 30 % of whose requests are aborted or repeated; then with processes killed under them."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.fault.checks import check_all
from tests.fault.load import WRITERS, Ledger, Writer, load
from tests.sql.support import Agent

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fault.system import System

SHORT, LONG = 8.0, 60.0
soak = pytest.mark.soak


def make_writers(system: System, streams: int) -> tuple[list[Writer], Ledger]:
    """Each writer has an agent of its own; all of them write to all of the streams."""
    ledger, tenant = Ledger(), uuid.uuid4()
    stores = [uuid.uuid4() for _ in range(streams)]
    writers = []
    with system.connect("ves_admin") as connection:
        for number in range(WRITERS):
            agent = Agent(tenant_id=tenant)
            agent.register(connection)
            agents = [agent.in_store(store) for store in stores]
            writers.append(Writer((system.api.port,), agents, ledger, random.Random(number)))
    return writers, ledger


async def disturb(
    system: System, writers: list[Writer], seconds: float, kill: Callable[[], None], times: int
) -> None:
    """Load with `times` kills spread over it; a process that ended is started again, as the supervisor does."""
    running = asyncio.create_task(load(writers, seconds))
    start = time.monotonic()
    kills = [start + seconds * (number + 1) / (times + 1) for number in range(times)]
    while not running.done():
        await asyncio.wait([running], timeout=0.05)
        if kills and time.monotonic() >= kills[0] and not running.done():
            kills.pop(0)
            await asyncio.to_thread(kill)
        await asyncio.to_thread(system.revive)
    assert not kills
    await running


@pytest.mark.parametrize(
    ("streams", "seconds"),
    [(1, SHORT), (100, SHORT), pytest.param(1, LONG, marks=soak), pytest.param(1000, LONG, marks=soak)],
)
def test_aborted_and_repeated_requests_leave_gapless_streams_with_one_receipt_an_event(
    system: System, streams: int, seconds: float
) -> None:
    writers, ledger = make_writers(system, streams)
    asyncio.run(load(writers, seconds))
    assert ledger.aborts > 50
    assert ledger.repeats > 20
    assert ledger.answers > 100
    assert ledger.refusals == {}, "nothing was killed: nothing may be refused"
    check_all(system, ledger)


@pytest.mark.parametrize("victim", ["api", "api_worker", "worker", "backend", "postmaster"])
@pytest.mark.parametrize(("seconds", "times"), [(6.0, 2), pytest.param(LONG, 6, marks=soak)])
def test_a_kill_under_load_loses_and_doubles_nothing(
    system: System, victim: str, seconds: float, times: int
) -> None:
    writers, ledger = make_writers(system, 7)
    asyncio.run(disturb(system, writers, seconds, getattr(system, f"kill_{victim}"), times))
    assert ledger.answers > 50
    check_all(system, ledger)
