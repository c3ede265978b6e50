"""Two sessions commit a stream, or one commits while the other ingests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.interleave.sessions import Session
from tests.sql.support import Agent, Edge, scalar, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Database


@pytest.fixture
def two(shared: Database) -> Iterator[tuple[Session, Session]]:
    with Session(shared, "ves_worker") as first, Session(shared, "ves_worker") as second:
        yield first, second


def next_range(agent: Agent, limit: int = 4) -> Callable[[psycopg.Connection[Any]], Any]:
    return lambda connection: connection.execute(
        "select batch_id, sequence_start, sequence_end from ves.commit_next(%s, %s, %s)",
        [agent.tenant_id, agent.store_id, limit],
    ).fetchall()


def exact_range(agent: Agent, start: int, end: int) -> Callable[[psycopg.Connection[Any]], Any]:
    return lambda connection: scalar(
        connection,
        "select batch_id from ves.create_commitment(%s, %s, %s, %s)",
        [agent.tenant_id, agent.store_id, start, end],
    )


def test_two_workers_that_race_make_one_commitment_a_range(
    edge: Edge, admin: psycopg.Connection[Any], two: tuple[Session, Session], agent: Agent
) -> None:
    first, second = two
    edge.ingest(agent, *agent.events(6))
    assert first.do(next_range(agent))[0][1:] == (1, 4)
    waiting = second.start(next_range(agent))
    second.must_wait_for(first, waiting)
    first.commit()
    assert [row[1:] for row in waiting.result(timeout=20)] == [(5, 6)]
    second.commit()
    assert verify(admin, agent) == []


def test_a_racer_with_nothing_left_makes_no_commitment(
    edge: Edge, two: tuple[Session, Session], agent: Agent
) -> None:
    first, second = two
    edge.ingest(agent, *agent.events(3))
    first.do(next_range(agent))
    waiting = second.start(next_range(agent))
    second.must_wait_for(first, waiting)
    first.commit()
    assert waiting.result(timeout=20) == []


def test_a_racer_takes_the_range_of_one_who_gave_up(
    edge: Edge, two: tuple[Session, Session], agent: Agent
) -> None:
    first, second = two
    edge.ingest(agent, *agent.events(3))
    first.do(next_range(agent))
    waiting = second.start(next_range(agent))
    second.must_wait_for(first, waiting)
    first.rollback()
    assert [row[1:] for row in waiting.result(timeout=20)] == [(1, 3)]


def test_the_same_range_asked_for_twice_at_once_is_one_commitment(
    edge: Edge, admin: psycopg.Connection[Any], two: tuple[Session, Session], agent: Agent
) -> None:
    first, second = two
    edge.ingest(agent, *agent.events(3))
    made = first.do(exact_range(agent, 1, 3))
    waiting = second.start(exact_range(agent, 1, 3))
    second.must_wait_for(first, waiting)
    first.commit()
    assert waiting.result(timeout=20) == made
    second.commit()
    assert scalar(admin, "select count(*) from ves.commitments where tenant_id = %s", [agent.tenant_id]) == 1


def test_overlapping_ranges_at_once_end_in_one_commitment_and_one_refusal(
    edge: Edge, two: tuple[Session, Session], agent: Agent
) -> None:
    first, second = two
    edge.ingest(agent, *agent.events(5))
    first.do(exact_range(agent, 1, 3))
    waiting = second.start(exact_range(agent, 1, 4))
    second.must_wait_for(first, waiting)
    first.commit()
    with pytest.raises(psycopg.Error) as refusal:
        waiting.result(timeout=20)
    assert refusal.value.sqlstate == "VE602"


def test_commitments_of_other_streams_do_not_wait(
    edge: Edge, two: tuple[Session, Session], agent: Agent
) -> None:
    first, second = two
    other = agent.in_store()
    for stream in (agent, other):
        edge.ingest(stream, *stream.events(2))
    first.do(next_range(agent))
    assert [row[1:] for row in second.do(next_range(other))] == [(1, 2)]


def test_committing_and_ingesting_do_not_wait_for_each_other(
    shared: Database, edge: Edge, admin: psycopg.Connection[Any], agent: Agent
) -> None:
    edge.ingest(agent, *agent.events(3))
    with Session(shared, "ves_worker") as committer, Session(shared, "ves_api") as writer:
        assert committer.do(next_range(agent, 100))[0][1:] == (1, 3)
        events = agent.events(2)
        answer = writer.do(lambda connection: Edge(connection, edge.signer_id).ingest(agent, *events))
        assert answer.numbers == [4, 5]
        committer.commit()
        assert committer.do(next_range(agent, 100)) == []
        writer.commit()
        committer.rollback()
        assert committer.do(next_range(agent, 100))[0][1:] == (4, 5)
        committer.commit()
    assert verify(admin, agent) == []


def test_verify_stream_looks_through_one_snapshot(shared: Database, edge: Edge, agent: Agent) -> None:
    """Events that arrive while a stream is verified are no finding."""
    edge.ingest(agent, *agent.events(10))
    with Session(shared, "ves_reader") as auditor, Session(shared, "ves_api") as writer:
        rows = auditor.do(
            lambda connection: connection.execute(
                "declare audit cursor for select * from ves.verify_stream(%s, %s)",
                [agent.tenant_id, agent.store_id],
            )
        )
        assert rows is not None
        event = agent.event()
        writer.do(lambda connection: Edge(connection, edge.signer_id).ingest(agent, event))
        writer.commit()
        assert auditor.do(lambda connection: connection.execute("fetch all from audit").fetchall()) == []
