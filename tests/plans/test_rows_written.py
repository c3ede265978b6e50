"""What one ingest call writes: these rows and no more, and a bounded amount of log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.support import CALL, Agent, Edge, scalar, synthetic

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.conftest import Database

BATCH = 100
COUNTS = "select t.relname, t.n_tup_ins, t.n_tup_upd, t.n_tup_del from pg_stat_xact_user_tables as t"


@pytest.fixture
def superuser(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.connect() as connection:
        yield connection


@pytest.fixture
def writer(superuser: psycopg.Connection[Any]) -> Agent:
    fresh = Agent()
    fresh.register(superuser)
    return fresh


def rows_written(connection: psycopg.Connection[Any], columns: dict[str, Any]) -> dict[str, list[int]]:
    """(inserted, updated, deleted) rows by table."""

    def counts() -> dict[str, list[int]]:
        return {name: numbers for name, *numbers in connection.execute(COUNTS).fetchall()}

    with connection.transaction():
        # The session's counters go back further than the transaction.
        before = counts()
        connection.execute(CALL, columns)
        written = {
            name: [now - then for now, then in zip(numbers, before[name], strict=True)]
            for name, numbers in counts().items()
        }
    return {name: numbers for name, numbers in written.items() if any(numbers)}


def test_a_batch_writes_one_row_an_event_in_each_table_and_one_for_the_stream(
    superuser: psycopg.Connection[Any], writer: Agent
) -> None:
    edge = Edge.open(superuser)
    superuser.execute(CALL, synthetic(writer, 1, edge.signer_id))
    assert rows_written(superuser, synthetic(writer, BATCH, edge.signer_id)) == {
        "ves_events": [BATCH, 0, 0],
        "ves_command_dedupe": [BATCH, 0, 0],
        "entity_versions": [BATCH, 0, 0],
        "ves_sequence_counters": [0, 1, 0],
        "q_ves_commit": [1, 0, 0],
    }


def test_a_known_entity_is_updated_once_a_batch(superuser: psycopg.Connection[Any], writer: Agent) -> None:
    edge = Edge.open(superuser)
    first = synthetic(writer, BATCH, edge.signer_id)
    second = synthetic(writer, BATCH, edge.signer_id)
    first["entity_ids"] = second["entity_ids"] = ["one", "two"] * (BATCH // 2)
    superuser.execute(CALL, first)
    assert rows_written(superuser, second)["entity_versions"] == [0, 2, 0]


def test_a_replay_writes_nothing(superuser: psycopg.Connection[Any], writer: Agent) -> None:
    edge = Edge.open(superuser)
    columns = synthetic(writer, BATCH, edge.signer_id)
    superuser.execute(CALL, columns)
    assert rows_written(superuser, columns) == {}


def test_a_refused_batch_writes_its_refusals_only(superuser: psycopg.Connection[Any], writer: Agent) -> None:
    edge = Edge.open(superuser)
    superuser.execute(CALL, synthetic(writer, 1, edge.signer_id))
    columns = synthetic(writer, BATCH, edge.signer_id)
    columns["refusals"] = columns["refusal_messages"] = ["invalid_signature"] * BATCH
    assert rows_written(superuser, columns) == {"ves_rejections": [BATCH, 0, 0]}


def test_the_log_of_an_event_is_a_few_times_its_payload(
    superuser: psycopg.Connection[Any], writer: Agent
) -> None:
    edge = Edge.open(superuser)
    payload = '{"text":"' + "x" * 1000 + '"}'
    for _ in range(3):
        superuser.execute(CALL, {**synthetic(writer, BATCH, edge.signer_id), "payloads": [payload] * BATCH})
    superuser.execute("select pg_stat_statements_reset()")
    for _ in range(20):
        superuser.execute(CALL, {**synthetic(writer, BATCH, edge.signer_id), "payloads": [payload] * BATCH})
    # Images of whole pages after a checkpoint are left out: they come once a page, not once an event.
    logged = scalar(
        superuser,
        """select sum(s.wal_bytes - s.wal_fpi * 8192) / %s from pg_stat_statements as s
        where s.toplevel and s.query like '%%ves.ingest_events%%'
          and s.dbid = (select d.oid from pg_database as d where d.datname = current_database())""",
        [20 * BATCH],
    )
    assert 1000 < logged < 3000
