"""Forked helpers: sign in parallel, and run load outside the process that measures."""

from __future__ import annotations

import multiprocessing
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.synchronize import Barrier

T = TypeVar("T")
R = TypeVar("R")
# Forked children see the prepared requests without copying them.
_CONTEXT = multiprocessing.get_context("fork")
_START_SECONDS = 60


def spread(function: Callable[[T], R], items: Sequence[T], processes: int) -> list[R]:
    """`function` of every item, in order, by several processes."""
    with _CONTEXT.Pool(processes) as pool:
        return pool.map(function, items, chunksize=1)


@dataclass
class Ran(Generic[R]):
    """A load process's result, its own CPU seconds, and when its timed part began and ended (monotonic)."""

    result: R
    cpu: float
    started: float
    ended: float


class Crew:
    """Processes that prepare, wait for each other, then run together.

    `prepare()` runs before the start (connect, warm up) and returns the timed function.
    """

    def __init__(self, prepares: Sequence[Callable[[], Callable[[], Any]]]) -> None:
        self._barrier: Barrier = _CONTEXT.Barrier(len(prepares) + 1)
        self._links: list[Connection] = []
        self._processes = []
        for prepare in prepares:
            mine, theirs = _CONTEXT.Pipe(duplex=False)
            process = _CONTEXT.Process(target=_work, args=(prepare, self._barrier, theirs), daemon=True)
            process.start()
            theirs.close()
            self._links.append(mine)
            self._processes.append(process)

    def release(self) -> None:
        """Start everybody once everybody is ready. Raises what went wrong in a preparation."""
        try:
            self._barrier.wait(_START_SECONDS)
        except threading.BrokenBarrierError:
            self.collect()
            raise

    def collect(self) -> list[Ran[Any]]:
        """Every process's result. Raises what the first failed one raised."""
        answers = [link.recv() for link in self._links]
        for process in self._processes:
            process.join(_START_SECONDS)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return answers


def _work(prepare: Callable[[], Callable[[], Any]], barrier: Barrier, link: Connection) -> None:
    try:
        timed = prepare()
        barrier.wait(_START_SECONDS)
        cpu, started = time.process_time(), time.monotonic()
        result = timed()
        ended, cpu = time.monotonic(), time.process_time() - cpu
        link.send(Ran(result, cpu, started, ended))
    except BaseException as error:  # noqa: BLE001 - whatever it is, the measuring process must hear of it
        barrier.abort()
        link.send(RuntimeError(f"{type(error).__name__}: {error}"))
