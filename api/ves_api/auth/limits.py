"""Budgets of requests: kept in the database, shared by every process of every host (operations 3).

Requests of this process that are to be taken out of the same budgets at the same time share one call.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_api.errors import ApiError
from ves_api.gateway.limits import Charge, take_rate_limit

if TYPE_CHECKING:
    from ves_api.auth.credentials import Credential
    from ves_api.auth.identity import Identity
    from ves_api.gateway.database import Database
    from ves_api.settings import AuthSettings

Charges = tuple[Charge, ...]
_MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """What a caller is told of the scarcest budget; `reset` is the seconds until there is more than now."""

    granted: bool
    limit: int
    remaining: int
    reset: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """`ratelimit-limit`, `ratelimit-remaining`, `ratelimit-reset`."""
        values = {"limit": self.limit, "remaining": self.remaining, "reset": self.reset}
        return [(f"ratelimit-{name}".encode(), str(value).encode()) for name, value in values.items()]


class Limiter:
    """Owned by one event loop."""

    def __init__(self, database: Database, settings: AuthSettings) -> None:
        self._database = database
        self._settings = settings
        self._waiting: dict[Charges, list[asyncio.Future[Standing]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def charges_of(self, identity: Identity, credential: Credential | None) -> Charges:
        """The budgets of a caller: its tenant's, then its credential's. None at all when nothing is limited."""
        settings, charges = self._settings, []
        if settings.rate_limit is not None:
            budget = settings.rate_limit
            key = "bootstrap" if identity.is_bootstrap_admin else f"tenant:{identity.tenant_id}"
            charges.append(Charge("tenant", key, budget.limit, budget.window_seconds, budget.max_entries))
        if identity.rate_limit is not None and credential is not None:
            window, entries = settings.credential_window, settings.credential_entries
            charges.append(Charge("credential", credential.fingerprint, identity.rate_limit, window, entries))
        return tuple(charges)

    def charges_of_registration(self, address: str) -> Charges:
        """The budget of an address that registers agents."""
        budget = self._settings.registration
        if budget is None:
            return ()
        return (Charge("registration", address, budget.limit, budget.window_seconds, budget.max_entries),)

    async def take(self, charges: Charges) -> Standing:
        """Take one request out of the budgets, or out of none if one is used up.

        Raises ApiError (503) when the database cannot tell: then nobody is let through.
        """
        answer: asyncio.Future[Standing] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(charges)
        if waiting is None:
            self._waiting[charges] = [answer]
            task = asyncio.get_running_loop().create_task(self._serve(charges))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            waiting.append(answer)
        return await answer

    async def _serve(self, charges: Charges) -> None:
        """Answer those who wait, and those who came meanwhile."""
        waiting = self._waiting[charges]
        while waiting:
            batch = [answer for answer in waiting[:_MOST_AT_ONCE] if not answer.done()]
            del waiting[:_MOST_AT_ONCE]
            if batch:
                await self._answer(charges, batch)
        del self._waiting[charges]

    async def _answer(self, charges: Charges, batch: list[asyncio.Future[Standing]]) -> None:
        try:
            taken = await take_rate_limit(self._database, charges, len(batch))
        except Exception as error:  # noqa: BLE001 (a waiter without an answer would wait for ever)
            refusal = error if isinstance(error, ApiError) else ApiError("internal_error")
            for answer in batch:
                if not answer.done():
                    answer.set_exception(refusal)
            return
        limit = charges[taken.scarcest].limit
        for place, answer in enumerate(batch, 1):
            if not answer.done():
                left = taken.remaining + max(0, taken.granted - place)
                answer.set_result(Standing(place <= taken.granted, limit, left, taken.reset_seconds))
