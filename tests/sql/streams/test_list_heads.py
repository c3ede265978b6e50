"""`ves.list_heads` answers a follower only what moved, and leaves out nothing that another session had open."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.support import Agent, Edge

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.conftest import Database

LIST = "select store_id, head_sequence, seen_to from ves.list_heads(%s, %s)"


class Tenant:
    """A tenant with five streams of one event each."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection, self.edge = connection, Edge.open(connection)
        first = Agent()
        first.register(connection)
        self.agents = [first.in_store(uuid.uuid4()) for _ in range(5)]
        for agent in self.agents:
            self.edge.ingest(agent, agent.event())

    def moved(self, since: int | None) -> tuple[dict[uuid.UUID, int], int]:
        """Heads by store, and what the next look begins after."""
        rows = self._connection.execute(LIST, [self.agents[0].tenant_id, since]).fetchall()
        return {store: head for store, head, _ in rows}, rows[0][2] if rows else since


@pytest.fixture
def tenant(database: Database) -> Iterator[Tenant]:
    with database.connect("ves_api") as connection:
        yield Tenant(connection)


def test_the_first_look_answers_every_stream_and_the_next_what_moved_since(tenant: Tenant) -> None:
    heads, seen = tenant.moved(None)
    assert heads == {agent.store_id: 1 for agent in tenant.agents}
    assert tenant.moved(seen) == ({}, seen)
    moved = tenant.agents[3]
    tenant.edge.ingest(moved, moved.event())
    heads, after = tenant.moved(seen)
    assert heads == {moved.store_id: 2}
    assert after > seen
    assert tenant.moved(after) == ({}, after)


@pytest.mark.parametrize("statement", [None, "savepoint s"], ids=["transaction", "subtransaction"])
def test_a_stream_that_another_session_was_moving_during_a_look_is_in_the_next(
    tenant: Tenant, database: Database, statement: str | None
) -> None:
    slow, quick = tenant.agents[:2]
    with database.connect("ves_api") as other:
        edge = Edge.open(other)
        with other.transaction():
            if statement:
                other.execute(statement)
            edge.ingest(slow, slow.event())
            tenant.edge.ingest(quick, quick.event())
            heads, seen = tenant.moved(None)
            assert (heads[slow.store_id], heads[quick.store_id]) == (1, 2)
        heads, _ = tenant.moved(seen)
    assert heads[slow.store_id] == 2


@pytest.mark.parametrize("since", [-1, 0, 2**62])
def test_a_position_that_was_never_answered_is_no_error(tenant: Tenant, since: int) -> None:
    heads, _ = tenant.moved(since)
    assert set(heads) <= {agent.store_id for agent in tenant.agents}
