"""Places of a pool: nobody has all, who waits gets the next free one in turn, and who leaves takes none along."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ves_edge.places import Places

PLACES, OF_ONE = 8, 6
LONG = 60.0


async def turns() -> None:
    """Let every task go on that can."""
    for _ in range(5):
        await asyncio.sleep(0)


class Takers:
    """Tasks that take a place and keep it; those that wait at the end are cancelled."""

    def __init__(self, most: int) -> None:
        self.places = Places(most)
        self.served: list[str] = []
        self.tasks: list[tuple[str, asyncio.Task[None]]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for _, task in self.tasks:
            task.cancel()
        await asyncio.gather(*(task for _, task in self.tasks), return_exceptions=True)

    async def add(self, *keys: str) -> None:
        for key in keys:
            self.tasks.append((key, asyncio.create_task(self._take(key))))
        await turns()

    async def _take(self, key: str) -> None:
        await self.places.take(key, LONG)
        self.served.append(key)


async def test_a_key_has_three_quarters_of_the_places_and_another_the_rest_at_once() -> None:
    async with Takers(PLACES) as takers:
        await takers.add(*["busy"] * 20)
        assert takers.served == ["busy"] * OF_ONE
        await takers.add("other", "other", "other")
        assert takers.served == ["busy"] * OF_ONE + ["other"] * 2
        assert takers.places.is_full


async def test_free_places_go_to_the_waiting_keys_in_turn() -> None:
    async with Takers(PLACES) as takers:
        await takers.add(*["a"] * 12, *["b"] * 6, "c")
        assert Counter(takers.served) == {"a": OF_ONE, "b": 2}
        takers.served.clear()
        for _ in range(6):
            takers.places.give("a")
        await turns()
        assert takers.served in (list("abcaba"), list("bcabab"))


async def test_the_only_place_there_is_goes_to_everybody_in_turn() -> None:
    async with Takers(1) as takers:
        await takers.add("a", "a", "b")
        takers.places.give("a")
        await turns()
        takers.places.give(takers.served[-1])
        await turns()
        assert sorted(takers.served) == ["a", "a", "b"]


async def test_a_wait_ends_with_its_time_and_leaves_nothing() -> None:
    places = Places(1)
    await places.take("a", LONG)
    with pytest.raises(TimeoutError):
        await places.take("b", 0)
    places.give("a")
    await places.take("b", 0)


async def test_a_place_that_was_granted_to_a_taker_that_is_cancelled_goes_to_the_next() -> None:
    async with Takers(1) as takers:
        await takers.add("a", "b", "c")
        takers.places.give("a")
        takers.tasks[1][1].cancel()  # it has been granted, and has not run yet
        await turns()
        assert takers.served == ["a", "c"]


@given(st.integers(1, 9), st.lists(st.tuples(st.sampled_from("tgc"), st.integers(0, 30)), max_size=60))
def test_places_are_never_given_twice_nor_lost(most: int, steps: list[tuple[str, int]]) -> None:
    """Takes, gives and cancellations in any order."""

    async def play() -> None:
        async with Takers(most) as takers:
            await step_by_step(takers, most, steps)

    asyncio.run(play())


def held(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled()


async def step_by_step(takers: Takers, most: int, steps: list[tuple[str, int]]) -> None:
    """Play the steps; `of_one` is the rule in its own words."""
    of_one = max(1, most - max(1, most // 4))
    given_back: set[int] = set()
    for step, number in steps:
        if step == "t":
            await takers.add("abc"[number % 3])
        elif takers.tasks:
            place = number % len(takers.tasks)
            key, task = takers.tasks[place]
            if step == "c" and not task.done():
                task.cancel()
            elif step == "g" and held(task) and place not in given_back:
                given_back.add(place)
                takers.places.give(key)
            await turns()
        has = Counter(key for n, (key, task) in enumerate(takers.tasks) if held(task) and n not in given_back)
        waits = {key for key, task in takers.tasks if not task.done()}
        assert sum(has.values()) <= most
        assert all(count <= of_one for count in has.values())
        assert all(has[key] == of_one or sum(has.values()) == most for key in waits), "a place lies idle"
