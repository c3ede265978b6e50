"""Requests that wait for what workers write into the database: one query for all of a kind in the process."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Generic, TypeVar

from ves_edge.errors import ApiError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable, Iterable

T = TypeVar("T")


class Waiting(Generic[T]):
    """Owned by one event loop; it looks only while somebody waits. `look` answers those of the ids that are decided."""

    def __init__(
        self, look: Callable[[list[uuid.UUID]], Awaitable[Iterable[tuple[uuid.UUID, T]]]], poll_seconds: float
    ) -> None:
        self._look, self._poll_seconds = look, poll_seconds
        self._waiting: dict[uuid.UUID, list[asyncio.Future[T]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def wait(self, key: uuid.UUID) -> T:
        """Return what a look says of the id, however long that takes."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(answer)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._poll())
        return await answer  # of a cancelled caller it is cancelled too; `_poll` drops it

    async def _poll(self) -> None:
        """Look for all until nobody waits."""
        try:
            while self._waiting:
                await asyncio.sleep(self._poll_seconds)
                # A failing database is met by each waiting request at its deadline.
                with contextlib.suppress(ApiError):
                    for key, found in await self._look(list(self._waiting)):
                        self._tell(key, found)
                for key in list(self._waiting):
                    self._waiting[key] = [a for a in self._waiting[key] if not a.done()]
                    if not self._waiting[key]:
                        del self._waiting[key]
        finally:
            self._task = None

    def _tell(self, key: uuid.UUID, found: T) -> None:
        for answer in self._waiting.get(key, ()):
            if not answer.done():
                answer.set_result(found)
