"""Commitments of a stream are contiguous by constraints: not even the owner can insert an overlap, a gap or a fork."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.legacy_support import Writer, many

if TYPE_CHECKING:
    from tests.sql.support import Agent, Edge

COPY = {
    "ves_commitments": """
        insert into ves_store.ves_commitments
        select c.tenant_id, c.store_id, gen_random_uuid(), 1, 24, %(count)s, 16777216, c.merkle_root,
          c.prev_state_root, c.new_state_root, %(start)s, %(end)s, %(previous)s, now()
        from ves_store.ves_commitments as c where c.tenant_id = %(tenant)s and c.sequence_start = 3""",
    "commitments": """
        insert into ves_store.commitments
        select c.tenant_id, c.store_id, gen_random_uuid(), c.events_root, c.prev_state_root, c.new_state_root,
          %(count)s, %(start)s, %(end)s, %(previous)s, now()
        from ves_store.commitments as c where c.tenant_id = %(tenant)s and c.sequence_start = 3""",
}
# What is inserted behind a commitment of 3 to 5 in a stream of ten events, and the constraint that it violates.
WRONG = {
    "a second first": (6, 7, None, "_first_idx"),
    "a second first before the first": (1, 2, None, "_first_idx"),
    "a gap": (7, 8, 5, "range_starts_after_the_previous_end"),
    "an overlap": (5, 8, 5, "range_starts_after_the_previous_end"),
    "after a number that ends nothing": (8, 9, 7, "_tenant_id_store_id_previous_end_fkey"),
    "an end without an event": (6, 11, 5, "_tenant_id_store_id_sequence_end_fkey"),
}


@pytest.fixture
def agent_with_both_streams(edge: Edge, agent: Agent) -> Agent:
    """Ten events in each stream, 3 to 5 committed in each."""
    edge.ingest(agent, *agent.events(10))
    writer = Writer(edge.connection, agent.tenant_id, agent.store_id)
    writer.ingest(*many(10))
    for kind in ("commitment", "legacy_commitment"):
        edge.connection.execute(f"select ves.create_{kind}(%s, %s, 3, 5)", [agent.tenant_id, agent.store_id])
    return agent


def insert(owner: psycopg.Connection[Any], table: str, agent: Agent, *columns: int | None) -> None:
    start, end, previous = columns
    assert start is not None
    assert end is not None
    with owner.transaction(force_rollback=True):
        cursor = owner.execute(
            COPY[table],
            {
                "tenant": agent.tenant_id,
                "start": start,
                "end": end,
                "count": end - start + 1,
                "previous": previous,
            },
        )
        assert cursor.rowcount == 1


@pytest.mark.parametrize("table", COPY)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_commitment_that_does_not_continue_the_stream_is_refused(
    owner: psycopg.Connection[Any], agent_with_both_streams: Agent, table: str, wrong: str
) -> None:
    *columns, constraint = WRONG[wrong]
    with pytest.raises(psycopg.errors.IntegrityError) as refusal:
        insert(owner, table, agent_with_both_streams, *columns)  # type: ignore[arg-type]
    name = refusal.value.diag.constraint_name or ""
    assert name.removeprefix(table) == constraint


@pytest.mark.parametrize("table", COPY)
def test_the_same_insert_of_the_next_range_is_accepted(
    owner: psycopg.Connection[Any], agent_with_both_streams: Agent, table: str
) -> None:
    insert(owner, table, agent_with_both_streams, 6, 7, 5)


def test_numbers_before_the_first_commitment_are_reported_as_a_note(
    owner: psycopg.Connection[Any], agent_with_both_streams: Agent
) -> None:
    rows = owner.execute(
        "select sequence_number, finding from ves.verify_stream(%s, %s)"
        " where check_name = 'before_first_commitment'",
        [agent_with_both_streams.tenant_id, agent_with_both_streams.store_id],
    ).fetchall()
    assert [number for number, _ in rows] == [2, 2]
    assert all("no commitment can cover them" in finding for _, finding in rows)
