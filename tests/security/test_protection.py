"""A changed value and a deleted row are found by exactly the checks that docs/protection.md names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.conftest import cloned
from tests.security import protection
from tests.sql.rows import fill
from tests.sql.support import verify
from ves_edge.calls import records
from ves_edge.gen.records import VerifyAuditRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database
    from tests.sql.support import Agent
    from tests.support.cluster import Cluster

WORDS = [
    "active",
    "expired",
    "deprecated",
    "manual",
    "automatic",
    "warn",
    "none",
    "backward",
    "admin",
    "member",
    "cli",
    "api",
    "system",
    "group_deleted",
    "key_revoked",
    "encryption",
    "cancelled",
    "failed",
    "legacy",
    "policy_change",
    "inline",
    "manual",
    "x",
]
CANDIDATES = {
    "uuid": ["gen_random_uuid()"],
    "bytea": ["coalesce(set_byte({0}, 0, get_byte({0}, 0) # 1), sha256('x'))", "'\\x0102030405060708'"],
    "boolean": ["not coalesce({0}, false)"],
    "timestamp with time zone": [
        "coalesce({0}, now()) + interval '1 second'",
        "{0} - interval '1 second'",
        "now()",
    ],
    "interval": ["coalesce({0}, interval '1 day') + interval '1 second'"],
    "json": ["'{{\"flipped\": 1}}'"],
    "jsonb": ["'{{\"flipped\": 1}}'"],
    "text[]": ["array['flipped']"],
    "integer[]": ["array[7]"],
    "uuid[]": ["array[gen_random_uuid()]"],
    "text": ["{0} || 'x'", "repeat('ab', 32)", *(f"'{word}'" for word in WORDS)],
}
CANDIDATES["character varying"] = CANDIDATES["text"]
NUMBER = ["coalesce({0}, 0) + 1", "{0} - 1", "2", "0"]


@pytest.fixture(scope="session")
def shared(engine: Cluster) -> Iterator[Database]:
    """A database for this file alone: each change is looked for in the whole history of changes."""
    with cloned(engine, "protection") as own:
        yield own


@pytest.fixture(scope="module")
def filled(shared: Database) -> Agent:
    """A stream with a row in every table of protocol meaning."""
    return fill(shared)


def found(connection: psycopg.Connection[Any], agent: Agent) -> set[str]:
    """Names of all checks that report something; `changes` and `audit` stand for ves.verify_audit."""
    names = {row[0] for row in verify(connection, agent)} - {"payload_shredded", "clock_went_back"}
    audit = records(connection.execute("select * from ves.verify_audit()").fetchall(), VerifyAuditRow)
    tables = set(protection.rows())
    return names | {
        "changes" if row.finding.split(":")[0].split(" ")[0] in tables else "audit" for row in audit
    }


def change(connection: psycopg.Connection[Any], agent: Agent, table: str, column: str) -> bool:
    """Change a column of one row, or delete the row; False when every candidate is refused."""
    columns = dict(
        connection.execute(
            "select a.attname, format_type(a.atttypid, null) from pg_attribute as a"
            " where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped",
            [f"ves_store.{table}"],
        )
    )
    where = "tenant_id = %(tenant)s" if "tenant_id" in columns else "true"
    order = next((n for n in ("sequence_number", "sequence_start", "number") if n in columns), "ctid")
    row = (
        f"ctid = (select ctid from ves_store.{table} where {where} order by {order} limit 1 offset %(skip)s)"
    )
    skip = 1 if table in {"ves_events", "events"} else 0
    values = {"tenant": agent.tenant_id, "skip": skip}
    if column == protection.DELETED:
        return connection.execute(f"delete from ves_store.{table} where {row}", values).rowcount == 1
    for value in CANDIDATES.get(columns[column], NUMBER):
        try:
            with connection.transaction():
                text = value.format(column)
                done = connection.execute(
                    f"update ves_store.{table} set {column} = {text} where {row}"
                    f" and {column}::text is distinct from ({text})::text",
                    values,
                )
            if done.rowcount == 1:
                return True
        except (psycopg.errors.IntegrityError, psycopg.errors.DataError, psycopg.errors.ProgrammingError):
            continue
    return False


def test_every_column_of_every_table_has_a_row(owner: psycopg.Connection[Any]) -> None:
    stored = owner.execute(
        """select c.relname::text, a.attname::text from pg_class as c
        join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'ves_store'::regnamespace and c.relkind = 'r'"""
    ).fetchall()
    named = {(table, column) for table, columns in protection.rows().items() for column in columns}
    assert {pair for pair in named if pair[1] != protection.DELETED} == set(stored)
    assert {table for table, column in named if column == protection.DELETED} == {
        table for table, _ in stored
    }


def test_the_page_is_made_from_the_table() -> None:
    assert protection.PAGE.read_text(encoding="utf-8") == protection.page()


@pytest.mark.parametrize("table", sorted(protection.rows()))
def test_a_changed_value_and_a_deleted_row_are_found_as_the_page_says(
    filled: Agent, owner: psycopg.Connection[Any], table: str
) -> None:
    owner.execute("set local session_replication_role = replica")
    assert found(owner, filled) == set()
    wrong = {}
    for column, checks in protection.rows()[table].items():
        expected = set() if checks[0].startswith(protection.UNPROTECTED) else set(checks)
        with owner.transaction(force_rollback=True):
            is_changed = change(owner, filled, table, column)
            told = found(owner, filled) if is_changed or not expected else {protection.REFUSED}
        if told != expected:
            wrong[column] = sorted(told)
    assert wrong == {}


STREAM = "tenant_id = %(tenant)s and store_id = %(store)s"
# Deletions that leave nothing inconsistent behind, and the checks that find them.
REMOVALS = {
    "the newest commitment": (
        [
            f"delete from ves_store.ves_commitments where {STREAM} and sequence_start = 3",
            (
                "delete from ves_store.ves_commitment_nodes as n where n.tenant_id = %(tenant)s and not exists"
                " (select from ves_store.ves_commitments as c where c.batch_id = n.batch_id)"
            ),
        ],
        {"changes"},
    ),
    "all commitments": (
        [
            f"delete from ves_store.{table} where tenant_id = %(tenant)s"
            for table in ("ves_commitments", "ves_commitment_nodes", "commitments", "commitment_nodes")
        ],
        {"changes"},
    ),
    "the last event, uncommitted": (
        [
            f"delete from ves_store.ves_events where {STREAM} and sequence_number = 5",
            f"delete from ves_store.ves_sequencer_receipts where {STREAM} and sequence_number = 5",
            f"delete from ves_store.entity_versions where {STREAM} and entity_id = 'P-5'",
            (
                f"delete from ves_store.ves_command_dedupe as d where {STREAM} and not exists"
                " (select from ves_store.ves_events as e where e.command_id = d.command_id)"
            ),
            f"update ves_store.ves_sequence_counters set current_sequence = 4 where {STREAM}",
        ],
        {"numbering"},
    ),
    "the whole stream": (
        [
            f"delete from ves_store.{table} where tenant_id = %(tenant)s"
            for table in (
                "ves_events",
                "ves_sequencer_receipts",
                "ves_commitments",
                "ves_commitment_nodes",
                "events",
                "commitments",
                "commitment_nodes",
                "entity_versions",
                "ves_command_dedupe",
                "cursors",
                "event_command_dedupe",
                "ves_sequence_counters",
                "sequence_counters",
                "commitment_anchors",
            )
        ],
        {"changes"},
    ),
}


@pytest.mark.parametrize("name", REMOVALS)
def test_what_is_removed_without_a_trace_beside_it_is_found(
    filled: Agent, owner: psycopg.Connection[Any], name: str
) -> None:
    owner.execute("set local session_replication_role = replica")
    statements, checks = REMOVALS[name]
    for statement in statements:
        done = owner.execute(statement, {"tenant": filled.tenant_id, "store": filled.store_id})
        assert done.rowcount > 0, statement
    assert found(owner, filled) == checks


def test_a_change_through_sql_leaves_time_and_role(
    shared: Database, filled: Agent, owner: psycopg.Connection[Any]
) -> None:
    with shared.connect("ves_admin") as admin:
        admin.execute(
            "select ves.set_commit_policy(%s, %s, 'manual', 8)", [filled.tenant_id, filled.store_id]
        )
    newest = owner.execute(
        "select c.table_name, c.changed_by, c.row_key from ves_store.row_changes as c"
        " where c.tenant_id = %s order by c.number desc limit 1",
        [filled.tenant_id],
    ).fetchone()
    assert newest == ("commit_policies", "ves_admin", f'["{filled.tenant_id}", "{filled.store_id}"]')
    assert found(owner, filled) == set()
