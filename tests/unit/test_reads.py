"""When a replica's rows are the final answer, as pure rules."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ves_api.reads import FINAL
from ves_edge.gen.functions import FUNCTIONS

NOW = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def test_every_rule_is_about_a_function_that_exists() -> None:
    assert set(FINAL) <= set(FUNCTIONS)


@pytest.mark.parametrize(
    ("first", "most", "found", "final"),
    [
        (1, 10, 10, True),
        (1, 10, 9, False),
        (1, 10, 0, False),
        (0, 10, 9, True),
        (0, 10, 8, False),
        (0, 1, 0, False),
        (5, 1, 1, True),
        (5, 1000, 999, False),
        (2**63 - 1, 1000, 1, False),
    ],
)
def test_a_window_is_final_when_every_number_is_there(first: int, most: int, found: int, final: bool) -> None:
    rows: list[Any] = [(number,) for number in range(found)]
    assert FINAL["list_legacy_events"]({"from_sequence": first, "max_events": most}, rows) is final


@pytest.mark.parametrize("name", ["get_commitment", "get_legacy_commitment"])
def test_a_commitment_is_final_when_it_is_anchored(name: str) -> None:
    rule = FINAL[name]
    assert not rule({}, [])
    assert not rule({}, [("batch", "tenant", None)])
    assert rule({}, [("batch", "tenant", NOW)])


@pytest.mark.parametrize(
    "name",
    [n for n in FINAL if n not in ("get_commitment", "get_legacy_commitment", "list_legacy_events")],
)
def test_anything_else_is_final_when_it_is_found(name: str) -> None:
    rule = FINAL[name]
    assert not rule({}, [])
    assert not rule({}, [(None, None)])
    assert rule({}, [("there", None)])
