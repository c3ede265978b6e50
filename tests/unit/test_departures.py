"""Ends of streaming calls whose peers left take turns: some in each iteration of the event loop, whoever gives up meanwhile."""

from __future__ import annotations

import asyncio

from ves_api.rpc import watcher


async def test_thousands_that_leave_at_once_end_some_in_each_iteration() -> None:
    departures, ended, most = watcher.Departures(), 0, 0

    async def leave() -> None:
        nonlocal ended
        await departures.turn()
        ended += 1

    calls = [asyncio.create_task(leave()) for _ in range(1_000)]
    while ended < len(calls):
        before = ended
        await asyncio.sleep(0)
        most = max(most, ended - before)
    assert most == watcher._DEPARTURES


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
