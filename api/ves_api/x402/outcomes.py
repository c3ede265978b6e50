"""Waiting for what comes of payments: one query for all waiting requests of the process."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from ves_api.waiting import Waiting
from ves_edge.gen import aio

if TYPE_CHECKING:
    import uuid

    from ves_api.database import Database
    from ves_edge.gen.records import ExactPayment

_POLL_SECONDS = 0.05
_OPEN = frozenset({"recorded", "batched"})


class Outcomes:
    """Owned by one event loop; it asks the database only while somebody waits."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting = Waiting(self._look, _POLL_SECONDS)

    async def wait(self, payment: ExactPayment, seconds: float) -> ExactPayment:
        """Return the payment once money has moved or never will, or as it is after `seconds`. Raises ApiError."""
        if payment.status not in _OPEN:
            return payment
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self._waiting.wait(payment.payment_id), seconds)
        return await self._give_up(payment)

    async def _give_up(self, payment: ExactPayment) -> ExactPayment:
        """A payment for which nothing was sent is withdrawn, so that its failure is certain; any other one is pending."""
        await aio.withdraw_exact_payment(self._database, payment_id=payment.payment_id)
        [now] = await aio.list_exact_payments(self._database, payment_ids=[payment.payment_id])
        return now

    async def _look(self, payment_ids: list[uuid.UUID]) -> list[tuple[uuid.UUID, ExactPayment]]:
        rows = await aio.list_exact_payments(self._database, payment_ids=payment_ids, only_decided=True)
        return [(row.payment_id, row) for row in rows]
