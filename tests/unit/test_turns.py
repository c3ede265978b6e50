"""Short work in the event loop: at once while there is time, else tenants take turns."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from functools import partial

import pytest

from ves_api import turns
from ves_api.turns import Turns

NAME: ContextVar[str] = ContextVar("name")


@pytest.fixture
def one_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is time for one job in a turn."""
    monkeypatch.setattr(turns, "_SECONDS", 1e-9)


async def test_work_is_done_at_once_while_there_is_time() -> None:
    own, order = Turns(), []

    async def ask(name: str) -> None:
        await own.run("tenant", partial(order.append, name))
        order.append("answered")

    await asyncio.gather(ask("a"), ask("b"))
    assert order == ["a", "answered", "b", "answered"]


@pytest.mark.usefixtures("one_a_turn")
async def test_a_tenant_with_one_request_does_not_wait_for_all_of_another() -> None:
    own, order = Turns(), []
    keys = ["busy"] * 50 + ["other"]
    await asyncio.gather(*(own.run(key, partial(order.append, key)) for key in keys))
    assert order.index("other") <= 2
    assert sorted(order) == sorted(keys)


@pytest.mark.usefixtures("one_a_turn")
async def test_no_turn_of_the_event_loop_does_more_than_there_is_time_for() -> None:
    own, turn, seen = Turns(), 0, []
    jobs = [asyncio.create_task(own.run(n % 3, lambda: seen.append(turn))) for n in range(30)]
    while not all(job.done() for job in jobs):
        turn += 1
        await asyncio.sleep(0)
    assert len(seen) == 30
    assert len(set(seen)) == len(seen)


@pytest.mark.usefixtures("one_a_turn")
async def test_a_job_whose_caller_is_gone_is_not_begun_and_the_next_is() -> None:
    own, order = Turns(), []
    jobs = [asyncio.create_task(own.run("tenant", partial(order.append, n))) for n in range(4)]
    await asyncio.sleep(0)
    jobs[1].cancel()
    jobs[3].cancel()
    await asyncio.wait(jobs)
    assert order == [0, 2]
    await own.run("tenant", partial(order.append, 4))
    assert order == [0, 2, 4]


@pytest.mark.usefixtures("one_a_turn")
async def test_a_failure_is_raised_to_its_own_caller() -> None:
    own = Turns()
    results = await asyncio.gather(
        *(own.run("tenant", partial(divmod, 1, n)) for n in (1, 0, 1)), return_exceptions=True
    )
    assert [type(result) for result in results] == [tuple, ZeroDivisionError, tuple]


@pytest.mark.usefixtures("one_a_turn")
async def test_work_sees_the_context_of_its_caller() -> None:
    own = Turns()

    async def ask(name: str) -> str:
        NAME.set(name)
        return await own.run("tenant", NAME.get)

    assert await asyncio.gather(*map(ask, "abc")) == ["a", "b", "c"]
