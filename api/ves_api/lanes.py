"""Where the work of requests is done: short work in the event loop, large work in a thread pool, both fair among tenants.

A large body takes up to a second of CPU. With one FIFO queue, a few large requests of one tenant delayed the batches of
all other tenants until they timed out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from ves_api.turns import Turns
from ves_edge.rounds import Rounds

T = TypeVar("T")

# Only signature checks release the interpreter lock, so more threads mostly compete for it (measured with batches of
# 100: four threads spend 10 % more CPU an event than two).
_THREADS = 2

# Up to this size (about fifteen events of 1 kB, at most 6 ms of CPU) work is done in the event loop: a thread
# competes with the loop for the interpreter lock at every signature (measured: 55 µs an event, 15 %).
SHORT_BYTES = 24_576
# Up to this one (an event or two) it waits for no turn: turns make calls of the database smaller (measured: of single events a third).
_LEAST_BYTES = 4_096

Job = tuple["Callable[[], Any]", "asyncio.Future[Any]"]


class Effort(Enum):
    """Where work is done: at once, in a turn of the event loop, or in a thread."""

    LEAST = 1
    SHORT = 2
    LARGE = 3

    @property
    def is_inline(self) -> bool:
        """Whether the work is done in the event loop."""
        return self is not Effort.LARGE

    @classmethod
    def of(cls, size: int) -> Effort:
        """The effort that so many bytes of events are."""
        if size > SHORT_BYTES:
            return cls.LARGE
        return cls.SHORT if size > _LEAST_BYTES else cls.LEAST


class Lanes:
    """Runs functions for the tasks of one event loop, which owns it: in it, or in threads.

    Round robin over the keys (tenants), one thread per key.
    """

    def __init__(self, places: int = _THREADS) -> None:
        self._places = places
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="ves-lane")
        self._waiting: Rounds[Job] = Rounds()
        self._running: set[Hashable] = set()
        self._turns = Turns()

    def close(self) -> None:
        """Stop after the running jobs; queued jobs are cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def run(self, key: Hashable, work: Callable[[], T], effort: Effort = Effort.LARGE) -> T:
        """Queue a function and await its result. A job that is cancelled in the queue never starts."""
        if effort is Effort.LEAST:
            return work()
        if effort is Effort.SHORT:
            return await self._turns.run(key, work)
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.add(key, (work, outcome))
        self._start()
        return await outcome

    def _start(self) -> None:
        """Start queued jobs while threads are free, round robin over the keys."""
        while (
            len(self._running) < self._places
            and (following := self._waiting.take(lambda key: key not in self._running)) is not None
        ):
            key, (work, outcome) = following
            if outcome.cancelled():
                continue
            self._running.add(key)
            task = self._begin(work)
            task.add_done_callback(partial(self._finish, key, outcome))

    def _begin(self, work: Callable[[], Any]) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _finish(self, key: Hashable, outcome: asyncio.Future[Any], done: asyncio.Future[Any]) -> None:
        self._running.remove(key)
        error = None if done.cancelled() else done.exception()
        if outcome.cancelled() or done.cancelled():
            outcome.cancel()
        elif error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(done.result())
        self._start()
