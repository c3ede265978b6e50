"""The commit worker: commits streams that are due under their policy (VES 10.3, ves.set_commit_policy).

Several instances may run at once and may be killed at any point: claims are leases that expire, and a range has
exactly one commitment because `ves.commit_due` checks and commits under the stream lock.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ves_edge import tracing
from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_workers.runtime.worker import DatabaseWorker, next_poll

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.settings.process import Settings

# Bounds the duration of a step, and so the time from SIGTERM to exit.
MAX_STREAMS = 64
# Lease on a claimed stream: a failed commitment, or one of a dead worker, is retried after this time.
CLAIM_SECS = 10.0
SWEEP_SECS = 600.0
# Longest pause between looks while nothing is due. A look takes 1 to 2 ms of CPU on a machine at rest.
MOST_POLL_SECS = 1.0


class CommitWorker(DatabaseWorker):
    """Commits due streams round-robin, one range each, so that a long backlog does not delay other streams."""

    name = "commit"
    totals = ("commitments", "events", "claimed", "refused")

    def __init__(
        self, database: WorkerDatabase, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(database, settings.poll_ms / 1000)
        self._clock = clock
        self._next_sweep = clock()
        self._swept: tuple[UUID | None, UUID | None] = (None, None)

    async def step(self) -> bool:
        """Commit one range of each due stream; return True if more work may be due now."""
        sweeping = await self._sweep()
        streams = await aio.claim_cursors(
            self._database, consumer=self.name, max_streams=MAX_STREAMS, claim_seconds=CLAIM_SECS
        )
        for stream in streams:
            with tracing.adopted("commit", "CONSUMER", [stream.traceparent]):
                await self._commit(stream.tenant_id, stream.store_id)
        self._totals["claimed"] += len(streams)
        self.poll_seconds = next_poll(
            self._least_poll, self.poll_seconds, MOST_POLL_SECS, found=bool(streams)
        )
        return sweeping or bool(streams)

    async def _sweep(self) -> bool:
        """Check one page of streams for lost wake-ups; return True until the last page."""
        if self._clock() < self._next_sweep:
            return False
        tenant_id, store_id = self._swept
        page = await aio.find_lost_wake_ups(
            self._database, after_tenant_id=tenant_id, after_store_id=store_id
        )
        found = page[0]
        self._swept = (found.last_tenant_id, found.last_store_id)
        if found.streams:
            self._log.warning("commit.wake_ups_lost", streams=found.streams)
        if found.last_tenant_id is None:
            self._next_sweep = self._clock() + SWEEP_SECS
        return found.last_tenant_id is not None

    async def _commit(self, tenant_id: UUID, store_id: UUID) -> None:
        try:
            commitments = await aio.commit_due(self._database, tenant_id=tenant_id, store_id=store_id)
        except ApiError as error:
            if error.name == "database_unavailable":
                raise
            self._totals["refused"] += 1
            self._log.error(
                "commit.refused",
                tenant_id=str(tenant_id),
                store_id=str(store_id),
                code=error.sqlstate,
                error=error.message,
                retry_in_seconds=CLAIM_SECS,
            )
            return
        for made in commitments:
            self._totals["commitments"] += 1
            self._totals["events"] += made.leaf_count
            self._log.info(
                "commit.committed",
                tenant_id=str(tenant_id),
                store_id=str(store_id),
                batch_id=str(made.batch_id),
                sequence_start=made.sequence_start,
                sequence_end=made.sequence_end,
                merkle_root=made.merkle_root.hex(),
            )
