"""The projections worker: applies new events to projections (operations 5, `ves.project_events`).

Any number may run at once and may be killed at any point: a claimed stream is due again when the claim expires, and
a checkpoint moves in the transaction that writes the rows.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ves_edge import tracing
from ves_edge.gen import aio
from ves_workers.runtime.worker import DatabaseWorker, next_poll

if TYPE_CHECKING:
    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.settings.process import Settings

# Cursors of VES and of legacy streams.
CONSUMERS = ("projection", "legacy_projection")
MAX_STREAMS = 200
# Numbers of one call, over all its streams. A call is one transaction, and readers see its rows when it commits:
# this bounds the lag where the worker is behind, and how long the checkpoints are locked.
MAX_EVENTS = 1000
# A stream that failed, or was claimed by a dead worker, is retried after this time.
CLAIM_SECS = 10.0
# Longest pause between looks while there is nothing to project: the lag of the first event after a quiet time. Two looks
# take 1.5 ms of CPU: at 0.2 s, 1 % of a core for a system at rest.
MOST_POLL_SECS = 0.5


class ProjectionsWorker(DatabaseWorker):
    """Each step projects the streams of either kind that are due, the longest due first."""

    name = "projections"
    totals = ("events", "rejected", "failed")

    def __init__(self, database: WorkerDatabase, settings: Settings) -> None:
        super().__init__(database, settings.projections_poll_ms / 1000)

    async def step(self) -> bool:
        """Project; return True if more may be due now."""
        started = time.monotonic()
        projected = [await self._project(consumer) for consumer in CONSUMERS]
        self.poll_seconds = next_poll(
            self._least_poll,
            self.poll_seconds,
            MOST_POLL_SECS,
            found=any(projected),
            spent=time.monotonic() - started,
        )
        return max(projected) >= MAX_EVENTS

    async def _project(self, consumer: str) -> int:
        streams = await aio.claim_cursors(
            self._database, consumer=consumer, max_streams=MAX_STREAMS, claim_seconds=CLAIM_SECS
        )
        if not streams:
            return 0
        with tracing.adopted("project", "CONSUMER", (stream.traceparent for stream in streams)):
            results = await aio.project_events(
                self._database,
                consumer=consumer,
                tenant_ids=[stream.tenant_id for stream in streams],
                store_ids=[stream.store_id for stream in streams],
                max_events=MAX_EVENTS,
            )
        for result in results:
            self._totals["events"] += result.events
            self._totals["rejected"] += result.rejected
            if result.error is not None:
                self._totals["failed"] += 1
                self._log.error(
                    "projections.failed",
                    consumer=consumer,
                    tenant_id=str(result.tenant_id),
                    store_id=str(result.store_id),
                    error=result.error,
                    retry_in_seconds=CLAIM_SECS,
                )
        return sum(result.events for result in results)
