"""The status of a key at any instant, whatever its window and history, is the one that a plain reading gives."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sql.support import Agent, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.conftest import Database

BOUNDED = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ZERO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
# Few instants, so that they often fall together: the boundaries are what goes wrong.
instants = st.integers(0, 4).map(lambda microseconds: ZERO + dt.timedelta(microseconds=microseconds))
perhaps = st.none() | instants
REGISTER = """
insert into ves_store.agent_signing_keys
  (tenant_id, agent_id, key_id, public_key, status, valid_from, valid_to, revoked_at, expires_at, grace_until)
values (%s, %s, 1, %s, %s, %s, %s, %s, %s, %s)"""
JUDGE = """
select ves.get_key_effective_status(%(t)s, %(a)s, 1, %(at)s), ves.is_agent_key_valid(%(t)s, %(a)s, 1, %(at)s),
  ves.is_key_in_grace_period(%(t)s, %(a)s, 1, %(at)s), (select k.status from ves.list_agent_keys(%(t)s, %(a)s, null, %(at)s) as k)"""


@pytest.fixture(scope="module")
def superuser(shared: Database) -> Iterator[psycopg.Connection[Any]]:
    with shared.connect() as connection:
        # Keys with any past are written at once, without the steps that the trigger of the state machine asks for.
        connection.execute("set session_replication_role to replica")
        yield connection


def oracle(
    start: dt.datetime | None,
    end: dt.datetime | None,
    revoked: dt.datetime | None,
    rotated: dt.datetime | None,
    at: dt.datetime,
) -> str:
    """VES 6.2, row by row."""
    if revoked is not None:
        return "revoked"
    if start is not None and at < start:
        return "not_yet_valid"
    if end is not None and at > end:
        return "expired"
    return "active" if rotated is None or at < rotated else "in_grace"


@BOUNDED
@given(start=perhaps, end=perhaps, revoked=perhaps, rotated=perhaps, marked=st.booleans(), at=instants)
def test_the_status_is_that_of_the_oracle(
    superuser: psycopg.Connection[Any],
    start: dt.datetime | None,
    end: dt.datetime | None,
    revoked: dt.datetime | None,
    rotated: dt.datetime | None,
    marked: bool,
    at: dt.datetime,
) -> None:
    if start is not None and end is not None and start > end:
        start, end = end, start
    agent = Agent()
    stored = "revoked" if revoked else "expired" if marked else "active"
    superuser.execute(
        REGISTER,
        [agent.tenant_id, agent.agent_id, agent.public_key, stored, start, end, revoked, rotated, rotated],
    )
    expected = oracle(start, end, revoked, rotated, at)
    row = superuser.execute(JUDGE, {"t": agent.tenant_id, "a": agent.agent_id, "at": at}).fetchone()
    assert row == (expected, expected in ("active", "in_grace"), expected == "in_grace", expected)


@BOUNDED
@given(
    start=st.sampled_from([None, -3600, 3600]),
    end=st.sampled_from([None, -1800, 7200]),
    revoked=st.booleans(),
    rotated=st.booleans(),
)
def test_ingest_accepts_exactly_the_keys_that_are_valid_now(
    superuser: psycopg.Connection[Any],
    edge: Any,
    start: int | None,
    end: int | None,
    revoked: bool,
    rotated: bool,
) -> None:
    if start is not None and end is not None and start > end:
        start, end = end, start
    agent = Agent()
    now: dt.datetime = scalar(superuser, "select now()")
    window = [None if offset is None else now + dt.timedelta(seconds=offset) for offset in (start, end)]
    past = now - dt.timedelta(seconds=10)
    superuser.execute(
        REGISTER,
        [
            agent.tenant_id,
            agent.agent_id,
            agent.public_key,
            "revoked" if revoked else "active",
            *window,
            past if revoked else None,
            *[past if rotated else None] * 2,
        ],
    )
    valid = scalar(superuser, "select ves.is_agent_key_valid(%s, %s, 1)", [agent.tenant_id, agent.agent_id])
    assert (edge.ingest(agent, agent.event()).kinds == ["accepted"]) is valid
