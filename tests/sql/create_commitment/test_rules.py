"""The rules of VES 10.3, each refusal with its code."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.sql.support import CALL, Agent, scalar, synthetic
from tests.support import ves_tree
from ves import digests

if TYPE_CHECKING:
    from tests.sql.support import Edge


@pytest.fixture
def stream(edge: Edge, agent: Agent) -> Agent:
    """A stream of ten events."""
    edge.ingest(agent, *agent.events(10))
    return agent


def commit(connection: psycopg.Connection[Any], agent: Agent, start: int, end: int) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            "select * from ves.create_commitment(%s, %s, %s, %s)",
            [agent.tenant_id, agent.store_id, start, end],
        ).fetchone()
    assert row is not None
    return row


def refused(
    connection: psycopg.Connection[Any], agent: Agent, start: int, end: int
) -> tuple[str | None, str | None]:
    with pytest.raises(psycopg.Error) as refusal:
        commit(connection, agent, start, end)
    return refusal.value.sqlstate, refusal.value.diag.message_detail


def leaves(connection: psycopg.Connection[Any], agent: Agent, start: int, end: int) -> bytes:
    rows = connection.execute(
        "select leaf_hash from ves.events where tenant_id = %s and store_id = %s"
        " and sequence_number between %s and %s order by sequence_number",
        [agent.tenant_id, agent.store_id, start, end],
    ).fetchall()
    return b"".join(row[0] for row in rows)


def test_a_commitment_has_the_root_of_the_leaves_and_its_place_in_the_chain(
    admin: psycopg.Connection[Any], stream: Agent
) -> None:
    before = bytes(32)
    for start, end, depth in ((1, 5, 3), (6, 6, 0), (7, 10, 2)):
        found = commit(admin, stream, start, end)
        count = end - start + 1
        root = ves_tree.root(leaves(admin, stream, start, end))
        assert (
            found["merkle_root"],
            found["leaf_count"],
            found["tree_depth"],
            found["padded_leaf_count"],
        ) == (
            root,
            count,
            depth,
            2**depth,
        )
        assert found["prev_state_root"] == before
        before = digests.state_root(
            digests.stream_id(stream.tenant_id, stream.store_id), before, root, start, end, count
        )
        assert found["new_state_root"] == before
        assert (found["ves_version"], found["chain_id"], found["chain_tx_hash"], found["anchored_at"]) == (
            1,
            None,
            None,
            None,
        )
        assert found["batch_id"].version == 4


def test_the_same_range_again_is_the_same_commitment(admin: psycopg.Connection[Any], stream: Agent) -> None:
    first = commit(admin, stream, 1, 4)
    commit(admin, stream, 5, 8)
    assert commit(admin, stream, 1, 4) == first


def test_an_end_below_the_start_is_refused(admin: psycopg.Connection[Any], stream: Agent) -> None:
    assert refused(admin, stream, 5, 4)[0] == "VE601"


def test_another_end_for_a_committed_start_is_refused(admin: psycopg.Connection[Any], stream: Agent) -> None:
    commit(admin, stream, 1, 4)
    assert refused(admin, stream, 1, 5) == ("VE602", '{"sequence_end": 4, "sequence_start": 1}')
    assert refused(admin, stream, 1, 3)[0] == "VE602"


@pytest.mark.parametrize("start", [2, 3, 4, 6, 9])
def test_a_range_that_does_not_follow_the_last_one_is_refused(
    admin: psycopg.Connection[Any], stream: Agent, start: int
) -> None:
    commit(admin, stream, 1, 4)
    assert refused(admin, stream, start, 10) == ("VE603", '{"expected_start": 5}')


@pytest.mark.parametrize(("start", "end"), [(1, 11), (11, 11), (0, 3), (-5, 2), (5, 1000)])
def test_a_range_that_is_not_completely_sequenced_is_refused(
    admin: psycopg.Connection[Any], stream: Agent, start: int, end: int
) -> None:
    assert refused(admin, stream, start, end) == ("VE604", '{"head_sequence": 10}')


def test_a_stream_without_events_has_nothing_to_commit(admin: psycopg.Connection[Any], agent: Agent) -> None:
    assert refused(admin, agent, 1, 1) == ("VE604", '{"head_sequence": 0}')


def test_the_first_commitment_may_start_anywhere(admin: psycopg.Connection[Any], stream: Agent) -> None:
    assert commit(admin, stream, 4, 6)["prev_state_root"] == bytes(32)
    assert refused(admin, stream, 1, 3) == ("VE603", '{"expected_start": 7}')
    assert commit(admin, stream, 7, 7)["sequence_start"] == 7


def test_more_leaves_than_a_tree_may_have_are_refused(
    edge: Edge, agent: Agent, owner: psycopg.Connection[Any]
) -> None:
    owner.execute(
        "insert into ves_store.ves_sequence_counters (tenant_id, store_id, current_sequence) values (%s, %s, 2000000)",
        [agent.tenant_id, agent.store_id],
    )
    assert refused(owner, agent, 1, 1_048_577) == ("VE608", '{"limit": 1048576}')


def test_a_counter_that_lies_about_its_events_makes_no_commitment(
    edge: Edge, agent: Agent, owner: psycopg.Connection[Any]
) -> None:
    owner.execute(CALL, synthetic(agent, 3, edge.signer_id))
    owner.execute(
        "update ves_store.ves_sequence_counters set current_sequence = 5 where tenant_id = %s",
        [agent.tenant_id],
    )
    assert refused(owner, agent, 1, 5) == ("VE604", '{"head_sequence": 5}')


def test_a_refused_commitment_leaves_nothing_behind(admin: psycopg.Connection[Any], stream: Agent) -> None:
    refused(admin, stream, 1, 11)
    assert scalar(admin, "select count(*) from ves.commitments where tenant_id = %s", [stream.tenant_id]) == 0
    assert commit(admin, stream, 1, 10)["leaf_count"] == 10


def test_commitments_are_listed_oldest_first_and_found_by_their_id(
    admin: psycopg.Connection[Any], stream: Agent
) -> None:
    made = [commit(admin, stream, start, start + 1)["batch_id"] for start in (1, 3, 5)]
    listed = admin.execute(
        "select batch_id from ves.list_commitments(%s, %s)", [stream.tenant_id, stream.store_id]
    ).fetchall()
    assert [row[0] for row in listed] == made
    by_id = "select batch_id from ves.get_commitment(%s, %s)"
    assert scalar(admin, by_id, [stream.tenant_id, made[1]]) == made[1]
    assert scalar(admin, by_id, [uuid.UUID(int=0), made[1]]) == made[1]
    assert scalar(admin, by_id, [uuid.uuid4(), made[1]]) is None
    assert scalar(admin, by_id, [stream.tenant_id, uuid.uuid4()]) is None


def test_an_anchored_commitment_leaves_the_list_of_unanchored_ones(
    edge: Edge, stream: Agent, owner: psycopg.Connection[Any]
) -> None:
    anchored, waiting = (commit(owner, stream, start, start)["batch_id"] for start in (1, 2))
    owner.execute("select ves.record_anchor(%s, %s, 1)", [anchored, bytes(32)])
    where = [stream.tenant_id, stream.store_id]
    unanchored = owner.execute("select batch_id from ves.list_commitments(%s, %s)", where).fetchall()
    everything = owner.execute(
        "select batch_id, chain_id from ves.list_commitments(%s, %s, false)", where
    ).fetchall()
    assert unanchored == [(waiting,)]
    assert everything == [(anchored, 1), (waiting, None)]
