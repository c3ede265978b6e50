"""The dead-letter worker: handles due dead letters of consumers inside the database anew (`ves.retry_next_dead_letter`)."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from ves_edge import metrics
from ves_edge.gen import aio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.runtime.settings import Settings


_COUNT_SECONDS = 15.0


class DeadLettersWorker:
    """Each step handles one event in one transaction, so a killed worker leaves nothing half done."""

    name = "dead-letters"
    poll_seconds = 1.0

    def __init__(self, database: WorkerDatabase, settings: Settings) -> None:  # noqa: ARG002 - as every worker
        self._database = database
        self._totals: Counter[str] = Counter()
        self._count_at = 0.0

    def counters(self) -> Mapping[str, int]:
        """Return attempts since the start by the status that they led to."""
        return self._totals

    async def close(self) -> None:
        """Close the connection."""
        await self._database.close()

    async def step(self) -> bool:
        """Retry the next due dead letter; return True if there was one."""
        if time.monotonic() >= self._count_at:
            self._count_at = time.monotonic() + _COUNT_SECONDS
            await self._count()
        done = await aio.retry_next_dead_letter(self._database)
        self._totals.update(letter.status for letter in done)
        metrics.DLQ_RETRIED.inc(len(done))
        return bool(done)

    async def _count(self) -> None:
        rows = await aio.count_dead_letters(self._database)
        letters: Counter[str] = Counter()
        for row in rows:
            letters[row.status] += row.letters
        metrics.set_dead_letters(
            letters.total(),
            pending=letters["pending"],
            failed=letters["failed"],
            due_for_retry=sum(row.due for row in rows if row.status == "pending"),
        )
