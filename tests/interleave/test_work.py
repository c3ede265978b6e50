"""Leases and cursors: one holder at a time, late holders are refused, positions only grow."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.interleave.sessions import Session
from tests.sql.support import Agent, Edge, scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Database


@pytest.fixture
def name() -> str:
    return f"test-{uuid.uuid4()}"


@pytest.fixture
def two(shared: Database) -> Iterator[tuple[Session, Session]]:
    with Session(shared, "ves_worker") as first, Session(shared, "ves_worker") as second:
        yield first, second


@pytest.fixture
def cursor(edge: Edge, agent: Agent, worker: psycopg.Connection[Any]) -> Agent:
    """A stream of five events, which consumer `test` follows from the start."""
    edge.ingest(agent, *agent.events(5))
    worker.execute("select ves.open_cursor(%s, %s, 'test')", [agent.tenant_id, agent.store_id])
    return agent


def claim(name: str, holder: str = "me", seconds: float = 60) -> Callable[[psycopg.Connection[Any]], Any]:
    return lambda connection: scalar(
        connection, "select ves.claim_lease(%s, %s, %s)", [name, holder, seconds]
    )


def renew(name: str, token: int) -> Callable[[psycopg.Connection[Any]], Any]:
    return lambda connection: scalar(
        connection, "select ves.renew_lease(%s, %s) > clock_timestamp()", [name, token]
    )


def release(name: str, token: int) -> Callable[[psycopg.Connection[Any]], Any]:
    return lambda connection: scalar(connection, "select ves.release_lease(%s, %s)", [name, token])


def advance(
    agent: Agent, expected: int, done_to: int | None, name: str | None = None, token: int | None = None
) -> Callable[[psycopg.Connection[Any]], Any]:
    return lambda connection: scalar(
        connection,
        "select ves.advance_cursor(%s, %s, 'test', %s, %s, 0, %s, %s)",
        [agent.tenant_id, agent.store_id, expected, done_to, name, token],
    )


def expire(shared: Database, name: str) -> None:
    """As if the time of the lease were over."""
    with shared.connect() as superuser:
        superuser.execute(
            "update ves_store.leases set expires_at = clock_timestamp() - interval '1 second' where name = %s",
            [name],
        )


def refused(session: Session, step: Callable[[psycopg.Connection[Any]], Any]) -> str | None:
    with pytest.raises(psycopg.Error) as caught:
        session.do(step)
    session.rollback()
    return caught.value.sqlstate


def done_to(worker: psycopg.Connection[Any], agent: Agent) -> int:
    return int(scalar(worker, "select ves.open_cursor(%s, %s, 'test')", [agent.tenant_id, agent.store_id]))


def test_a_lease_has_one_holder_until_it_is_given_back(worker: psycopg.Connection[Any], name: str) -> None:
    assert claim(name)(worker) == 1
    assert claim(name, "other")(worker) is None
    assert claim(name)(worker) is None, "the holder's name is no token"
    assert renew(name, 1)(worker)
    assert release(name, 1)(worker)
    assert not release(name, 1)(worker)
    assert claim(name, "other")(worker) == 2


def test_an_expired_lease_is_its_holders_until_another_claims_it(
    worker: psycopg.Connection[Any], shared: Database, name: str
) -> None:
    assert claim(name)(worker) == 1
    expire(shared, name)
    assert renew(name, 1)(worker)
    expire(shared, name)
    assert claim(name, "other")(worker) == 2
    with pytest.raises(psycopg.Error) as late:
        renew(name, 1)(worker)
    assert late.value.sqlstate == "VE406"
    assert not release(name, 1)(worker)
    assert renew(name, 2)(worker)


@pytest.mark.parametrize("first_is_committed", [True, False])
def test_of_two_that_claim_one_lease_at_once_one_gets_it(
    two: tuple[Session, Session], name: str, *, first_is_committed: bool
) -> None:
    first, second = two
    assert first.do(claim(name)) == 1
    waiting = second.start(claim(name))
    second.must_wait_for(first, waiting)
    if first_is_committed:
        first.commit()
        assert waiting.result(20) is None
    else:
        first.rollback()
        assert waiting.result(20) == 1


def test_a_write_under_a_lease_is_committed_before_the_next_holder_begins(
    two: tuple[Session, Session], cursor: Agent, worker: psycopg.Connection[Any], shared: Database, name: str
) -> None:
    first, second = two
    assert claim(name)(worker) == 1
    assert first.do(advance(cursor, 0, 2, name, 1)) == 5
    waiting = second.start(claim(name, "other"))
    second.must_wait_for(first, waiting)
    first.commit()
    assert waiting.result(20) is None
    second.rollback()
    assert done_to(worker, cursor) == 2
    expire(shared, name)
    assert second.do(claim(name, "other")) == 2


def test_a_late_holder_moves_nothing(
    two: tuple[Session, Session], cursor: Agent, worker: psycopg.Connection[Any], shared: Database, name: str
) -> None:
    late, current = two
    assert claim(name)(worker) == 1
    expire(shared, name)
    assert refused(late, advance(cursor, 0, 1, name, 1)) == "VE406", "expired, though nobody else claimed it"
    assert current.do(claim(name, "other")) == 2
    current.commit()
    assert refused(late, advance(cursor, 0, 1, name, 1)) == "VE406"
    assert current.do(advance(cursor, 0, 4, name, 2)) == 5
    current.commit()
    assert done_to(worker, cursor) == 4


def test_of_two_that_advance_from_one_number_one_is_refused(
    two: tuple[Session, Session], cursor: Agent, worker: psycopg.Connection[Any]
) -> None:
    first, second = two
    first.do(advance(cursor, 0, 3))
    waiting = second.start(advance(cursor, 0, 2))
    second.must_wait_for(first, waiting)
    first.commit()
    with pytest.raises(psycopg.Error) as caught:
        waiting.result(20)
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("VE404", '{"done_to": 3}')
    second.rollback()
    assert done_to(worker, cursor) == 3


def test_of_three_that_advance_each_from_where_the_one_before_ended_all_succeed_in_turn(
    two: tuple[Session, Session], cursor: Agent, worker: psycopg.Connection[Any], shared: Database
) -> None:
    first, second = two
    with Session(shared, "ves_worker") as third:
        first.do(advance(cursor, 0, 1))
        waiting = second.start(advance(cursor, 1, 3))
        second.must_wait_for(first, waiting)
        first.commit()
        assert waiting.result(20) == 5
        last = third.start(advance(cursor, 3, 5))
        third.must_wait_for(second, last)
        second.commit()
        assert last.result(20) == 5
        third.commit()
    assert done_to(worker, cursor) == 5


@pytest.mark.parametrize(
    ("expected", "target", "code"), [(2, 1, "VE404"), (0, 1, "VE404"), (2, 6, "VE405"), (2, None, "VE404")]
)
def test_a_cursor_never_goes_back_and_never_passes_the_head(
    worker: psycopg.Connection[Any], cursor: Agent, expected: int, target: int | None, code: str
) -> None:
    advance(cursor, 0, 2)(worker)
    with pytest.raises(psycopg.Error) as refusal:
        advance(cursor, expected, target)(worker)
    assert refusal.value.sqlstate == code
    assert done_to(worker, cursor) == 2


def test_a_cursor_knows_events_that_its_wake_up_has_not_told_yet(
    edge: Edge, worker: psycopg.Connection[Any], cursor: Agent
) -> None:
    edge.ingest(cursor, cursor.event())
    assert advance(cursor, 0, 6)(worker) == 6


@pytest.mark.parametrize(
    ("consumer", "start", "code"),
    [("receipts", 0, "VE007"), ("", 0, "VE007"), ("x", 9, "VE405"), (None, 0, "VE008")],
)
def test_a_cursor_that_cannot_be_is_refused(
    worker: psycopg.Connection[Any], cursor: Agent, consumer: str | None, start: int, code: str
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        worker.execute(
            "select ves.open_cursor(%s, %s, %s, %s)", [cursor.tenant_id, cursor.store_id, consumer, start]
        )
    assert refusal.value.sqlstate == code


def test_an_opened_cursor_is_claimed_when_its_stream_grows(
    edge: Edge, worker: psycopg.Connection[Any], agent: Agent
) -> None:
    consumer = f"follower-{uuid.uuid4()}"
    edge.ingest(agent, *agent.events(2))
    assert (
        scalar(worker, "select ves.open_cursor(%s, %s, %s, 2)", [agent.tenant_id, agent.store_id, consumer])
        == 2
    )
    claimed = "select store_id, done_to, head_sequence from ves.claim_cursors(%s, 10, 0)"
    assert worker.execute(claimed, [consumer]).fetchall() == []
    edge.ingest(agent, *agent.events(3))
    assert worker.execute(claimed, [consumer]).fetchall() == [(agent.store_id, 2, 5)]
