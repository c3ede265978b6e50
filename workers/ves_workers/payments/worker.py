"""The payments worker: batches intents that are due and expires those whose time has passed (x402 A10, A11).

Any number may run at once: a stream that one of them changes is skipped by the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ves_edge.gen import aio
from ves_workers.runtime.worker import DatabaseWorker

if TYPE_CHECKING:
    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.settings.process import Settings

MOST_BATCHES = 16
MOST_EXPIRED = 1000


class PaymentsWorker(DatabaseWorker):
    """Each step expires up to MOST_EXPIRED intents, then makes up to MOST_BATCHES batches."""

    name = "payments"
    totals = ("batches", "expired")

    def __init__(self, database: WorkerDatabase, settings: Settings) -> None:
        super().__init__(database, settings.payments.interval_secs)
        self._due = settings.payments

    async def step(self) -> bool:
        """Expire and batch; return True if more may be due now."""
        expired = await aio.expire_payment_intents(self._database, max_rows=MOST_EXPIRED)
        batches = await aio.batch_due_payments(
            self._database,
            networks=self._due.networks,
            min_size=self._due.min_size,
            max_size=self._due.max_size,
            max_wait_seconds=self._due.max_wait_secs,
            max_value=self._due.max_value,
            expiry_margin_seconds=self._due.expiry_margin_secs,
            max_batches=MOST_BATCHES,
        )
        self._totals["expired"] += expired
        self._totals["batches"] += batches
        return expired >= MOST_EXPIRED or batches >= MOST_BATCHES
