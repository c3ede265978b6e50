"""Rate limits: counters in the database, shared by all processes and hosts (operations 3).

Limits below EXACT_BELOW are exact: each request waits for the count; concurrent ones are counted in one call. Larger
limits are counted behind the requests (see `_Account`), so that a request within them makes no database call.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from contextvars import Context
from typing import TYPE_CHECKING, NamedTuple

from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_edge.log import get_logger
from ves_edge.tasks import retrieve_exception

if TYPE_CHECKING:
    from collections.abc import Callable

    from ves_api.auth.credentials import Credential
    from ves_api.auth.identity import Identity
    from ves_api.database import Database
    from ves_api.settings import AuthSettings
    from ves_edge.gen.records import TakeRateLimitRow

EXACT_BELOW = 6000
_MOST_AT_ONCE = 1000
_MOST_IN_A_CALL = 1_000_000
_AHEAD = 60  # a process grants at most limit / _AHEAD requests before they are counted
_COUNT_SECONDS = 1.0
_log = get_logger("limits")


class Cost(NamedTuple):
    """One rate limit: at most `limit` requests of `key` in any window of `window_seconds`."""

    bucket: str
    key: str
    limit: int
    window_seconds: int
    max_entries: int


Costs = tuple[Cost, ...]


class RateLimitResult(NamedTuple):
    """Result of a rate-limit check: the limit with the fewest remaining requests, and the seconds until it has more."""

    granted: bool
    limit: int
    remaining: int
    reset: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """`ratelimit-limit`, `ratelimit-remaining`, `ratelimit-reset`."""
        return [
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % self.remaining),
            (b"ratelimit-reset", b"%d" % self.reset),
        ]


class _Account:
    """The requests of one large limit that this process granted and has yet to count.

    `pending` requests are granted and not counted; at most `ahead`, and at most the `left` of the last count. They are
    counted once a second, or when there is no allowance left. So each process exceeds the limit by `ahead` at most.
    """

    __slots__ = ("ahead", "cost", "counting", "full_until", "left", "pending", "reset_at", "used_at")

    def __init__(self, cost: Cost, now: float) -> None:
        self.cost = cost
        self.ahead = min(cost.limit // _AHEAD, _MOST_IN_A_CALL)
        self.pending = 0
        self.left = cost.limit
        self.used_at = now
        self.full_until = 0.0
        self.reset_at = now + cost.window_seconds
        self.counting: asyncio.Task[None] | None = None

    def note_counted(self, task: asyncio.Task[None]) -> None:
        """End of a count."""
        self.counting = None
        retrieve_exception(task)

    def result(self, now: float, *, granted: bool) -> RateLimitResult:
        reset = max(1, math.ceil(self.reset_at - now))
        return RateLimitResult(granted, self.cost.limit, max(0, self.left - self.pending), reset)


class Limiter:
    """Owned by one event loop."""

    def __init__(
        self, database: Database, settings: AuthSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._accounts: dict[Cost, _Account] = {}
        self._counter: asyncio.Task[None] | None = None
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
            key = identity.budget_of or credential.fingerprint
            costs.append(Cost("credential", key, identity.rate_limit, window, entries))
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

        Raises ApiError (503) when the database cannot count: the limiter fails closed.
        """
        reserved: list[_Account] = []
        results = []
        is_granted = False
        try:
            for cost in costs:
                if cost.limit >= EXACT_BELOW:
                    account = await self._account_with_allowance(cost)
                    now = self._clock()
                    if account.full_until > now:
                        return account.result(now, granted=False)
                    account.pending += 1
                    account.used_at = now
                    reserved.append(account)
                    results.append(account.result(now, granted=True))
            exact = tuple(cost for cost in costs if cost.limit < EXACT_BELOW)
            if exact:
                results.append(await self._take_exactly(exact))
            is_granted = not exact or results[-1].granted
            return min(results, key=lambda result: (result.granted, result.remaining))
        finally:
            if not is_granted:
                for account in reserved:
                    account.pending -= 1

    async def close(self) -> None:
        """Record the pending counts and stop; counts that the database does not accept are lost."""
        if self._counter is not None:
            self._counter.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._counter
        await self._count_pending()

    async def _account_with_allowance(self, cost: Cost) -> _Account:
        """The account of a large limit that may grant a request, or is exhausted. Raises 503 as `take`."""
        now = self._clock()
        account = self._accounts.get(cost)
        if account is None:
            account = self._accounts[cost] = _Account(cost, now)
            if self._counter is None or self._counter.done():
                self._counter = asyncio.get_running_loop().create_task(
                    self._count_regularly(),
                    context=Context(),  # it outlives the request, and its trace
                )
        while account.pending >= min(account.ahead, account.left) and account.full_until <= self._clock():
            await self._count(account)
        return account

    async def _count_regularly(self) -> None:
        """Count once a second until no account is in use; one is forgotten after a window without requests."""
        while self._accounts:
            await asyncio.sleep(_COUNT_SECONDS)
            now = self._clock()
            await self._count_pending()
            for cost, account in list(self._accounts.items()):
                if account.pending <= 0 and account.used_at + cost.window_seconds < now:
                    del self._accounts[cost]

    async def _count_pending(self) -> None:
        for account in [a for a in self._accounts.values() if a.pending > 0]:
            try:
                await self._count(account)
            except ApiError as error:
                _log.warning("limits.not_counted", code=error.sqlstate, requests=account.pending)

    async def _count(self, account: _Account) -> None:
        """Count the pending requests of an account; concurrent callers share one call. Raises 503."""
        if account.counting is None:
            account.counting = asyncio.get_running_loop().create_task(self._count_now(account))
            account.counting.add_done_callback(account.note_counted)
        await asyncio.shield(account.counting)

    async def _count_now(self, account: _Account) -> None:
        # An exhausted account asks for one request more to learn what is left; `pending` of -1: it is counted already.
        pending = account.pending
        counted = max(1, pending)
        taken = await self._ask((account.cost,), counted)
        account.pending -= pending if pending > 0 else taken.granted
        now = self._clock()
        account.left, account.reset_at = taken.remaining, now + taken.reset_seconds
        if taken.granted < counted or not taken.remaining:
            account.full_until = account.reset_at

    async def _take_exactly(self, costs: Costs) -> RateLimitResult:
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
            taken = await self._ask(costs, len(batch))
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

    async def _ask(self, costs: Costs, wanted: int) -> TakeRateLimitRow:
        [taken] = await aio.take_rate_limit(
            self._database,
            buckets=[c.bucket for c in costs],
            keys=[c.key for c in costs],
            limits=[c.limit for c in costs],
            windows=[c.window_seconds for c in costs],
            max_entries=[c.max_entries for c in costs],
            wanted=wanted,
        )
        return taken
