"""The words for a pool, a database and the whole, from statistics alone (operations 4, http-api 11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ves_api.operations.health import judge_database, judge_pool, worst
from ves_api.pool_monitor import PoolMonitor, judge
from ves_edge.errors import ApiError
from ves_edge.pool import PoolStatistics


@pytest.mark.parametrize(
    ("utilization", "timeouts", "word"),
    [
        (0.0, 0, "healthy"),
        (0.499, 0, "healthy"),
        (0.50, 0, "moderate"),
        (0.799, 5, "moderate"),
        (0.80, 0, "stressed"),
        (0.949, 5, "stressed"),
        (0.95, 0, "stressed"),
        (1.0, 0, "stressed"),
        (0.95, 1, "critical"),
        (1.0, 1, "critical"),
    ],
)
def test_a_pool_is_judged_by_its_share_in_use_and_by_who_waited_in_vain(
    utilization: float, timeouts: int, word: str
) -> None:
    assert judge(utilization, timeouts) == word


@pytest.mark.parametrize(
    ("elapsed", "answered", "word"),
    [
        (0, True, "healthy"),
        (99.9, True, "healthy"),
        (100, True, "degraded"),
        (499.9, True, "degraded"),
        (500, True, "unhealthy"),
        (1, False, "unhealthy"),
    ],
)
def test_a_database_is_judged_by_the_time_of_its_answer(elapsed: float, answered: bool, word: str) -> None:
    assert judge_database(elapsed, answered=answered) == word


def test_the_pools_words_have_their_place_in_the_report() -> None:
    words = [judge_pool(word) for word in ("healthy", "moderate", "stressed", "critical")]
    assert words == ["healthy", "healthy", "degraded", "unhealthy"]


def test_the_whole_is_as_bad_as_its_worst_part() -> None:
    assert worst("healthy", "healthy") == "healthy"
    assert worst("healthy", "degraded") == "degraded"
    assert worst("degraded", "unhealthy", "healthy") == "unhealthy"


class Pool:
    """Stands in for the pool's statistics only: the monitor asks for nothing else."""

    statistics = PoolStatistics(active=8, idle=0, total=8, most=8, served=0, timeouts=3, waited_ms=0)

    def pool_statistics(self) -> PoolStatistics:
        return self.statistics


def test_critical_holds_from_one_sample_to_the_next() -> None:
    pool: Any = Pool()
    monitor = PoolMonitor(pool, 15)
    monitor.sample()
    assert monitor.look()[0] == "stressed", "what timed out before the first sample is not held against it"
    pool.statistics = replace(pool.statistics, timeouts=4)
    monitor.require_capacity()
    monitor.sample()
    with pytest.raises(ApiError) as refused:
        monitor.require_capacity()
    assert (refused.value.status, refused.value.retry_after) == (503, 15)
    pool.statistics = replace(pool.statistics, active=0, idle=8)
    assert monitor.look()[0] == "critical"
    monitor.sample()
    assert monitor.look()[0] == "healthy"
    monitor.require_capacity()
