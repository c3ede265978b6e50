"""The timestamps worker: digests of commitments get into Bitcoin blocks through OpenTimestamps calendars (chain 8).

One digest stands for up to MOST_COMMITMENTS commitments, so calendars are asked once for each round and not for each
commitment. Any number of processes may run it; the holder of its lease works.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from ves.anchors import anchor_digest
from ves_edge.environment import SettingsError
from ves_edge.gen import aio
from ves_workers.runtime.anchor_figures import AnchorFigures
from ves_workers.runtime.lease import Lease
from ves_workers.runtime.loop import OutsideError
from ves_workers.runtime.worker import DatabaseWorker
from ves_workers.timestamps import proofs
from ves_workers.timestamps.calendars import FAULTS, Calendars

if TYPE_CHECKING:
    from ves_edge.gen.records import AnchorItem, ListDueTimestampsRow
    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.settings.process import Settings

LEASE, LEASE_SECS = "timestamps", 300
MOST_COMMITMENTS = 1000
_MOST_DUE = 10
_POLL_SECONDS = 1.0


class NoCalendarError(OutsideError):
    """No calendar took a digest; the message has each calendar's cause."""


class TimestampWorker(DatabaseWorker):
    """Each step gives one digest to the calendars, if commitments wait, and asks them about up to 10 that they have."""

    name = "timestamps"
    totals = ("submitted", "anchored", "expired", "refused")

    def __init__(self, database: WorkerDatabase, settings: Settings) -> None:
        if not settings.timestamps.is_on:
            raise SettingsError("VES_OTS_CALENDARS: the timestamps worker needs it")
        super().__init__(database, _POLL_SECONDS)
        self._chosen = settings.timestamps
        self._calendars = Calendars(settings.timestamps)
        self._figures = AnchorFigures(database)
        self._lease = Lease(database, LEASE, LEASE_SECS)
        self._next_round = 0.0

    async def close(self) -> None:
        """Give the lease back and close the connections."""
        await self._lease.release()
        await self._calendars.close()
        await super().close()

    async def step(self) -> bool:
        """Submit what is pending and ask for what is due; True if more of either may be there."""
        with self._lease.step():
            if not await self._lease.hold():
                return False
            await self._figures.update()
            has_more = await self._submit_pending()
            due = await aio.list_due_timestamps(self._database, max_rows=_MOST_DUE)
            for row in due:
                await self._lease.keep()
                await self._ask(row)
        return has_more or len(due) == _MOST_DUE

    async def _submit_pending(self) -> bool:
        """Give the calendars one digest over the oldest pending commitments, when the interval is over."""
        now = time.monotonic()
        if now < self._next_round:
            return False
        items = await aio.list_pending_anchors(
            self._database, anchor="opentimestamps", max_rows=MOST_COMMITMENTS
        )
        is_full = len(items) == MOST_COMMITMENTS
        self._next_round = now + (0 if is_full else self._chosen.interval_secs)
        if not items:
            return False
        root, paths = proofs.join([_digest(item) for item in items])
        try:
            taken = await self._submit(root)
        except NoCalendarError:
            self._next_round = 0.0  # the loop waits longer after each failed step
            raise
        await aio.store_timestamp(
            self._database, lease_token=self._lease.token, root=root, proof=proofs.serialize(proofs.merged(taken)),
            batch_ids=[item.batch_id for item in items], paths=paths, due_seconds=self._chosen.upgrade_secs,
        )  # fmt: skip
        self._totals["submitted"] += len(items)
        return is_full

    async def _submit(self, root: bytes) -> list[Any]:
        """Return the promises of the calendars that took a digest. Raises NoCalendarError when none did."""
        answers = await asyncio.gather(
            *(self._calendars.submit(calendar, root) for calendar in self._chosen.calendars),
            return_exceptions=True,
        )
        taken, causes = [], []
        for calendar, answer in zip(self._chosen.calendars, answers, strict=True):
            if isinstance(answer, FAULTS):
                self._refuse(calendar, answer)
                causes.append(f"{calendar}: {type(answer).__name__}: {answer}")
            elif isinstance(answer, BaseException):
                raise answer
            else:
                taken.append(answer)
        if not taken:
            raise NoCalendarError("; ".join(causes))
        return taken

    async def _ask(self, row: ListDueTimestampsRow) -> None:
        """Ask the calendars that promised a block for one digest; the first that has one is enough."""
        for calendar, promised in proofs.promises(proofs.parse(row.proof, row.root)):
            if calendar not in self._chosen.calendars:
                continue
            try:
                found = await self._calendars.complete(calendar, promised)
                proof = None if found is None else proofs.completed(row.proof, row.root, found[0])
            except FAULTS as error:
                self._refuse(calendar, error)
                continue
            if found is not None:
                await self._move(row, "anchored", proof=proof, block_height=found[1])
                self._totals["anchored"] += 1
                return
        if row.age_seconds > self._chosen.expiry_secs:
            self._log.error("timestamp.expired", timestamp_id=str(row.timestamp_id))
            await self._move(row, "expired")
            self._totals["expired"] += 1
        else:
            await self._move(row, "submitted")

    async def _move(self, row: ListDueTimestampsRow, to_status: str, **block: Any) -> None:
        await aio.move_timestamp(
            self._database, lease_token=self._lease.token, timestamp_id=row.timestamp_id, to_status=to_status,
            due_seconds=self._chosen.upgrade_secs, **block,
        )  # fmt: skip

    def _refuse(self, calendar: str, error: BaseException) -> None:
        self._totals["refused"] += 1
        self._log.warning("calendar.refused", calendar=calendar, error=f"{type(error).__name__}: {error}")


def _digest(item: AnchorItem) -> bytes:
    return anchor_digest(
        batch_id=item.batch_id,
        tenant_id=item.tenant_id,
        store_id=item.store_id,
        events_root=item.events_root,
        new_state_root=item.new_state_root,
        sequence_start=item.sequence_start,
        sequence_end=item.sequence_end,
        event_count=item.event_count,
    )
