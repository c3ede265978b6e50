"""Requests that wait share their looks at the database."""

from __future__ import annotations

import asyncio
import uuid

from ves_api.waiting import Waiting
from ves_edge.errors import ApiError

HERE, THERE = uuid.uuid4(), uuid.uuid4()


class Looks:
    """Counts looks and what they ask for; the first one fails, the third one finds everything."""

    def __init__(self) -> None:
        self.asked: list[list[uuid.UUID]] = []
        self.waiting = Waiting(self.look, 0)

    async def look(self, ids: list[uuid.UUID]) -> list[tuple[uuid.UUID, str]]:
        self.asked.append(ids)
        if len(self.asked) == 1:
            raise ApiError("database_unavailable")
        return [(one, one.hex) for one in ids] if len(self.asked) == 3 else []


async def test_all_that_wait_are_asked_for_in_one_look_until_nobody_waits() -> None:
    looks = Looks()
    told = await asyncio.gather(*(looks.waiting.wait(key) for key in (HERE, THERE, HERE)))
    assert told == [HERE.hex, THERE.hex, HERE.hex]
    assert looks.asked == [[HERE, THERE]] * 3


async def test_nothing_is_asked_for_a_caller_that_has_given_up() -> None:
    looks = Looks()
    given_up = asyncio.create_task(looks.waiting.wait(HERE))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await looks.waiting.wait(THERE) == THERE.hex
    assert looks.asked[-1] == [THERE]
