"""Work of the event loop that grows with an answer, a slice at a time: other requests are served between two slices."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")
R = TypeVar("R")

# A slice ends with the first few items after so long.
_SECONDS = 0.001
_ITEMS = 8


class Slices:
    """Owned by one event loop, of which one slice runs in a turn, however many answers are made at the same time."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def parts(self, function: Callable[[Sequence[T]], Iterable[R]], items: Sequence[T]) -> list[R]:
        """Apply a function to short parts of a list, in their order; return all that it made."""
        made: list[R] = []
        if len(items) <= _ITEMS:
            made += function(items)
            return made
        position = 0
        while position < len(items):
            async with self._turn:
                end, is_over = time.perf_counter() + _SECONDS, False
                while not is_over:
                    made += function(items[position : position + _ITEMS])
                    position += _ITEMS
                    is_over = position >= len(items) or time.perf_counter() >= end
                await asyncio.sleep(0)
        return made

    async def each(self, function: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Apply a function to each item of a list."""
        return await self.parts(lambda part: [function(item) for item in part], items)
