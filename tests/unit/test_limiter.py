"""Large limits are counted behind the requests: how many calls, and how far ahead a process may be."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ves_api.auth import limits
from ves_api.auth.identity import ANYONE
from ves_api.auth.limits import Cost, Limiter
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT = 6000
AHEAD = 100


class Counters:
    """`ves.take_rate_limit` of one window that never ends, and a clock."""

    def __init__(self) -> None:
        self.counted: dict[str, int] = {}
        self.calls: list[tuple[str, ...]] = []
        self.now = 0.0
        self.is_down = False

    async def fetch(self, function: Any, parameters: dict[str, Any]) -> list[Any]:
        await asyncio.sleep(0)
        assert function.name == "take_rate_limit"
        if self.is_down:
            raise ApiError("database_unavailable")
        keys, limit, wanted = parameters["keys"], parameters["limits"], parameters["wanted"]
        self.calls.append(tuple(keys))
        left = [most - self.counted.get(key, 0) for key, most in zip(keys, limit, strict=True)]
        granted = min(wanted, *left)
        for key in keys:
            self.counted[key] = self.counted.get(key, 0) + granted
        scarcest = min(range(len(keys)), key=lambda place: left[place])
        return [(granted, scarcest + 1, left[scarcest] - granted, 30)]

    def limiter(self) -> Limiter:
        return Limiter(self, None, lambda: self.now)  # type: ignore[arg-type]


def cost(limit: int = LIMIT, key: str = "t") -> Cost:
    return Cost("tenant", key, limit, 60, 10_000)


@pytest.fixture
def counters(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counters]:
    """Nothing is counted by the passing of time."""
    monkeypatch.setattr(limits, "_COUNT_SECONDS", 3600.0)
    return Counters()


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    pytest.fail("the condition did not hold within 10 s")


async def grants(limiter: Limiter, costs: tuple[Cost, ...], requests: int) -> int:
    return sum([(await limiter.take(costs)).granted for _ in range(requests)])


async def test_a_request_within_a_large_limit_makes_no_call(counters: Counters) -> None:
    limiter = counters.limiter()
    result = await limiter.take((cost(),))
    assert (result.granted, result.limit, result.remaining) == (True, LIMIT, LIMIT - 1)
    assert counters.calls == []
    await limiter.close()
    assert counters.counted == {"t": 1}


async def test_one_call_counts_a_sixtieth_of_the_limit(counters: Counters) -> None:
    limiter = counters.limiter()
    assert await grants(limiter, (cost(),), 10 * AHEAD) == 10 * AHEAD
    assert len(counters.calls) == 9
    await limiter.close()
    assert counters.counted == {"t": 10 * AHEAD}


async def test_one_process_alone_grants_the_limit_exactly(counters: Counters) -> None:
    limiter = counters.limiter()
    assert await grants(limiter, (cost(),), LIMIT + 500) == LIMIT
    await limiter.close()


async def test_each_process_exceeds_the_limit_by_a_sixtieth_at_most(counters: Counters) -> None:
    processes = [counters.limiter() for _ in range(3)]
    granted = 0
    for _ in range(LIMIT):
        for limiter in processes:
            granted += (await limiter.take((cost(),))).granted
    assert LIMIT <= granted <= LIMIT + 3 * AHEAD
    for limiter in processes:
        await limiter.close()
    assert counters.counted == {"t": LIMIT}


async def test_concurrent_requests_do_not_pass_the_allowance_together(counters: Counters) -> None:
    limiter = counters.limiter()
    results = await asyncio.gather(*(limiter.take((cost(),)) for _ in range(LIMIT + 500)))
    assert sum(result.granted for result in results) == LIMIT
    await limiter.close()


async def test_a_caller_beyond_the_limit_costs_no_call_until_its_time_is_up(counters: Counters) -> None:
    limiter = counters.limiter()
    await grants(limiter, (cost(),), LIMIT + 1)
    before = len(counters.calls)
    refused = await limiter.take((cost(),))
    assert (refused.granted, refused.remaining, refused.reset) == (False, 0, 30)
    assert len(counters.calls) == before
    counters.now, counters.counted["t"] = 31.0, LIMIT - 3
    assert await grants(limiter, (cost(),), 10) == 3
    await limiter.close()
    assert counters.counted == {"t": LIMIT}


async def test_what_a_small_limit_refuses_is_not_counted_by_the_large_one(counters: Counters) -> None:
    limiter = counters.limiter()
    costs = (cost(), cost(2, "key"))
    results = [await limiter.take(costs) for _ in range(5)]
    assert [result.granted for result in results] == [True, True, False, False, False]
    assert {result.limit for result in results} == {2}
    await limiter.close()
    assert counters.counted == {"key": 2, "t": 2}


async def test_a_database_that_cannot_count_stops_a_process_a_sixtieth_later(counters: Counters) -> None:
    counters.is_down = True
    limiter = counters.limiter()
    assert await grants(limiter, (cost(),), AHEAD) == AHEAD
    with pytest.raises(ApiError) as refusal:
        await limiter.take((cost(),))
    assert refusal.value.status == 503
    counters.is_down = False
    assert await grants(limiter, (cost(),), LIMIT) == LIMIT - AHEAD
    await limiter.close()


async def test_pending_requests_are_counted_regularly(
    counters: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_COUNT_SECONDS", 0.001)
    limiter = counters.limiter()
    await grants(limiter, (cost(),), 5)
    await until(lambda: counters.counted == {"t": 5})
    counters.now = 61.0
    await until(lambda: not limiter._accounts)


def test_a_minted_key_is_charged_to_its_makers_budget() -> None:
    settings: Any = type(
        "Settings", (), {"rate_limit": None, "credential_window": 60, "credential_entries": 9}
    )
    limiter = Limiter(None, settings)  # type: ignore[arg-type]
    credential: Any = type("Credential", (), {"fingerprint": "minted"})
    identity = replace(ANYONE, tenant_id=uuid.uuid4(), rate_limit=5, budget_of="maker")
    assert [(c.key, c.limit) for c in limiter.costs_of(identity, credential)] == [("maker", 5)]
    own = replace(identity, budget_of=None)
    assert [c.key for c in limiter.costs_of(own, credential)] == ["minted"]
