"""Rate limits: counters in the database, shared by all processes and hosts (operations 3).

Concurrent requests of this process are counted together, in one database call.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_edge.errors import ApiError
from ves_edge.gen import aio

if TYPE_CHECKING:
    from ves_api.auth.credentials import Credential
    from ves_api.auth.identity import Identity
    from ves_api.database import Database
    from ves_api.settings import AuthSettings

_MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Cost:
    """One rate limit: at most `limit` requests of `key` in any window of `window_seconds`."""

    bucket: str
    key: str
    limit: int
    window_seconds: int
    max_entries: int


Costs = tuple[Cost, ...]


@dataclass(frozen=True, slots=True)
class RateLimitResult:
    """Result of a rate-limit check: the limit with the fewest remaining requests, and the seconds until it has more."""

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
        self._waiting: dict[Costs, list[asyncio.Future[RateLimitResult]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def costs_of(self, identity: Identity, credential: Credential | None) -> Costs:
        """Rate limits of a caller: its tenant's, then its credential's. Empty when no limit is configured."""
        settings, costs = self._settings, []
        if settings.rate_limit is not None:
            budget = settings.rate_limit
            key = "bootstrap" if identity.is_bootstrap_admin else f"tenant:{identity.tenant_id}"
            costs.append(Cost("tenant", key, budget.limit, budget.window_seconds, budget.max_entries))
        if identity.rate_limit is not None and credential is not None:
            window, entries = settings.credential_window, settings.credential_entries
            costs.append(Cost("credential", credential.fingerprint, identity.rate_limit, window, entries))
        return tuple(costs)

    def costs_of_registration(self, address: str) -> Costs:
        """Rate limit of agent registrations from one address."""
        budget = self._settings.registration
        if budget is None:
            return ()
        return (Cost("registration", address, budget.limit, budget.window_seconds, budget.max_entries),)

    async def charge(self, costs: Costs, answer_headers: list[tuple[bytes, bytes]]) -> None:
        """Count one request against the limits and set the `ratelimit-*` headers in `answer_headers`.

        Raises rate_limited (429), or 503 as `take`.
        """
        if not costs:
            return
        result = await self.take(costs)
        answer_headers[:] = result.headers()
        if not result.granted:
            raise ApiError("rate_limited", retry_after=result.reset)

    async def take(self, costs: Costs) -> RateLimitResult:
        """Count one request against all the limits, or against none if one is exhausted.

        Raises ApiError (503) when the database is unavailable: the limiter fails closed.
        """
        answer: asyncio.Future[RateLimitResult] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(costs)
        if waiting is None:
            self._waiting[costs] = [answer]
            task = asyncio.get_running_loop().create_task(self._serve(costs))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            waiting.append(answer)
        return await answer

    async def _serve(self, costs: Costs) -> None:
        """Serve all waiting requests, including those that arrive during a database call."""
        waiting = self._waiting[costs]
        while waiting:
            batch = [answer for answer in waiting[:_MOST_AT_ONCE] if not answer.done()]
            del waiting[:_MOST_AT_ONCE]
            if batch:
                await self._answer(costs, batch)
        del self._waiting[costs]

    async def _answer(self, costs: Costs, batch: list[asyncio.Future[RateLimitResult]]) -> None:
        try:
            [taken] = await aio.take_rate_limit(
                self._database,
                buckets=[c.bucket for c in costs],
                keys=[c.key for c in costs],
                limits=[c.limit for c in costs],
                windows=[c.window_seconds for c in costs],
                max_entries=[c.max_entries for c in costs],
                wanted=len(batch),
            )
        except Exception as error:  # noqa: BLE001 (an incomplete future would block its request forever)
            refusal = error if isinstance(error, ApiError) else ApiError("internal_error")
            for answer in batch:
                if not answer.done():
                    answer.set_exception(refusal)
            return
        limit = costs[taken.scarcest - 1].limit
        for place, answer in enumerate(batch, 1):
            if not answer.done():
                left = taken.remaining + max(0, taken.granted - place)
                answer.set_result(RateLimitResult(place <= taken.granted, limit, left, taken.reset_seconds))
