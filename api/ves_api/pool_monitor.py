"""Monitoring of this process's connection pool, and load shedding while it is exhausted (operations 4)."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Literal

from ves_api.background import BackgroundTask
from ves_edge import metrics
from ves_edge.errors import ApiError
from ves_edge.log import get_logger

if TYPE_CHECKING:
    from ves_api.database import Database
    from ves_edge.pool import PoolStatistics

PoolStatus = Literal["healthy", "moderate", "stressed", "critical"]

# After a write fails with "disk full", the disk is reported as full for this long.
_DISK_FULL_SECONDS = 10
_CRITICAL, _STRESSED, _MODERATE = 0.95, 0.80, 0.50
_log = get_logger("pool")


def judge(utilization: float, timeouts: int) -> PoolStatus:
    """State of a pool from its utilization (0 to 1) and the number of connection timeouts.

    Full utilization without timeouts is normal under load; shedding load then would halve the throughput. So `critical`
    needs both.
    """
    if utilization >= _CRITICAL and timeouts > 0:
        return "critical"
    if utilization >= _STRESSED:
        return "stressed"
    return "moderate" if utilization >= _MODERATE else "healthy"


class PoolMonitor(BackgroundTask):
    """Owned by one event loop; samples the pool every `interval` seconds."""

    def __init__(self, database: Database, interval: float) -> None:
        self._database = database
        self._interval = interval
        self._sampled = database.pool_statistics()
        self._disk_full_until = 0.0
        self.is_critical = False

    @property
    def is_disk_full(self) -> bool:
        """Whether a write recently failed because the database's disk was full."""
        return time.monotonic() < self._disk_full_until

    def record_full_disk(self) -> None:
        """Record a write that failed because the database's disk was full."""
        self._disk_full_until = time.monotonic() + _DISK_FULL_SECONDS

    def start(self) -> None:
        """Sample now, and start sampling."""
        self.sample()
        super().start()

    def look(self) -> tuple[PoolStatus, PoolStatistics]:
        """Return current statistics and state; `critical` is updated only by a sample."""
        statistics = self._database.pool_statistics()
        return "critical" if self.is_critical else judge(statistics.utilization, 0), statistics

    def require_capacity(self) -> None:
        """Raise pool_exhausted while the last sample was critical."""
        if self.is_critical:
            raise ApiError("pool_exhausted", retry_after=math.ceil(self._interval))

    def sample(self) -> None:
        """Update the state from the changes since the last sample."""
        statistics, before = self._database.pool_statistics(), self._sampled
        self._sampled = statistics
        timeouts = statistics.timeouts - before.timeouts
        metrics.POOL_ACTIVE.set(statistics.active)
        metrics.POOL_IDLE.set(statistics.idle)
        metrics.POOL_TOTAL.set(statistics.total)
        metrics.POOL_MAX.set(statistics.most)
        metrics.POOL_UTILIZATION.set(round(100 * statistics.utilization, 1))
        metrics.POOL_TIMED_OUT.inc(max(timeouts, 0))
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
