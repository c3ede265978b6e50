"""Waiting for what comes of payments: one query for all waiting requests of the process."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from ves_edge.errors import ApiError
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
        self._waiting: dict[uuid.UUID, list[asyncio.Future[ExactPayment]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def wait(self, payment: ExactPayment, seconds: float) -> ExactPayment:
        """Return the payment once money has moved or never will, or as it is after `seconds`. Raises ApiError."""
        if payment.status not in _OPEN:
            return payment
        answer: asyncio.Future[ExactPayment] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(payment.payment_id, []).append(answer)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._poll())
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(answer, seconds)
        # Cancelled by wait_for; `_poll` drops it.
        return await self._give_up(payment)

    async def _give_up(self, payment: ExactPayment) -> ExactPayment:
        """A payment for which nothing was sent is withdrawn, so that its failure is certain; any other one is pending."""
        await aio.withdraw_exact_payment(self._database, payment_id=payment.payment_id)
        [now] = await aio.list_exact_payments(self._database, payment_ids=[payment.payment_id])
        return now

    async def _poll(self) -> None:
        """Look at all waited-for payments until nobody waits."""
        try:
            while self._waiting:
                await asyncio.sleep(_POLL_SECONDS)
                # A failing database is met by each waiting request at its deadline.
                with contextlib.suppress(ApiError):
                    for row in await aio.list_exact_payments(
                        self._database, payment_ids=list(self._waiting), only_decided=True
                    ):
                        self._tell(row)
                for payment_id in list(self._waiting):
                    self._waiting[payment_id] = [a for a in self._waiting[payment_id] if not a.done()]
                    if not self._waiting[payment_id]:
                        del self._waiting[payment_id]
        finally:
            self._task = None

    def _tell(self, payment: ExactPayment) -> None:
        for answer in self._waiting.get(payment.payment_id, ()):
            if not answer.done():
                answer.set_result(payment)
