"""Verification of proofs in child processes: bounded in number and time, in turns among tenants."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Hashable

from ves_api.children.pool import Children
from ves_api.verifier.child import Question, Verdict, answer
from ves_edge.errors import ApiError
from ves_edge.places import Places

# About 1/10 of the default CFS weight: ingest latency hardly changes, and on a loaded machine 50 proofs are still verified
# before requests time out in the queue (with nice 19 they are not).
_NICENESS = 10
_WAIT_SECONDS = 5.0
_LIMIT_SECONDS = 15.0
_REST = 4  # pause of a slot in multiples of the time that it was used
_MOST_REST_SECONDS = 0.06  # bounded, so that queued requests do not time out on a loaded machine


class Verifier:
    """Owned by one event loop. At most `concurrency` proof requests are served at a time (http-api 5).

    A request acquires a slot before any work: otherwise 50 concurrent requests would occupy the event loop and the
    whole connection pool, and delay ingest.
    """

    def __init__(
        self, concurrency: int, *, wait: float = _WAIT_SECONDS, limit: float = _LIMIT_SECONDS
    ) -> None:
        self._slots = Places(concurrency)
        self._children = Children(_NICENESS)
        self._waiting = 0
        self._wait = wait
        self._limit = limit

    @contextlib.asynccontextmanager
    async def slot(self, key: Hashable) -> AsyncIterator[None]:
        """Acquire a slot when it is the key's turn. Raises overloaded (503) on timeout.

        While requests are queued, a slot pauses after each use, in proportion to the time used, which leaves most of the
        CPU to ingest (measured with 50 submitters on 2 cores: without pauses ingest p99 is 3 times the unloaded one).
        """
        self._waiting += 1
        try:
            await self._slots.take(key, self._wait)
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
            loop.call_later(rest, self._slots.give, key)

    async def judge(self, question: Question) -> Verdict:
        """Verify a proof; the caller holds a slot.

        Raises invalid_proof (400) after the time limit, overloaded (503) if the process dies.
        """
        try:
            async with asyncio.timeout(self._limit):
                return await self._children.call(answer, question)
        except TimeoutError:
            message = f"Invalid STARK proof: verification took more than {self._limit:g} s"
            raise ApiError("invalid_proof", message, details={"reason": "timeout"}) from None

    async def close(self) -> None:
        """End the processes."""
        await self._children.close()
