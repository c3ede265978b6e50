"""An ingest call costs the same few statements whatever its size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.legacy_support import CALL as LEGACY_CALL
from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import CALL, Agent, Edge, scalar, synthetic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from tests.conftest import Database

# Small statements that run only when needed cost less than one large one that always starts all of its plan nodes.
MAX_STATEMENTS = 12
# The first call of a stream also records the stream for fsck, and reads the tenant's limit and number of streams.
MAX_FIRST_STATEMENTS = 22
COUNT = """
select coalesce(sum(s.calls), 0)::int, coalesce(jsonb_object_agg(left(s.query, 60), s.calls), '{}')
from pg_stat_statements as s
where s.dbid = (select d.oid from pg_database as d where d.datname = current_database())
  and s.query not like '%%pg_stat_statements%%' and s.query not like '%%set_config%%'
"""


@pytest.fixture
def count(database: Database) -> Iterator[Callable[[Callable[[], Any]], int]]:
    """Counts the statements, nested ones too, that an action makes the server run."""
    with database.connect() as superuser:
        assert scalar(superuser, "show pg_stat_statements.track") == "all"

        def counted(action: Callable[[], Any]) -> int:
            superuser.execute("select pg_stat_statements_reset()")
            action()
            row = superuser.execute(COUNT).fetchone()
            assert row is not None
            assert row[0] > 0
            return int(row[0])

        yield counted


@pytest.fixture
def api(database: Database) -> Iterator[Edge]:
    with database.connect("ves_api") as connection:
        yield Edge.open(connection)


@pytest.fixture
def writer(api: Edge) -> Agent:
    fresh = Agent()
    fresh.register(api.connection)
    return fresh


def call(connection: psycopg.Connection[Any], columns: dict[str, Any]) -> None:
    connection.execute(CALL, columns)


@pytest.mark.parametrize("size", [1, 100, 1000])
def test_a_batch_of_any_size_takes_at_most_twelve_statements(
    api: Edge, writer: Agent, count: Callable[..., int], size: int
) -> None:
    first = synthetic(writer, size, api.signer_id)
    later = synthetic(writer, size, api.signer_id)
    assert count(lambda: call(api.connection, first)) <= MAX_FIRST_STATEMENTS, "the first call of a stream"
    assert count(lambda: call(api.connection, later)) <= MAX_STATEMENTS, "a later call"
    assert count(lambda: call(api.connection, later)) <= MAX_STATEMENTS, "an exact replay"


@pytest.mark.parametrize("size", [2, 100, 1000])
def test_duplicates_conflicts_and_rejections_cost_no_statement(
    api: Edge, writer: Agent, count: Callable[..., int], size: int
) -> None:
    known = synthetic(writer, size, api.signer_id)
    call(api.connection, known)
    mixed = synthetic(writer, size, api.signer_id)
    for at in range(size):
        kind = at % 7
        if kind == 0:
            mixed["event_ids"][at] = known["event_ids"][at]
        elif kind == 1:
            mixed["command_ids"][at] = known["command_ids"][at]
        elif kind == 2:
            mixed["event_ids"][at] = mixed["event_ids"][0]
        elif kind == 3:
            mixed["base_versions"][at] = 99
        elif kind == 4:
            mixed["agent_key_ids"][at] = 77
    mixed["refusals"] = ["invalid_payload_hash" if at % 7 == 5 else None for at in range(size)]
    mixed["refusal_messages"] = ["no" if at % 7 == 5 else None for at in range(size)]
    assert count(lambda: call(api.connection, mixed)) <= MAX_STATEMENTS
    assert count(lambda: call(api.connection, mixed)) <= MAX_STATEMENTS


@pytest.mark.parametrize("size", [1, 1000])
def test_a_legacy_batch_of_any_size_takes_at_most_twelve_statements(
    api: Edge, count: Callable[..., int], size: int
) -> None:
    writer = Writer(api.connection)
    first = writer.columns(*[Legacy() for _ in range(size)])
    assert count(lambda: api.connection.execute(LEGACY_CALL, first)) <= MAX_FIRST_STATEMENTS, "the first call"
    assert count(lambda: api.connection.execute(LEGACY_CALL, first)) <= MAX_STATEMENTS, "all duplicates"


def test_storing_receipts_of_a_batch_is_one_statement_inside_one_call(
    api: Edge, writer: Agent, count: Callable[..., int]
) -> None:
    call(api.connection, synthetic(writer, 500, api.signer_id))
    wanted = api.connection.execute(
        "select receipt ->> 'receiptHash' from ves.get_receipts(%s, %s, 1, 500) order by sequence_number",
        [writer.tenant_id, writer.store_id],
    ).fetchall()
    hashes = bytes.fromhex("".join(row[0] for row in wanted))
    streams = [[writer.tenant_id] * 500, [writer.store_id] * 500]
    parameters = [*streams, list(range(1, 501)), hashes, bytes(64 * 500)]
    statement = "select ves.store_receipts(%s, %s, %s, %s, %s)"
    assert count(lambda: api.connection.execute(statement, parameters)) <= 2


def test_a_commitment_takes_the_same_statements_for_16_events_as_for_1024(
    api: Edge, writer: Agent, count: Callable[..., int]
) -> None:
    call(api.connection, synthetic(writer, 1040, api.signer_id))
    commit = "select ves.create_commitment(%s, %s, %s, %s)"
    small = count(lambda: api.connection.execute(commit, [writer.tenant_id, writer.store_id, 1, 16]))
    large = count(lambda: api.connection.execute(commit, [writer.tenant_id, writer.store_id, 17, 1040]))
    # Six levels more, each one statement (pad, level): the events themselves cost none.
    assert large - small <= 3 * 6
    assert large < 80, "ten of them for the row of the anchor and its change record"
