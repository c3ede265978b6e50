"""Ends of streaming calls take turns: some at a time, whoever gives up meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from ves_api.rpc import watcher
from ves_edge.errors import ApiError


@pytest.mark.parametrize(
    "end", [asyncio.CancelledError(), grpc.aio.InternalError(), ApiError("shutting_down"), None]
)
async def test_thousands_that_leave_at_once_end_some_at_a_time_however_each_ends(
    end: BaseException | None,
) -> None:
    nothing: Any = None
    calls, left, ended = watcher.Watcher(nothing, nothing, nothing), asyncio.Event(), 0

    async def serve() -> None:
        nonlocal ended
        try:
            async with calls.open(nothing, nothing):
                await left.wait()
                if end is not None:
                    raise end
        finally:
            ended += 1

    tasks, most = [asyncio.create_task(serve()) for _ in range(500)], 0
    left.set()
    while ended < len(tasks):
        before = ended
        await asyncio.sleep(0)
        most = max(most, ended - before)
    assert most == watcher._DEPARTURES
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(one) for one in told} == {type(end)}


async def test_a_call_that_is_cancelled_again_while_it_waits_holds_up_no_other() -> None:
    departures = watcher.Departures()
    calls = [asyncio.create_task(departures.turn()) for _ in range(20)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(one, asyncio.CancelledError) for one in found] == [True, False] * 10
    await departures.turn()


async def test_a_follower_that_leaves_a_stream_leaves_the_others_waiting() -> None:
    feed = watcher.Feed()
    calls = [asyncio.create_task(feed.beyond(0)) for _ in range(3)]
    await asyncio.sleep(0)
    calls[1].cancel()
    await asyncio.sleep(0)
    assert [call.done() for call in calls] == [False, True, False]
    feed.advance(2)
    assert [await calls[0], await calls[2]] == [2, 2]
