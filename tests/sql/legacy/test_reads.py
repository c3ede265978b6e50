"""Reads of the legacy stream: windows of numbers, an entity's history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.legacy_support import Legacy, Writer, many

if TYPE_CHECKING:
    from tests.sql.support import Edge

LIST = "select sequence_number from ves.list_legacy_events(%s, %s, %s, %s)"
HISTORY = "select total, (event).sequence_number from ves.get_entity_history(%s, %s, 'order', %s, %s, %s)"
HUGE = 2**63 - 1


@pytest.fixture
def writer(edge: Edge) -> Writer:
    return Writer(edge.connection)


@pytest.mark.parametrize(
    ("start", "limit", "numbers"),
    [
        (0, 1, []),
        (0, 3, [1, 2]),
        (1, 3, [1, 2, 3]),
        (4, 100, [4, 5]),
        (6, 100, []),
        (HUGE, 2**31 - 1, []),
        (-5, 3, []),
    ],
)
def test_a_window_is_one_of_numbers_and_starts_to_count_at_zero(
    writer: Writer, start: int, limit: int, numbers: list[int]
) -> None:
    writer.ingest(*many(5))
    assert [row[0] for row in writer.rows(LIST, start, limit)] == numbers


def test_a_payload_comes_back_as_it_was_sent(writer: Writer) -> None:
    text = '{ "b":1e16,"a" : -0, "a":1.0 }'
    writer.ingest(Legacy(payload=text))
    assert writer.rows("select payload::text from ves.list_legacy_events(%s, %s)") == [(text,)]


def test_a_hole_in_the_window_is_an_error(writer: Writer, owner: psycopg.Connection[Any]) -> None:
    writer.ingest(*many(4))
    owner.execute("set local session_replication_role to replica")
    owner.execute(
        "delete from ves_store.events where tenant_id = %s and sequence_number = 2", [writer.tenant_id]
    )
    with pytest.raises(psycopg.Error) as refusal, owner.transaction():
        owner.execute(LIST, [*writer.stream, 1, 3])
    assert refusal.value.sqlstate == "VE402"
    assert owner.execute(LIST, [*writer.stream, 3, 3]).fetchall() == [(3,), (4,)]
    findings = owner.execute(
        "select check_name, finding from ves.verify_stream(%s, %s)", writer.stream
    ).fetchall()
    assert ("legacy_numbering", "events 2 to 2 are missing") in findings
    assert "entity_version" in [name for name, _ in findings]


def test_a_history_is_paged_with_its_total(writer: Writer) -> None:
    writer.ingest(*[Legacy(entity_id="e" if at % 2 else "f") for at in range(10)])
    assert writer.rows(HISTORY, "e", 0, 2) == [(5, 2), (5, 4)]
    assert writer.rows(HISTORY, "e", 4, 2) == [(5, 10)]
    assert writer.rows(HISTORY, "e", 5, 2) == [(5, None)]
    assert writer.rows(HISTORY, "e", HUGE, 2) == [(5, None)]
    assert writer.rows(HISTORY, "unknown", 0, 2) == [(0, None)]


def test_a_window_and_a_page_end_where_their_payloads_pass_16_mib(writer: Writer) -> None:
    """Sizes are those of the text, however well it compresses."""
    text = '"' + "a" * ((1 << 20) - 2) + '"'
    for _ in range(2):
        writer.ingest(*[Legacy(entity_id="e", payload=text) for _ in range(9)])
    assert [row[0] for row in writer.rows(LIST, 1, 1000)] == list(range(1, 17))
    assert [row[0] for row in writer.rows(LIST, 17, 1000)] == [17, 18]
    assert writer.rows(HISTORY, "e", 0, 100) == [(18, number) for number in range(1, 17)]
    assert writer.rows(HISTORY, "e", 16, 100) == [(18, 17), (18, 18)]


def test_a_hole_is_an_error_in_the_part_of_a_window_that_is_answered(
    writer: Writer, owner: psycopg.Connection[Any]
) -> None:
    text = '"' + "a" * ((1 << 20) - 2) + '"'
    for _ in range(2):
        writer.ingest(*[Legacy(payload=text) for _ in range(9)])
    owner.execute("set local session_replication_role to replica")
    owner.execute(
        "delete from ves_store.events where tenant_id = %s and sequence_number = 18", [writer.tenant_id]
    )
    assert len(owner.execute(LIST, [*writer.stream, 1, 18]).fetchall()) == 16
    with pytest.raises(psycopg.Error) as refusal, owner.transaction():
        owner.execute(LIST, [*writer.stream, 17, 18])
    assert refusal.value.sqlstate == "VE402"
