"""Short work in the event loop, of which tenants take turns: many requests of one do not delay those of others by all of theirs."""

from __future__ import annotations

import asyncio
import time
from contextvars import Context, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ves_edge.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    Job = tuple[Context, Callable[[], Any], asyncio.Future[Any]]

T = TypeVar("T")

# Time for work in a turn of the event loop; the last job begins before it is over. Shorter turns make calls of the database smaller.
_SECONDS = 0.004


class Turns:
    """Owned by one event loop. Work is done at once while there is time left, else in the next turns of the loop, round robin over the keys."""

    def __init__(self) -> None:
        self._used = 0.0
        self._is_due = False
        self._waiting: Rounds[Job] = Rounds()

    async def run(self, key: Hashable, work: Callable[[], T]) -> T:
        """Do the work and return its result. A job whose caller is cancelled while it waits is not begun."""
        if not self._waiting and self._used < _SECONDS:
            return self._do(work)
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.add(key, (copy_context(), work, outcome))
        return await outcome

    def _do(self, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        try:
            return work()
        finally:
            self._used += time.perf_counter() - began
            if not self._is_due:
                self._is_due = True
                asyncio.get_running_loop().call_soon(self._begin_turn)

    def _begin_turn(self) -> None:
        self._is_due, self._used = False, 0.0
        while self._used < _SECONDS and (following := self._waiting.take()) is not None:
            _, (context, work, outcome) = following
            if outcome.cancelled():
                continue
            try:
                outcome.set_result(self._do(partial(context.run, work)))
            except Exception as error:  # noqa: BLE001 (raised where the work is awaited)
                outcome.set_exception(error)
