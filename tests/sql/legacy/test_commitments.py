"""Legacy commitments and proofs through SQL, against the library and the vectors."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.legacy_support import Legacy, Writer, many
from tests.support import legacy_tree
from tests.unit.ves.vectors import load, unhex
from ves import legacy

if TYPE_CHECKING:
    from tests.sql.support import Edge

VECTORS = load("legacy")
PROOF = "select * from ves.get_legacy_inclusion_proof(%s, %s, %s, %s)"
VERIFY = "select ves.verify_legacy_inclusion(%s, %s, %s, %s)"


@pytest.fixture
def writer(edge: Edge) -> Writer:
    return Writer(edge.connection)


def refused(action: Any) -> str | None:
    with pytest.raises(psycopg.Error) as refusal:
        action()
    return refusal.value.sqlstate


def test_the_vectors_events_have_the_vectors_leaves_roots_and_proofs(
    edge: Edge, owner: psycopg.Connection[Any]
) -> None:
    tenant, store = uuid.UUID(VECTORS["tenant_id"]), uuid.UUID(VECTORS["store_id"])
    writer = Writer(owner, tenant, store)
    writer.ingest(
        *[
            Legacy(payload=e["payload_json_text"], entity_type=e["entity_type"], entity_id=e["entity_id"])
            for e in VECTORS["events"]
        ]
    )
    for tree in VECTORS["trees"]:
        count = tree["leaf_count"]
        with owner.transaction(force_rollback=True):
            batch = writer.commit(1, count)
            assert bytes(batch[5]).hex() == tree["events_root"]
            for wanted in tree["proofs"]:
                number = wanted["leaf_index"] + 1
                _, _, root, leaf, index, path, directions = writer.rows(PROOF, number, batch[0])[0]
                assert bytes(leaf).hex() == VECTORS["events"][index]["leaf_hash"]
                assert path == [unhex(item) for item in wanted["proof_path"]]
                assert directions == wanted["directions_correct"]
                assert owner.execute(VERIFY, [leaf, index, path, root]).fetchone() == (True,)
                assert owner.execute(VERIFY, [root, index, path, leaf]).fetchone() == (count == 1,)


@pytest.mark.parametrize("count", [1, 2, 3, 6, 11, 64, 100])
def test_a_tree_in_sql_is_the_librarys(owner: psycopg.Connection[Any], count: int) -> None:
    leaves = b"".join(bytes([number]) * 32 for number in range(count))
    row = owner.execute("select ves_int.legacy_tree_levels(%s)", [leaves]).fetchone()
    assert row == (legacy_tree.build_levels(leaves),)


def test_every_proof_of_every_small_tree_verifies_in_sql_as_in_the_library(
    owner: psycopg.Connection[Any],
) -> None:
    for count in range(1, 24):
        leaves = b"".join(bytes([number]) * 32 for number in range(count))
        levels = legacy_tree.build_levels(leaves)
        for index in range(count):
            path, leaf = legacy_tree.inclusion_path(levels, index), leaves[32 * index : 32 * index + 32]
            assert owner.execute(VERIFY, [leaf, index, path, levels[-1]]).fetchone() == (True,)
            for other in range(count + 2):
                assert owner.execute(VERIFY, [leaf, other, path, levels[-1]]).fetchone() == (
                    legacy.verify_path(leaf, other, path, levels[-1]),
                )


@pytest.mark.parametrize(
    "arguments",
    [
        (bytes(31), 0, [], bytes(32)),
        (bytes(32), -1, [], bytes(32)),
        (bytes(32), None, [], bytes(32)),
        (bytes(32), 0, [bytes(31)], bytes(32)),
        (bytes(32), 0, [bytes(32)] * 65, bytes(32)),
        (bytes(32), 2**63 - 1, [bytes(32)] * 64, bytes(32)),
        (None, 0, None, None),
    ],
)
def test_malformed_proofs_are_false(edge: Edge, arguments: tuple[Any, ...]) -> None:
    statement = "select ves.verify_legacy_inclusion(%s, %s, %s::bytea[], %s)"
    assert edge.connection.execute(statement, arguments).fetchone() == (False,)


def test_a_state_root_covers_the_entities_in_byte_order_and_links_to_the_one_before(writer: Writer) -> None:
    writer.ingest(Legacy(entity_id="ä"), Legacy(entity_id="Z"), Legacy(entity_id="a"), Legacy(entity_id="Z"))
    first = writer.commit(1, 2)
    rows = [("order", "Z", 2), ("order", "a", 1), ("order", "ä", 1)]
    assert first[3] == bytes(32)
    assert first[4] == legacy_tree.state_root(writer.tenant_id, writer.store_id, rows)
    writer.ingest(Legacy(entity_id="Z"))
    second = writer.commit(3, 5)
    assert second[3] == first[4]
    assert second[4] != first[4]
    listed = writer.rows("select batch_id from ves.list_legacy_commitments(%s, %s)")
    assert listed == [(first[0],), (second[0],)]


def test_the_state_root_of_the_vector(owner: psycopg.Connection[Any]) -> None:
    stream = [VECTORS["tenant_id"], VECTORS["store_id"]]
    call = "select ves_int.legacy_entities_root(%s, %s)"
    assert owner.execute(call, stream).fetchone() == (unhex(VECTORS["state_root"]["state_root_no_entities"]),)
    for row in VECTORS["state_root"]["entity_versions"]:
        owner.execute(
            "insert into ves_store.entity_versions (tenant_id, store_id, entity_type, entity_id, version)"
            " values (%s, %s, %s, %s, %s)",
            [*stream, row["entity_type"], row["entity_id"], row["version"]],
        )
    assert owner.execute(call, stream).fetchone() == (unhex(VECTORS["state_root"]["state_root"]),)


def test_ranges_that_break_a_rule_are_refused(writer: Writer) -> None:
    writer.ingest(*many(6))
    assert refused(lambda: writer.commit(2, 1)) == "VE601"
    assert refused(lambda: writer.commit(0, 1)) == "VE604"
    assert refused(lambda: writer.commit(1, 7)) == "VE604"
    writer.commit(1, 2)
    assert refused(lambda: writer.commit(1, 2)) == "VE610"
    assert refused(lambda: writer.commit(1, 3)) == "VE610"
    assert refused(lambda: writer.commit(4, 5)) == "VE603"
    assert refused(lambda: writer.commit(3, 2**63 - 1)) == "VE604"


def test_a_proof_outside_its_commitment_is_refused(writer: Writer) -> None:
    writer.ingest(*many(4))
    batch = writer.commit(1, 3)[0]
    assert refused(lambda: writer.rows(PROOF, 4, batch)) == "VE606"
    assert refused(lambda: writer.rows(PROOF, 1, uuid.uuid4())) == "VE605"
    elsewhere = Writer(writer.connection, tenant_id=writer.tenant_id)
    assert refused(lambda: elsewhere.rows(PROOF, 1, batch)) == "VE607"


CHANGES = {
    "legacy_payload_hash": "update ves_store.events set payload = '{\"n\":7}' where tenant_id = %s",
    "legacy_leaf_hash": "update ves_store.events set leaf_hash = sha256(leaf_hash) where tenant_id = %s",
    "legacy_commitment": "update ves_store.commitment_nodes set nodes = nodes || nodes where tenant_id = %s",
    "legacy_numbering": "update ves_store.sequence_counters set current_sequence = 9 where tenant_id = %s",
}


@pytest.mark.parametrize("check", CHANGES)
def test_a_changed_row_is_found(writer: Writer, owner: psycopg.Connection[Any], check: str) -> None:
    writer.ingest(*many(3))
    writer.commit(1, 2)
    look = "select check_name from ves.verify_stream(%s, %s)"
    assert owner.execute(look, writer.stream).fetchall() == []
    owner.execute("set local session_replication_role to replica")
    owner.execute(CHANGES[check], [writer.tenant_id])
    assert (check,) in owner.execute(look, writer.stream).fetchall()
