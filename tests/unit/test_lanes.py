"""Threads shared out between tenants: nobody's work keeps all of them, and turns go round."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

from ves_api.lanes import Effort, Lanes


@asynccontextmanager
async def held(lanes: Lanes, *keys: str) -> AsyncIterator[list[str]]:
    """One blocked job for each key; answers the list of those that have begun, in order. Released at the end."""
    begun: list[str] = []
    release = threading.Event()

    def block(key: str) -> None:
        begun.append(key)
        assert release.wait(20)

    jobs = [asyncio.create_task(lanes.run(key, partial(block, key))) for key in keys]
    await asyncio.sleep(0)
    try:
        yield begun
    finally:
        release.set()
        await asyncio.gather(*jobs)


async def soon(lanes: Lanes, key: str) -> str:
    return await asyncio.wait_for(lanes.run(key, lambda: key), 10)


async def test_anothers_work_is_done_while_one_keys_jobs_are_all_stuck() -> None:
    lanes = Lanes()
    async with held(lanes, *["hostile"] * 8) as begun:
        assert await soon(lanes, "other") == "other"
        assert begun == ["hostile"]


async def test_turns_go_round_the_keys() -> None:
    lanes, order = Lanes(), []
    async with held(lanes, "x", "x", "y", "z"):
        jobs = [
            asyncio.create_task(lanes.run(key, partial(order.append, key)))
            for key in ("a", "a", "a", "a", "b", "c")
        ]
        await asyncio.sleep(0)
        assert order == []
    await asyncio.gather(*jobs)
    assert order[-1] == "a"
    assert sorted(order[:-1]) == ["a", "a", "a", "b", "c"]


async def test_a_job_whose_caller_is_gone_is_never_begun() -> None:
    lanes, ran = Lanes(), []
    async with held(lanes, "a", "a"):
        waiting = asyncio.create_task(lanes.run("a", partial(ran.append, 1)))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert await soon(Lanes(), "a") == "a"
    assert ran == []


async def test_an_exception_reaches_the_caller_and_the_lane_goes_on() -> None:
    lanes = Lanes()

    def fail() -> None:
        raise ValueError("wrong")

    for _ in range(5):
        with pytest.raises(ValueError, match="wrong"):
            await lanes.run("a", fail)
    assert await soon(lanes, "a") == "a"


async def test_small_work_is_done_at_once_short_work_in_a_turn_and_large_work_in_a_thread() -> None:
    lanes, here = Lanes(), threading.get_ident()
    for size, is_here in ((1, True), (4_096, True), (4_097, True), (24_576, True), (24_577, False)):
        where = await lanes.run("tenant", threading.get_ident, Effort.of(size))
        assert (where == here) is is_here
    assert [Effort.of(size) for size in (4_096, 4_097, 24_577)] == list(Effort)
