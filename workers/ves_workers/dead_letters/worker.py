"""The dead-letter worker: handles due dead letters of consumers inside the database anew (`ves.retry_next_dead_letter`)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ves_edge.gen import aio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.runtime.settings import Settings


class DeadLettersWorker:
    """Each step handles one event in one transaction, so a killed worker leaves nothing half done."""

    name = "dead-letters"
    poll_seconds = 1.0

    def __init__(self, database: WorkerDatabase, settings: Settings) -> None:  # noqa: ARG002 - as every worker
        self._database = database
        self._totals: Counter[str] = Counter()

    def counters(self) -> Mapping[str, int]:
        """Return attempts since the start by the status that they led to."""
        return self._totals

    async def close(self) -> None:
        """Close the connection."""
        await self._database.close()

    async def step(self) -> bool:
        """Retry the next due dead letter; return True if there was one."""
        done = await aio.retry_next_dead_letter(self._database)
        self._totals.update(letter.status for letter in done)
        return bool(done)
