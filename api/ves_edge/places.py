"""Places at a bounded resource, fair among those who want them: nobody has all, and those who wait take turns."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ves_edge.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable, Mapping


def whose(name: str, parameters: Mapping[str, Any]) -> Hashable:
    """The key of a call of a database function: its tenant, or the function that names none."""
    return parameters.get("tenant_id") or name


class Places:
    """Owned by one event loop.

    A key (a tenant) has at most three quarters of the places, so that others need not wait until calls of one end;
    free places go to the waiting keys in turn, within a key in the order of arrival.
    """

    def __init__(self, most: int) -> None:
        self._free = most
        self._most_of_one = max(1, most - max(1, most // 4))
        self._held: Counter[Hashable] = Counter()
        self._waiting: Rounds[asyncio.Future[None]] = Rounds()

    @property
    def is_full(self) -> bool:
        """Whether every place is taken."""
        return self._free == 0

    async def take(self, key: Hashable, seconds: float) -> None:
        """Take a place, which `give` returns. Raises TimeoutError."""
        if key not in self._waiting and self._may_have(key):
            self._grant(key)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(key, turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give(key)
            else:
                self._waiting.discard(key, turn)
            raise

    @asynccontextmanager
    async def one(self, key: Hashable, seconds: float) -> AsyncIterator[None]:
        """Hold a place. Raises TimeoutError."""
        await self.take(key, seconds)
        try:
            yield
        finally:
            self.give(key)

    def give(self, key: Hashable) -> None:
        """Return a place of this key, and pass it on."""
        self._free += 1
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]
        while self._free and (following := self._waiting.take(self._may_have)) is not None:
            key, turn = following
            if not turn.cancelled():
                self._grant(key)
                turn.set_result(None)

    def _may_have(self, key: Hashable) -> bool:
        return self._free > 0 and self._held[key] < self._most_of_one

    def _grant(self, key: Hashable) -> None:
        self._free -= 1
        self._held[key] += 1
