"""Budgets of requests: a true sliding window, shared by all sessions, with a clock that the tests hold."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sql.support import scalar
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.sql.support import Edge

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
TAKE = "select * from ves.take_rate_limit(%s::text[], %s::text[], %s::int[], %s::int[], %s::int[], %s)"
TAKE_AT = "select * from ves_int.take_budget(%s::text[], %s::text[], %s::int[], %s::int[], %s::int[], %s, %s)"
Connection = psycopg.Connection[Any]


@pytest.fixture
def owner(database: Database) -> Any:
    with database.connect() as connection:
        yield connection


def take_at(
    connection: Connection,
    at: float,
    *budgets: tuple[str, str, int, int],
    wanted: int = 1,
    most: int = 10_000,
) -> tuple[int, int, int, int]:
    """Take at START + `at` seconds; answers granted, scarcest, remaining, reset."""
    buckets, keys, limits, windows = (list(column) for column in zip(*budgets, strict=True))
    moment = START + dt.timedelta(seconds=at)
    row = connection.execute(
        TAKE_AT, [buckets, keys, limits, windows, [most] * len(budgets), wanted, moment]
    ).fetchone()
    assert row is not None
    return row


def tenant(limit: int, window: int = 60, key: str | None = None) -> tuple[str, str, int, int]:
    return "tenant", key or uuid.uuid4().hex, limit, window


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.integers(1, 8),
    window=st.sampled_from([1, 7, 60, 3600]),
    steps=st.lists(st.tuples(st.floats(0, 0.7), st.integers(1, 4)), min_size=1, max_size=40),
)
def test_no_window_holds_more_than_the_limit_and_nobody_is_refused_for_long(
    owner: Connection, limit: int, window: int, steps: list[tuple[float, int]]
) -> None:
    """Against the plain definition: the instants granted so far, looked at one window back. Times in microseconds."""
    budget, now, granted_at, width = tenant(limit, window), 0, [], window * 1_000_000
    for share, wanted in steps:
        now += int(share * width)
        granted, _, remaining, reset = take_at(owner, now / 1e6, budget, wanted=wanted)
        granted_at += [now] * granted
        inside = [t for t in granted_at if t >= now - width]
        longer = [t for t in granted_at if t >= now - width * 61 // 60 - 1]
        assert len(inside) <= limit
        assert granted == wanted or len(longer) >= limit
        assert limit - len(longer) <= remaining <= limit - len(inside)
        assert 1 <= reset <= window * 61 / 60 + 1
        if granted < wanted:
            now += reset * 1_000_000
            assert take_at(owner, now / 1e6, budget)[0] == 1
            granted_at.append(now)


def test_a_request_is_granted_at_the_limit_and_refused_above_it(owner: Connection) -> None:
    budget = tenant(3)
    assert [take_at(owner, 0, budget)[:3] for _ in range(5)] == [
        (1, 1, 2), (1, 1, 1), (1, 1, 0), (0, 1, 0), (0, 1, 0),
    ]  # fmt: skip


def test_a_refused_request_is_not_counted(owner: Connection) -> None:
    budget = tenant(1)
    assert take_at(owner, 0, budget)[0] == 1
    assert {take_at(owner, second, budget)[0] for second in range(1, 60)} == {0}
    assert take_at(owner, 61, budget)[0] == 1


def test_the_wait_that_is_told_is_the_wait_that_is_needed(owner: Connection) -> None:
    budget = tenant(2)
    take_at(owner, 0.5, budget)
    take_at(owner, 30.5, budget)
    assert take_at(owner, 31, budget) == (0, 1, 0, 30)
    assert take_at(owner, 60.9, budget)[0] == 0
    assert take_at(owner, 61, budget)[0] == 1
    assert take_at(owner, 61, budget) == (0, 1, 0, 30)


def test_a_window_does_not_start_anew_at_a_full_minute(owner: Connection) -> None:
    budget = tenant(10)
    assert take_at(owner, 59.9, budget, wanted=10)[0] == 10
    assert take_at(owner, 60.1, budget, wanted=10)[0] == 0
    assert take_at(owner, 118, budget)[0] == 0
    assert take_at(owner, 120.9, budget, wanted=10)[0] == 10


def test_two_budgets_are_charged_together_or_not_at_all(owner: Connection) -> None:
    wide, narrow = tenant(5), ("credential", uuid.uuid4().hex, 2, 60)
    assert [take_at(owner, 0, wide, narrow)[:3] for _ in range(3)] == [(1, 2, 1), (1, 2, 0), (0, 2, 0)]
    assert take_at(owner, 0, wide)[:3] == (1, 1, 2)
    other = ("credential", uuid.uuid4().hex, 50, 60)
    assert [take_at(owner, 0, wide, other)[:3] for _ in range(3)] == [(1, 1, 1), (1, 1, 0), (0, 1, 0)]
    assert take_at(owner, 0, other)[2] == 47


def test_more_than_is_left_is_granted_in_part(owner: Connection) -> None:
    budget = tenant(10)
    assert take_at(owner, 0, budget, wanted=7)[:3] == (7, 1, 3)
    assert take_at(owner, 0, budget, wanted=7)[:3] == (3, 1, 0)


def test_budgets_of_others_and_of_other_windows_are_untouched(owner: Connection) -> None:
    key = uuid.uuid4().hex
    assert take_at(owner, 0, tenant(1, key=key))[0] == 1
    assert take_at(owner, 0, tenant(1, key=key))[0] == 0
    assert take_at(owner, 0, tenant(1))[0] == 1
    assert take_at(owner, 0, ("credential", key, 1, 60))[0] == 1
    assert take_at(owner, 0, tenant(1, 30, key=key))[0] == 1


def test_a_lowered_limit_holds_at_once(owner: Connection) -> None:
    key = uuid.uuid4().hex
    take_at(owner, 0, tenant(10, key=key), wanted=8)
    assert take_at(owner, 1, tenant(5, key=key))[:3] == (0, 1, 0)
    assert take_at(owner, 1, tenant(9, key=key))[:3] == (1, 1, 0)


def test_a_clock_that_steps_back_gives_nothing_away_and_one_that_was_far_ahead_locks_nobody_out(
    owner: Connection,
) -> None:
    budget = tenant(2)
    assert take_at(owner, 100, budget, wanted=2)[0] == 2
    assert take_at(owner, 70, budget)[0] == 0
    assert take_at(owner, 161, budget)[0] == 1
    assert take_at(owner, -86_400, budget)[0] == 1


def test_entries_are_bounded_and_the_oldest_make_way(owner: Connection) -> None:
    for number in range(20):
        take_at(owner, number, tenant(1, 10, key=f"t{number}"), most=20)
    take_at(owner, 20, ("registration", "somebody", 1, 10), most=20)
    take_at(owner, 20, tenant(1, 10, key="new"), most=20)
    keys = "select key from ves_store.rate_limits where bucket = 'tenant' order by last_slot"
    left = [row[0] for row in owner.execute(keys).fetchall()]
    assert left == [*[f"t{number}" for number in range(3, 20)], "new"]
    assert scalar(owner, "select count(*) from ves_store.rate_limits where bucket = 'registration'", []) == 1
    for number in range(200):
        take_at(owner, 30, tenant(1, 10, key=f"u{number}"), most=20)
        assert scalar(owner, "select count(*) from ves_store.rate_limits where bucket = 'tenant'", []) <= 20
    assert take_at(owner, 30, tenant(1, 10, key="u199"))[0] == 0


def test_new_entries_of_a_large_bucket_seldom_pass_all_others(owner: Connection) -> None:
    passed = "select pg_stat_get_xact_tuples_returned('ves_store.rate_limits_pkey'::regclass)"
    with owner.transaction():
        before = scalar(owner, passed, [])
        for number in range(400):
            take_at(owner, 0, tenant(1, 10, key=f"t{number}"), most=10_000)
        assert scalar(owner, passed, []) - before < 40_000


def test_sessions_that_ask_at_the_same_time_share_the_budget(database: Database) -> None:
    key, granted = uuid.uuid4().hex, []
    arguments = [["tenant", "credential"], [key, key], [40, 100], [60, 60], [9, 9], 1]

    def ask(reverse: bool) -> None:
        with database.connect("ves_api") as connection:
            mine = [a[::-1] if reverse and isinstance(a, list) else a for a in arguments]
            for _ in range(15):
                row = connection.execute(TAKE, mine).fetchone()
                assert row is not None
                granted.append(row[0])

    threads = [threading.Thread(target=ask, args=[bool(n % 2)]) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(granted), sum(granted)) == (90, 40)


def test_the_clock_is_read_after_the_wait_for_the_lock(database: Database) -> None:
    """Counted when granted: a request that waited is remembered from then on, not from when it asked."""
    arguments = [["tenant"], ["slow"], [5], [1], [9], 1]
    with database.connect() as holder, database.connect("ves_api") as waiter:
        holder.execute(TAKE, arguments)
        with holder.transaction():
            holder.execute("select from ves_store.rate_limits where key = 'slow' for update")
            before = scalar(holder, "select max(last_slot) from ves_store.rate_limits", [])
            thread = threading.Thread(target=waiter.execute, args=[TAKE, arguments])
            thread.start()
            waiting = "select cardinality(pg_blocking_pids(%s)) > 0"
            wait_until(lambda: scalar(holder, waiting, [waiter.info.backend_pid]))
            later = "select extract(epoch from clock_timestamp()) * 60 > %s + 7"
            wait_until(lambda: scalar(holder, later, [before]))
        thread.join(30)
        assert scalar(holder, "select last_slot from ves_store.rate_limits", []) > before + 5


@pytest.mark.parametrize(
    "arguments",
    [
        [[], [], [], [], [], 1],
        [None, None, None, None, None, 1],
        [["tenant"], ["a"], [1], [60], [], 1],
        [["tenant"], [None], [1], [60], [1], 1],
        [["tenant"], [""], [1], [60], [1], 1],
        [["tenant"], ["a" * 201], [1], [60], [1], 1],
        [["else"], ["a"], [1], [60], [1], 1],
        [["tenant"], ["a"], [0], [60], [1], 1],
        [["tenant"], ["a"], [None], [60], [1], 1],
        [["tenant"], ["a"], [1], [0], [1], 1],
        [["tenant"], ["a"], [1], [86_401], [1], 1],
        [["tenant"], ["a"], [1], [60], [0], 1],
        [["tenant"] * 2, ["a"] * 2, [1, 2], [60, 60], [1, 1], 1],
        [["tenant"] * 5, list("abcde"), [1] * 5, [60] * 5, [1] * 5, 1],
        [["tenant"], ["a"], [1], [60], [1], 0],
        [["tenant"], ["a"], [1], [60], [1], None],
        [["tenant"], ["a"], [1], [60], [1], 1_000_001],
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(edge: Edge, arguments: list[Any]) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        edge.connection.execute(TAKE, arguments)
    assert refusal.value.sqlstate == "VE007"


def test_the_greatest_numbers_work(edge: Edge) -> None:
    row = edge.connection.execute(
        TAKE, [["tenant"], ["big"], [2**31 - 1], [86_400], [1], 1_000_000]
    ).fetchone()
    assert row is not None
    assert row[:3] == (1_000_000, 1, 2**31 - 1 - 1_000_000)
