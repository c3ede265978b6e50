"""Pool of verifier processes, bounded and started on demand, with a FIFO queue."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator

import msgspec

from ves_api.verifier.child import Question, Verdict
from ves_edge.errors import ApiError
from ves_edge.log import get_logger

_WAIT_SECONDS = 5.0
_LIMIT_SECONDS = 15.0
_REST = 4  # pause of a slot in multiples of the time that it was used
_MOST_REST_SECONDS = 0.06  # bounded, so that queued requests do not time out on a loaded machine
_COMMAND = (sys.executable, "-P", "-m", "ves_api.verifier")
_log = get_logger("verifier")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Verdict).decode


class Verifier:
    """Owned by one event loop. At most `concurrency` proof requests are served at a time (http-api 5).

    A request acquires a slot before any work: otherwise 50 concurrent requests would occupy the event loop and the
    whole connection pool, and delay ingest.
    """

    def __init__(
        self, concurrency: int, *, wait: float = _WAIT_SECONDS, limit: float = _LIMIT_SECONDS
    ) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._idle: list[Process] = []
        self._waiting = 0
        self._wait = wait
        self._limit = limit

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Acquire a slot in FIFO order. Raises overloaded (503) on timeout.

        While requests are queued, a slot pauses after each use, in proportion to the time used, which leaves most of the
        CPU to ingest (measured with 50 submitters on 2 cores: without pauses ingest p99 is 3 times the unloaded one).
        """
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait):
                await self._slots.acquire()
        except TimeoutError:
            raise ApiError("overloaded", "The proof verifier is busy", retry_after=1) from None
        finally:
            self._waiting -= 1
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            yield
        finally:
            rest = min(_REST * (loop.time() - began), _MOST_REST_SECONDS) if self._waiting else 0
            loop.call_later(rest, self._slots.release)

    async def judge(self, question: Question) -> Verdict:
        """Verify a proof; the caller holds a slot.

        Raises invalid_proof (400) after the time limit, overloaded (503) if the process dies.
        """
        try:
            async with asyncio.timeout(self._limit):
                return await self._ask(question)
        except TimeoutError:
            message = f"Invalid STARK proof: verification took more than {self._limit:g} s"
            raise ApiError("invalid_proof", message, details={"reason": "timeout"}) from None

    async def _ask(self, question: Question) -> Verdict:
        """Send one request to one process; a process without a complete response is terminated, not reused."""
        process = self._idle.pop() if self._idle else await _start()
        line = b""
        try:
            if process.stdin is None or process.stdout is None:
                raise ApiError("internal_error")
            with contextlib.suppress(ConnectionError):
                process.stdin.write(_encode(question) + b"\n")
                await process.stdin.drain()
                line = await process.stdout.readline()
        finally:
            if line.endswith(b"\n"):
                self._idle.append(process)
            else:
                await _end(process)
        if not line:
            _log.error("verifier_died", pid=process.pid)
            raise ApiError("overloaded", "The proof verifier had to be restarted", retry_after=1)
        return _decode(line)

    async def close(self) -> None:
        """End the processes."""
        while self._idle:
            await _end(self._idle.pop())


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        *_COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    await process.wait()
