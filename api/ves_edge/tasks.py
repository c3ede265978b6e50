"""Tasks of the event loop that several callers wait for, each of which may leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio


def retrieve_exception(task: asyncio.Future[Any]) -> None:
    """Retrieve a finished task's exception, or asyncio logs it as never retrieved when every caller has been cancelled."""
    if not task.cancelled():
        task.exception()
