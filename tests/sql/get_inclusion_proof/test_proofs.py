"""Proofs from stored levels equal proofs from the leaves, for every leaf of every small tree (VES 9)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import CALL, Agent, scalar, synthetic
from tests.support import ves_tree
from ves import merkle

if TYPE_CHECKING:
    from tests.sql.support import Edge

PROOFS = """
select (p).sequence_number, (p).batch_id, (p).merkle_root, (p).leaf_hash, (p).leaf_index, (p).proof_path, (p).directions,
  ves.verify_inclusion((p).leaf_hash, (p).leaf_index, (p).proof_path, (p).merkle_root)
from generate_series(%(first)s::bigint, %(last)s) as n,
lateral (select ves.get_inclusion_proof(%(tenant)s, %(store)s, n) as p offset 0) as x order by 1
"""


@pytest.fixture(scope="module")
def forest(edge: Edge) -> tuple[Agent, list[tuple[int, int]]]:
    """One stream committed as trees of 1, 2, ... 40 leaves."""
    agent = Agent()
    agent.register(edge.connection)
    ranges = []
    for size in range(1, 41):
        edge.connection.execute(CALL, synthetic(agent, size, edge.signer_id))
        row = edge.connection.execute(
            "select sequence_start, sequence_end from ves.commit_next(%s, %s)",
            [agent.tenant_id, agent.store_id],
        ).fetchone()
        assert row is not None
        ranges.append((row[0], row[1]))
    return agent, ranges


@pytest.mark.parametrize("size", range(1, 41))
def test_every_leaf_of_a_tree_has_the_path_that_the_leaves_give(
    admin: psycopg.Connection[Any], forest: tuple[Agent, list[tuple[int, int]]], size: int
) -> None:
    agent, ranges = forest
    first, last = ranges[size - 1]
    assert last - first + 1 == size
    where = {"tenant": agent.tenant_id, "store": agent.store_id, "first": first, "last": last}
    stored = admin.execute(
        "select leaf_hash from ves.events where tenant_id = %(tenant)s and store_id = %(store)s"
        " and sequence_number between %(first)s and %(last)s order by sequence_number",
        where,
    ).fetchall()
    levels = ves_tree.build_levels(b"".join(row[0] for row in stored))
    proofs = admin.execute(PROOFS, where).fetchall()
    assert len(proofs) == size
    for index, (number, _, root, leaf, leaf_index, path, directions, verified) in enumerate(proofs):
        assert (number, leaf_index, root, leaf) == (first + index, index, levels[-1], stored[index][0])
        assert path == ves_tree.inclusion_path(levels, index)
        assert directions == merkle.directions(index, len(path))
        assert merkle.verify_inclusion(leaf, index, path, root)
        assert verified


def test_a_stored_level_ends_where_only_padding_follows(
    owner: psycopg.Connection[Any], forest: tuple[Agent, list[tuple[int, int]]]
) -> None:
    agent, ranges = forest
    rows = owner.execute(
        "select c.leaf_count, n.level, octet_length(n.nodes) / 32 from ves_store.ves_commitment_nodes as n"
        " join ves_store.ves_commitments as c using (batch_id, tenant_id) where c.tenant_id = %s",
        [agent.tenant_id],
    ).fetchall()
    for count, level, stored in rows:
        real = -(-count // 2**level)
        top = level == (count - 1).bit_length()
        assert stored == (1 if top else real + real % 2), (count, level)
    assert len(rows) == sum((size - 1).bit_length() + 1 for size in range(1, len(ranges) + 1))


def refusal(connection: psycopg.Connection[Any], *arguments: Any) -> tuple[str | None, str | None]:
    marks = ", ".join(["%s"] * len(arguments))
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(f"select ves.get_inclusion_proof({marks})", arguments)
    return caught.value.sqlstate, caught.value.diag.message_detail


def test_a_number_that_is_not_committed_yet_has_no_proof(
    edge: Edge, admin: psycopg.Connection[Any], agent: Agent
) -> None:
    edge.ingest(agent, *agent.events(6))
    assert refusal(admin, agent.tenant_id, agent.store_id, 1)[0] == "VE605"
    admin.execute("select ves.create_commitment(%s, %s, 2, 4)", [agent.tenant_id, agent.store_id])
    assert refusal(admin, agent.tenant_id, agent.store_id, 1)[0] == "VE605"
    outside = ("VE606", '{"sequence_end": 4, "sequence_start": 2}')
    assert refusal(admin, agent.tenant_id, agent.store_id, 5) == outside
    assert refusal(admin, agent.tenant_id, agent.store_id, 7) == outside


def test_a_proof_may_be_asked_of_a_named_commitment_of_the_same_stream_only(
    edge: Edge, admin: psycopg.Connection[Any], agent: Agent
) -> None:
    edge.ingest(agent, *agent.events(4))
    first, second = (
        scalar(admin, "select batch_id from ves.commit_next(%s, %s, 2)", [agent.tenant_id, agent.store_id])
        for _ in range(2)
    )
    where = (agent.tenant_id, agent.store_id)
    assert (
        scalar(admin, "select batch_id from ves.get_inclusion_proof(%s, %s, 2, %s)", [*where, first]) == first
    )
    assert refusal(admin, *where, 2, second)[0] == "VE606"
    assert refusal(admin, *where, 2, uuid.uuid4())[0] == "VE605"
    assert refusal(admin, agent.tenant_id, uuid.uuid4(), 2, first)[0] == "VE607"
    assert refusal(admin, uuid.uuid4(), agent.store_id, 2, first)[0] == "VE605"
