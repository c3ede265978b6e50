"""A task of the event loop that runs from `start` to `close`."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress


class BackgroundTask(ABC):
    """Base of what works beside the requests. Owned by one event loop."""

    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the task; needs a running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop the task."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @abstractmethod
    async def _run(self) -> None:
        """Work until the task is cancelled."""
