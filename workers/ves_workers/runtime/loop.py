"""The worker loop: step, wait, back off, heartbeat, stop on request."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ves_edge import metrics
from ves_edge.errors import ApiError
from ves_edge.log import get_logger
from ves_workers.runtime.backoff import Backoff

# Characters of what others answer in a line of the log.
MOST_CAUSE = 1000


class Worker(Protocol):
    """One job. A step is short and idempotent, and leaves no partial state if the process dies."""

    name: str
    poll_seconds: float

    async def step(self) -> bool:
        """Do one unit of work. Return True if more may be available now."""

    async def close(self) -> None:
        """Close the connection."""

    def counters(self) -> Mapping[str, int]:
        """Return totals since the start, for the heartbeat line."""


class OutsideError(Exception):
    """A node or a calendar, which others run, did not answer or answered nonsense: the message, which is cut, says all."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause[:MOST_CAUSE])


async def wait_for(stop: asyncio.Event, seconds: float) -> None:
    """Sleep; return at once when `stop` is set."""
    if seconds <= 0:
        await asyncio.sleep(0)
        return
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


class Heartbeat:
    """Logs one line every `every` seconds with the counters of the worker."""

    def __init__(self, worker: Worker, every: float, clock: Callable[[], float]) -> None:
        self._worker = worker
        self._every = every
        self._clock = clock
        self._log = get_logger("workers", worker=worker.name)
        self._next = clock() + every
        self.steps = 0
        self.failures = 0
        self.last_error = ""

    def beat(self, *, now: bool = False) -> None:
        """Log the line if it is due or `now` is true."""
        if now or self._clock() >= self._next:
            self._next = self._clock() + self._every
            self._log.info(
                "worker.heartbeat",
                steps=self.steps,
                failures=self.failures,
                last_error=self.last_error,
                **self._worker.counters(),
            )


async def run_worker(
    worker: Worker,
    stop: asyncio.Event,
    *,
    heartbeat_secs: float,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Run the steps of a worker until `stop` is set; the running step is always finished.

    A failed step is logged and retried with exponential backoff: workers survive database restarts.
    """
    log = get_logger("workers", worker=worker.name)
    backoff = Backoff()
    heartbeat = Heartbeat(worker, heartbeat_secs, clock)
    log.info("worker.started", poll_seconds=worker.poll_seconds)
    try:
        while not stop.is_set():
            heartbeat.steps += 1
            try:
                delay = 0.0 if await worker.step() else worker.poll_seconds
                metrics.WORKER_STEPS.labels(worker.name, "done").inc()
                if backoff.failures:
                    log.info("worker.recovered", after_failures=backoff.failures)
                backoff.reset()
            except Exception as error:  # a failed step must not end the worker
                heartbeat.failures += 1
                metrics.WORKER_STEPS.labels(worker.name, "failed").inc()
                heartbeat.last_error = f"{type(error).__name__}: {error}"
                delay = backoff.next_delay()
                # No traceback for a refusal, in which the detail of the driver error may quote rows, nor for what is not ours.
                known = isinstance(error, ApiError | OutsideError)
                log.warning(
                    "worker.step_failed",
                    error=heartbeat.last_error,
                    retry_in_seconds=round(delay, 3),
                    exc_info=None if known else error,
                )
            heartbeat.beat()
            await wait_for(stop, delay)
    finally:
        heartbeat.beat(now=True)
        await worker.close()
        log.info("worker.stopped")


async def run_workers(workers: Sequence[Worker], *, heartbeat_secs: float) -> None:
    """Run several workers in one process until SIGTERM or SIGINT. A worker that fails stops the others."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with asyncio.TaskGroup() as group:
            for worker in workers:
                group.create_task(run_worker(worker, stop, heartbeat_secs=heartbeat_secs))
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
