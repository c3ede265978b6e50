"""The numbers that the bench reports."""

from __future__ import annotations

import pytest

from tests.bench.stats import latency, percentile, tenths


def test_a_percentile_is_a_measured_value_by_nearest_rank() -> None:
    values = [float(value) for value in range(1, 1001)]
    assert percentile(values, 50) == 500
    assert percentile(values, 99) == 990
    assert percentile(values, 99.9) == 999
    assert percentile(values, 100) == 1000
    assert percentile(values, 0) == 1


@pytest.mark.parametrize("percent", [0, 50, 99.9, 100])
def test_every_percentile_of_one_value_is_that_value(percent: float) -> None:
    assert percentile([7.0], percent) == 7.0


def test_the_highest_percentile_of_few_values_is_the_greatest() -> None:
    assert percentile([1.0, 2.0, 3.0], 99.9) == 3.0
    assert percentile([1.0, 2.0, 3.0], 34) == 2.0


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], -1), ([1.0], 101)])
def test_a_percentile_of_nothing_or_beyond_100_is_refused(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match=r"no values|0 to 100"):
        percentile(values, percent)


def test_latencies_are_milliseconds_of_unordered_seconds() -> None:
    shown = latency([0.004, 0.001, 0.002, 0.003])
    assert shown == {
        "p50": 2.0,
        "p90": 4.0,
        "p99": 4.0,
        "p99.9": 4.0,
        "min": 1.0,
        "max": 4.0,
        "mean": 2.5,
        "count": 4,
    }


@pytest.mark.parametrize("count", [10, 99, 100, 101, 3000])
def test_tenths_hold_every_value_once_in_order_and_are_of_one_size(count: int) -> None:
    values = [float(value) for value in range(count)]
    parts = tenths(values)
    assert len(parts) == 10
    assert [value for part in parts for value in part] == values
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
