"""The receipts worker: stores receipts that the API returned but did not store before it stopped (VES 11).

Ed25519 signatures are deterministic, so the stored receipt is identical to the one that the client received.
"""

from __future__ import annotations

import time
from itertools import groupby
from typing import TYPE_CHECKING

from ves import digests, ed25519
from ves_edge import arrays
from ves_edge.gen import aio
from ves_workers.runtime.worker import DatabaseWorker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from ves_edge.gen.records import GetReceiptWorkRow, ListSignersRow
    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.settings.process import Settings

LOOK_SHARE = 50
MOST_POLL_SECS = 60.0
MOST_UNSEALABLE = 100_000


def _group(item: GetReceiptWorkRow) -> tuple[UUID, UUID, int]:
    return item.tenant_id, item.store_id, item.signer_id


class ReceiptsWorker(DatabaseWorker):
    """Signs and stores missing receipts for the configured signing keys; logs signers without a key."""

    name = "receipts"
    totals = ("sealed", "unsealable")

    def __init__(
        self, database: WorkerDatabase, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(database, settings.receipts_poll_ms / 1000)
        self._clock = clock
        self._max_events = settings.receipts_max_events
        self._key = ed25519.Signer(settings.signing_key) if settings.signing_key else None
        self._signers: dict[int, ListSignersRow] = {}
        self._told: set[int] = set()

    async def step(self) -> bool:
        """Sign and store up to one batch of missing receipts."""
        started = self._clock()
        # Receipts of signers without a key recur in every query: ask for that many more, so they do not fill the batch.
        wanted = self._max_events + min(self._totals["unsealable"], MOST_UNSEALABLE)
        work = await aio.get_receipt_work(self._database, max_events=wanted)
        # The query is expensive on a busy server and not urgent: use at most 1/LOOK_SHARE of the time.
        pause = self.pause_after(self._clock() - started, LOOK_SHARE, MOST_POLL_SECS)
        self.poll_seconds = max(self._least_poll, pause)
        if not work:
            self._totals["unsealable"] = 0
            return False
        await self._learn_signers({item.signer_id for item in work})
        ours = [item for item in work if self._can_seal(item.signer_id)]
        self._report_foreign([item for item in work if not self._can_seal(item.signer_id)])
        ours.sort(key=_group)
        for _, group in groupby(ours, key=_group):
            await self._seal(list(group))
        if ours:
            self._log.info("receipts.sealed", count=len(ours))
        return len(ours) >= self._max_events

    async def _learn_signers(self, signer_ids: set[int]) -> None:
        # Registered signers are immutable, so only unknown ones are queried.
        if not signer_ids <= self._signers.keys():
            self._signers = {signer.signer_id: signer for signer in await aio.list_signers(self._database)}

    def _can_seal(self, signer_id: int) -> bool:
        signer = self._signers.get(signer_id)
        if signer is None:
            return False
        return signer.algorithm == "none" or (
            self._key is not None and signer.public_key == self._key.public_key
        )

    async def _seal(self, items: Sequence[GetReceiptWorkRow]) -> None:
        """Store the receipts of events of one stream and signer."""
        first = items[0]
        hashes = digests.receipt_hashes(
            first.tenant_id,
            first.store_id,
            [item.event_id for item in items],
            [item.sequence_number for item in items],
            [item.signing_hash for item in items],
        )
        signatures: bytes | None = None
        if self._key is not None and self._signers[first.signer_id].algorithm != "none":
            signatures = b"".join([self._key.sign(receipt_hash) for receipt_hash in hashes])
        await aio.store_receipts(
            self._database,
            tenant_ids=arrays.UuidArray([first.tenant_id] * len(items)),
            store_ids=arrays.UuidArray([first.store_id] * len(items)),
            sequence_numbers=arrays.Int8Array([item.sequence_number for item in items]),
            receipt_hashes=b"".join(hashes),
            signatures=signatures,
        )
        self._totals["sealed"] += len(items)

    def _report_foreign(self, items: Sequence[GetReceiptWorkRow]) -> None:
        self._totals["unsealable"] = len(items)
        for signer_id in {item.signer_id for item in items} - self._told:
            self._told.add(signer_id)
            signer = self._signers.get(signer_id)
            self._log.error(
                "receipts.key_missing",
                signer_id=signer_id,
                sequencer_id=str(signer.sequencer_id) if signer else "",
                public_key=signer.public_key.hex() if signer and signer.public_key else "",
                advice="start a receipts worker with this signer's VES_SEQUENCER_SIGNING_KEY",
            )
