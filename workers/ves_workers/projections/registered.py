"""The projectors worker: gives events to projectors that agents have registered (`ves.run_projector`).

A function that runs too long ends with the statement timeout: its claim stays, so the others have their turn first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_workers.runtime.database import GuestDatabase
from ves_workers.runtime.worker import DatabaseWorker, next_poll

if TYPE_CHECKING:
    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.settings.process import Settings

# Numbers of one call.
MAX_EVENTS = 500
# Pause of a projector whose call failed, or whose worker died.
CLAIM_SECS = 120.0
# Longest pause between looks while there is nothing to project.
MOST_POLL_SECS = 1.0


class ProjectorsWorker(DatabaseWorker):
    """Each step runs one projector that has events to project, and one whose dead letter is due."""

    name = "projectors"
    totals = ("events", "rejected", "failed")

    def __init__(self, database: WorkerDatabase, settings: Settings) -> None:
        super().__init__(database, settings.projections_poll_ms / 1000)
        # A session that is emptied after each call has no plans: looks for work have one of their own.
        self._guests = GuestDatabase(settings, f"ves-worker-{self.name}-guest")

    async def step(self) -> bool:
        """Run what is claimed; return True if anything was."""
        claimed = await aio.claim_projector(self._database, claim_seconds=CLAIM_SECS)
        self.poll_seconds = next_poll(
            self._least_poll, self.poll_seconds, MOST_POLL_SECS, found=bool(claimed)
        )
        for projector in claimed:
            try:
                [done] = await aio.run_projector(
                    self._guests,
                    tenant_id=projector.tenant_id,
                    store_id=projector.store_id,
                    name=projector.name,
                    max_events=MAX_EVENTS,
                    dead_letter_id=projector.dead_letter_id,
                    token=projector.token,
                )
            except ApiError as error:
                self._totals["failed"] += 1
                self._log.error(
                    "projectors.failed",
                    tenant_id=str(projector.tenant_id),
                    store_id=str(projector.store_id),
                    projector=projector.name,
                    code=error.sqlstate,
                    error=error.message,
                    retry_in_seconds=CLAIM_SECS,
                )
                continue
            self._totals["events"] += done.events
            self._totals["rejected"] += done.rejected
        return bool(claimed)

    async def close(self) -> None:
        """Close both connections."""
        await super().close()
        await self._guests.close()
