"""Metrics of what is not anchored, for the workers that anchor."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ves_edge import metrics
from ves_edge.gen import aio

if TYPE_CHECKING:
    from ves_workers.runtime.database import WorkerDatabase

_SECS = 10


class AnchorFigures:
    """Reads the database's counts for the metrics, not more often than every 10 s."""

    def __init__(self, database: WorkerDatabase) -> None:
        self._database = database
        self._next = 0.0

    async def update(self) -> None:
        """Set the metrics if their time has come."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _SECS
        rows = await aio.count_anchors(self._database)
        metrics.set_unanchored((row.anchor, row.status, row.commitments, row.oldest_seconds) for row in rows)
        for unmet in await aio.count_unmet_anchors(self._database):
            metrics.set_unmet_anchors(unmet.commitments, unmet.oldest_seconds)
