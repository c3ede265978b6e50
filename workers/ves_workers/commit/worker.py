"""The commit worker: commits the streams whose policy asks for it (VES 10.3, ves.set_commit_policy).

Several of these may run at once and any may be killed at any point: a claim ends by itself, and a range has exactly one
commitment because `ves.commit_due` looks and commits under the stream's lock.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg

from ves_workers.runtime.log import get_log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from ves_workers.runtime.gateway import Gateway
    from ves_workers.runtime.settings import Settings

# Bounds one step, and so the time between SIGTERM and the end of the process.
MAX_STREAMS = 64
# A stream whose commitment failed, or whose worker died, is tried again after this time.
CLAIM_SECS = 10.0
SWEEP_SECS = 600.0


class CommitWorker:
    """Commits due streams in turn, one range each, so that a long one does not keep the others waiting."""

    name = "commit"

    def __init__(
        self, gateway: Gateway, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.poll_seconds = settings.poll_ms / 1000
        self._gateway = gateway
        self._clock = clock
        self._log = get_log(self.name)
        self._next_sweep = clock()
        self._swept: tuple[UUID | None, UUID | None] = (None, None)
        self._totals = {"commitments": 0, "events": 0, "claimed": 0, "refused": 0}

    def counters(self) -> Mapping[str, int]:
        """Give commitments made, events in them, streams claimed, refusals."""
        return self._totals

    async def close(self) -> None:
        """Close the connection."""
        await self._gateway.close()

    async def step(self) -> bool:
        """Commit one range of each stream that is due; True when there may be more to do at once."""
        sweeping = await self._sweep()
        streams = await self._gateway.claim_cursors(
            consumer=self.name, max_streams=MAX_STREAMS, claim_seconds=CLAIM_SECS
        )
        for tenant_id, store_id in streams:
            await self._commit(tenant_id, store_id)
        self._totals["claimed"] += len(streams)
        return sweeping or bool(streams)

    async def _sweep(self) -> bool:
        """Look at one page of streams for wake-ups that were lost; True until the last page."""
        if self._clock() < self._next_sweep:
            return False
        found, *last = await self._gateway.find_lost_wake_ups(*self._swept)
        self._swept = (last[0], last[1])
        if found:
            self._log.warning("commit.wake_ups_lost", streams=found)
        if last[0] is None:
            self._next_sweep = self._clock() + SWEEP_SECS
        return last[0] is not None

    async def _commit(self, tenant_id: UUID, store_id: UUID) -> None:
        try:
            made = await self._gateway.commit_due(tenant_id, store_id)
        except psycopg.Error as error:
            self._totals["refused"] += 1
            self._log.error(
                "commit.refused",
                tenant_id=str(tenant_id),
                store_id=str(store_id),
                code=error.sqlstate,
                error=str(error.diag.message_primary or type(error).__name__),
                retry_in_seconds=CLAIM_SECS,
            )
            return
        if made is None:
            return
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
