"""`ves.commit_next`: the next range, at most so many, nothing when all is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import psycopg

    from tests.sql.support import Agent, Edge


def commit(connection: psycopg.Connection[Any], agent: Agent, *limit: int | None) -> list[tuple[int, int]]:
    marks = ", %s" * len(limit)
    return connection.execute(
        f"select sequence_start, sequence_end from ves.commit_next(%s, %s{marks})",
        [agent.tenant_id, agent.store_id, *limit],
    ).fetchall()


def test_ranges_follow_each_other_until_nothing_is_left(
    edge: Edge, admin: psycopg.Connection[Any], agent: Agent
) -> None:
    edge.ingest(agent, *agent.events(7))
    assert commit(admin, agent, 3) == [(1, 3)]
    assert commit(admin, agent, 3) == [(4, 6)]
    assert commit(admin, agent, 3) == [(7, 7)]
    assert commit(admin, agent, 3) == []
    edge.ingest(agent, agent.event())
    assert commit(admin, agent, 3) == [(8, 8)]


def test_a_stream_without_events_gives_no_row(admin: psycopg.Connection[Any], agent: Agent) -> None:
    assert commit(admin, agent) == []


def test_1024_events_is_the_default(edge: Edge, admin: psycopg.Connection[Any], agent: Agent) -> None:
    edge.ingest(agent, *agent.events(1030))
    assert commit(admin, agent) == [(1, 1024)]
    assert commit(admin, agent) == [(1025, 1030)]


@pytest.mark.parametrize("limit", [0, -1, 1])
def test_at_least_one_event_is_committed(
    edge: Edge, admin: psycopg.Connection[Any], agent: Agent, limit: int
) -> None:
    edge.ingest(agent, *agent.events(2))
    assert commit(admin, agent, limit) == [(1, 1)]


def test_it_goes_on_after_a_range_that_somebody_chose(
    edge: Edge, admin: psycopg.Connection[Any], agent: Agent
) -> None:
    edge.ingest(agent, *agent.events(9))
    admin.execute("select ves.create_commitment(%s, %s, 1, 4)", [agent.tenant_id, agent.store_id])
    assert commit(admin, agent, 100) == [(5, 9)]
