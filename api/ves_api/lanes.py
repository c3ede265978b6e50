"""Threads for large requests, shared out so that one tenant's work never keeps all of them.

A large body takes up to a second of Python. In one queue for everybody, a few such requests of one tenant held up
every other tenant's batches until these timed out.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

# As many at once as there is gain: signature checks release the interpreter lock, the rest does not.
_EACH = 2
_THREADS = 4

Job = tuple["Callable[[], Any]", "asyncio.Future[Any]"]


class Lanes:
    """Runs functions in threads for the tasks of one event loop, which owns it.

    At most two at a time for one key (a tenant), turns go round the keys, and the last free thread is for a key
    that has none.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="ves-lane")
        self._waiting: OrderedDict[Hashable, deque[Job]] = OrderedDict()
        self._running: Counter[Hashable] = Counter()

    def close(self) -> None:
        """Stop the threads once they are done; what waits is given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def run(self, key: Hashable, work: Callable[[], T]) -> T:
        """Run in a thread when it is this key's turn. What is cancelled while it waits is never begun."""
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append((work, outcome))
        self._start()
        return await outcome

    def _start(self) -> None:
        """Begin what may begin, one job a key in turn."""
        loop = asyncio.get_running_loop()
        while (key := self._next()) is not None:
            work, outcome = self._take(key)
            if outcome.cancelled():
                continue
            self._running[key] += 1
            task = loop.run_in_executor(self._threads, work)
            task.add_done_callback(partial(self._finish, key, outcome))

    def _next(self) -> Hashable | None:
        """The first waiting key that may have a thread now."""
        free = _THREADS - self._running.total()
        for key in self._waiting:
            running = self._running[key]
            if free and running < _EACH and (running == 0 or free > 1):
                return key
        return None

    def _take(self, key: Hashable) -> Job:
        """The key's first job; the key goes to the end of the round."""
        jobs = self._waiting[key]
        job = jobs.popleft()
        if jobs:
            self._waiting.move_to_end(key)
        else:
            del self._waiting[key]
        return job

    def _finish(self, key: Hashable, outcome: asyncio.Future[Any], done: asyncio.Future[Any]) -> None:
        self._running[key] -= 1
        if not self._running[key]:
            del self._running[key]
        error = None if done.cancelled() else done.exception()
        if outcome.cancelled() or done.cancelled():
            outcome.cancel()
        elif error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(done.result())
        self._start()
