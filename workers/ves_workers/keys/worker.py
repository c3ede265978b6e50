"""The keys worker: counts how often keys signed, and retires keys that are due (VES 6.2, 18).

It never creates a key. Every decision is an idempotent function of schema `ves`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from ves_edge.gen import aio
from ves_workers.runtime.worker import DatabaseWorker

if TYPE_CHECKING:
    from collections.abc import Callable

    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.settings.process import Settings

WORK_SHARE = 20
MOST_POLL_SECS = 60.0
MOST_EVENTS = 10_000
MOST_ROTATIONS = 100


class KeysWorker(DatabaseWorker):
    """Each step counts key uses in a range of the log, then applies due rotations."""

    name = "keys"
    totals = ("counted", "rotated", "keys_needed", "failed", "expired")

    def __init__(
        self, database: WorkerDatabase, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(database, settings.keys_poll_ms / 1000)
        self._clock = clock

    async def step(self) -> bool:
        """Count up to MOST_EVENTS events and apply up to MOST_ROTATIONS rotations."""
        started = self._clock()
        counted = await aio.count_key_usage(self._database, max_events=MOST_EVENTS)
        done = (await aio.apply_due_rotations(self._database, max_rotations=MOST_ROTATIONS))[0]
        # Not urgent, and ingest needs the CPU: use at most 1/WORK_SHARE of the time, even with a backlog.
        least = 0.0 if counted >= MOST_EVENTS else self._least_poll
        self.poll_seconds = max(least, self.pause_after(self._clock() - started, WORK_SHARE, MOST_POLL_SECS))
        self._totals["counted"] += counted
        self._totals["rotated"] += done.completed + done.in_progress
        self._totals["keys_needed"] += done.in_progress
        self._totals["failed"] += done.failed
        self._totals["expired"] += done.expired
        if done.completed or done.in_progress or done.failed:
            self._log.info("keys.rotated", **msgspec.structs.asdict(done))
        return bool(max(msgspec.structs.astuple(done)) >= MOST_ROTATIONS)
