"""Places at a bounded resource, fair among those who want them: nobody has all, and those who wait take turns."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

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
        self._waiting: OrderedDict[Hashable, OrderedDict[asyncio.Future[None], None]] = OrderedDict()

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
        self._waiting.setdefault(key, OrderedDict())[turn] = None
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give(key)
            else:
                self._leave(key, turn)
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
        while self._free and (following := next(filter(self._may_have, self._waiting), None)) is not None:
            self._waiting.move_to_end(following)
            turn, _ = self._waiting[following].popitem(last=False)
            self._forget(following)
            if not turn.cancelled():
                self._grant(following)
                turn.set_result(None)

    def _may_have(self, key: Hashable) -> bool:
        return self._free > 0 and self._held[key] < self._most_of_one

    def _grant(self, key: Hashable) -> None:
        self._free -= 1
        self._held[key] += 1

    def _leave(self, key: Hashable, turn: asyncio.Future[None]) -> None:
        """Forget a turn that nobody waits for; `give` may have done so."""
        if key in self._waiting:
            self._waiting[key].pop(turn, None)
            self._forget(key)

    def _forget(self, key: Hashable) -> None:
        if not self._waiting[key]:
            del self._waiting[key]
