"""The dead-letter worker: handles due dead letters of consumers inside the database anew (`ves.retry_next_dead_letter`)."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from ves_edge import metrics
from ves_edge.gen import aio
from ves_workers.runtime.worker import DatabaseWorker

if TYPE_CHECKING:
    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.settings.process import Settings


_COUNT_SECONDS = 15.0
# Counting reads every open letter, so it takes at most a thousandth of the time.
_REST = 1_000


class DeadLettersWorker(DatabaseWorker):
    """Each step handles one event in one transaction, so a killed worker leaves nothing half done."""

    name = "dead-letters"
    totals = ("resolved", "pending", "failed")

    def __init__(self, database: WorkerDatabase, settings: Settings) -> None:  # noqa: ARG002 - as every worker
        super().__init__(database, 1.0)
        self._count_at = 0.0

    async def step(self) -> bool:
        """Retry the next due dead letter; return True if there was one."""
        if time.monotonic() >= self._count_at:
            started = time.monotonic()
            await self._count()
            ended = time.monotonic()
            self._count_at = ended + max(_COUNT_SECONDS, _REST * (ended - started))
        done = await aio.retry_next_dead_letter(self._database)
        for letter in done:
            self._totals[letter.status] += 1
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
