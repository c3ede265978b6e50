"""Watches the connection pool of this process and sheds load while it is exhausted (operations 4)."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from typing import TYPE_CHECKING, Literal

from ves_edge.errors import ApiError
from ves_edge.log import get_logger

if TYPE_CHECKING:
    from ves_api.database import Database
    from ves_edge.pool import PoolStatistics

PoolStatus = Literal["healthy", "moderate", "stressed", "critical"]

# How long a full disk of the database counts as full after a write failed on it.
_DISK_FULL_SECONDS = 10
_CRITICAL, _STRESSED, _MODERATE = 0.95, 0.80, 0.50
_log = get_logger("pool")


def judge(utilization: float, timeouts: int) -> PoolStatus:
    """The state of a pool by its share in use (0 to 1) and the callers who waited for a connection in vain.

    A pool that is in full use and still serves everybody is working, not exhausted: to refuse requests then would
    halve what a busy server does. So `critical` needs both.
    """
    if utilization >= _CRITICAL and timeouts > 0:
        return "critical"
    if utilization >= _STRESSED:
        return "stressed"
    return "moderate" if utilization >= _MODERATE else "healthy"


class PoolMonitor:
    """Owned by one event loop; looks at the pool every `interval` seconds."""

    def __init__(self, database: Database, interval: float) -> None:
        self._database = database
        self._interval = interval
        self._sampled = database.pool_statistics()
        self._task: asyncio.Task[None] | None = None
        self._disk_full_until = 0.0
        self.is_critical = False

    @property
    def is_disk_full(self) -> bool:
        """Whether a write failed in the last seconds because the disk of the database was full."""
        return time.monotonic() < self._disk_full_until

    def record_full_disk(self) -> None:
        """A write failed because the disk of the database was full."""
        self._disk_full_until = time.monotonic() + _DISK_FULL_SECONDS

    def start(self) -> None:
        """Begin sampling; needs a running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop sampling."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def look(self) -> tuple[PoolStatus, PoolStatistics]:
        """The statistics now and their state; `critical` holds from one sample to the next."""
        statistics = self._database.pool_statistics()
        return "critical" if self.is_critical else judge(statistics.utilization, 0), statistics

    def require_capacity(self) -> None:
        """Raise pool_exhausted while the last sample was critical."""
        if self.is_critical:
            raise ApiError("pool_exhausted", retry_after=math.ceil(self._interval))

    def sample(self) -> None:
        """Judge what happened since the last sample."""
        statistics, before = self._database.pool_statistics(), self._sampled
        self._sampled = statistics
        timeouts = statistics.timeouts - before.timeouts
        was_critical, self.is_critical = (
            self.is_critical,
            judge(statistics.utilization, timeouts) == "critical",
        )
        if self.is_critical:
            _log.warning("pool_exhausted", active=statistics.active, most=statistics.most, timeouts=timeouts)
        elif was_critical:
            _log.info("pool_recovered", active=statistics.active, most=statistics.most)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            self.sample()
