"""The hot statements: index look-ups by the selective column, on a database that was never analysed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plans.explain import Ran, Recorder
from tests.sql.support import CALL, Agent, Edge, scalar, synthetic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

BATCH = 100
# Selective column -> table; the first column of the index that must serve every look-up.
LOOKUPS = {
    "ves_events": "event_id",
    "ves_command_dedupe": "command_id",
    "entity_versions": "entity_id",
    "agent_signing_keys": "agent_id",
    "ves_sequence_counters": "tenant_id",
    "ves_sequencer_receipts": "tenant_id",
    "schema_epochs": "tenant_id",
    "credential_epochs": "tenant_id",
}
SMALL: set[str] = set()
FORBIDDEN = {"Seq Scan", "Bitmap Heap Scan", "Hash Join", "Merge Join"}


class Stream:
    """A stream on a fresh database whose statistics nobody gathers, written by the superuser with plans on."""

    def __init__(self, recorder: Recorder, edge: Edge, agent: Agent) -> None:
        self.recorder, self.edge, self.agent = recorder, edge, agent

    def batch(self, **changes: Any) -> list[Ran]:
        columns = {**synthetic(self.agent, BATCH, self.edge.signer_id), **changes}
        self.last = columns
        ran = self.recorder.record(lambda: self.edge.connection.execute(CALL, columns))
        return [item for item in ran if "ves_store" in item.query]

    def fill(self, count: int) -> None:
        """`count` more events, without looking at plans."""
        self.edge.connection.execute("set auto_explain.log_min_duration to -1")
        for _ in range(count // 1024):
            self.edge.connection.execute(CALL, synthetic(self.agent, 1024, self.edge.signer_id))
        self.edge.connection.execute("set auto_explain.log_min_duration to 0")


@pytest.fixture
def stream(database: Database) -> Iterator[Stream]:
    with database.connect() as superuser:
        tables = superuser.execute(
            "select c.oid::regclass::text from pg_class as c where c.relkind = 'r'"
            " and c.relnamespace in ('ves_store'::regnamespace, 'pgmq'::regnamespace)"
        ).fetchall()
        for (table,) in tables:
            superuser.execute(f"alter table {table} set (autovacuum_enabled = false)")
        edge = Edge.open(superuser)
        agent = Agent()
        agent.register(superuser)
        # The first event of a stream also records the stream for fsck, by statements of its own.
        superuser.execute(CALL, synthetic(agent, 1, edge.signer_id))
        yield Stream(Recorder(superuser), edge, agent)
        analysed = scalar(
            superuser,
            "select count(*) from pg_stat_user_tables where last_analyze is not null or last_autoanalyze is not null",
        )
        assert analysed == 0


def index_columns(stream: Stream, index: str) -> list[str]:
    rows = stream.edge.connection.execute(
        """select a.attname from pg_index as i, unnest(i.indkey) with ordinality as k (attnum, ord)
        join pg_attribute as a on a.attnum = k.attnum
        where i.indexrelid = ('ves_store.' || %s)::regclass and a.attrelid = i.indrelid order by k.ord""",
        [index],
    ).fetchall()
    return [row[0] for row in rows]


def table_scans(ran: list[Ran]) -> list[dict[str, Any]]:
    return [
        node
        for item in ran
        for node in item.nodes()
        if node.get("Relation Name") and node["Node Type"].endswith("Scan")
    ]


def check_shape(stream: Stream, ran: list[Ran]) -> set[str]:
    """Assert the shape of one call's plans; the tables that were looked up."""
    nodes = [node for item in ran for node in item.nodes()]
    scans = table_scans(ran)
    bad = [
        (node["Node Type"], node.get("Relation Name"))
        for node in nodes
        if node["Node Type"] in FORBIDDEN and node.get("Relation Name") not in SMALL
    ]
    assert bad == []
    for scan in scans:
        table = scan["Relation Name"]
        assert scan.get("Rows Removed by Filter", 0) == 0, (table, scan)
        if table in SMALL:
            continue
        assert scan["Node Type"] in {"Index Scan", "Index Only Scan"}, table
        assert index_columns(stream, scan["Index Name"])[0] == LOOKUPS[table], scan["Index Name"]
        condition = scan["Index Cond"]
        assert LOOKUPS[table] in condition, condition
    assert not [node for node in nodes if "hashed SubPlan" in str(node.get("Filter", ""))]
    return {scan["Relation Name"] for scan in scans}


def test_a_batch_looks_everything_up_by_the_selective_column(stream: Stream) -> None:
    everything = {"ves_events", "ves_command_dedupe", "entity_versions", "agent_signing_keys"}
    assert everything <= check_shape(stream, stream.batch(base_versions=[0] * BATCH))
    for _ in range(20):
        assert everything <= check_shape(stream, stream.batch(base_versions=[0] * BATCH))


def test_a_replay_finds_its_receipts_by_index(stream: Stream) -> None:
    for _ in range(5):
        stream.batch()
    again = stream.last
    ran = stream.batch(**again)
    assert "ves_sequencer_receipts" in check_shape(stream, ran)


def test_each_look_up_reads_one_row_per_event_at_most(stream: Stream) -> None:
    for _ in range(5):
        stream.batch()
    for ran in (stream.batch(), stream.batch(**stream.last)):
        for scan in table_scans(ran):
            assert scan["Actual Rows"] <= 1, scan
            assert scan["Actual Loops"] <= BATCH, scan


def test_the_pages_touched_per_batch_do_not_grow_with_the_stream(stream: Stream) -> None:
    touched = [sum(item.buffers for item in stream.batch()) for _ in range(300)]
    early, late = touched[9:19], touched[290:300]
    assert max(late) <= 2 * max(early), (early, late)
    assert scalar(stream.edge.connection, "select count(*) from ves.events") == 300 * BATCH + 1


@pytest.mark.parametrize("leaves", [1024, 8192])
def test_a_proof_reads_as_many_nodes_as_the_tree_is_deep_and_no_event(stream: Stream, leaves: int) -> None:
    stream.fill(leaves)
    connection, agent = stream.edge.connection, stream.agent
    connection.execute(
        "select ves.create_commitment(%s, %s, 1, %s)", [agent.tenant_id, agent.store_id, leaves]
    )
    question = "select * from ves.get_inclusion_proof(%s, %s, 777)"
    connection.execute(question, [agent.tenant_id, agent.store_id])
    ran = stream.recorder.record(lambda: connection.execute(question, [agent.tenant_id, agent.store_id]))
    scans = [scan for scan in table_scans(ran) if scan["Relation Name"].startswith("ves_")]
    assert {scan["Relation Name"] for scan in scans} == {"ves_commitments", "ves_commitment_nodes"}
    nodes = [scan for scan in scans if scan["Relation Name"] == "ves_commitment_nodes"]
    depth = leaves.bit_length() - 1
    assert sum(scan["Actual Rows"] for scan in nodes) == depth + 1
    # The whole tree of 8,192 leaves is about 260 chunks of 2 kB; a proof touches a few pages a level.
    assert sum(item.buffers for item in ran) < 16 * (depth + 1)
