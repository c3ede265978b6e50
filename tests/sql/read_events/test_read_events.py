"""One call answers events as they were signed, with payload, receipt and leaf, in order and without a gap."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.at_rest.streams import KEY, PAYLOADS, Stream
from tests.sql.support import Agent, Edge, check_receipt
from ves import digests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

READ = "select sequence_number, event_id from ves.read_events(%s, %s, %s, %s)"
PAYLOAD = (
    "select payload_state, payload::text, payload_at_rest, payload_key_id"
    " from ves.read_events(%s, %s, decrypt => %s)"
)


@pytest.fixture
def stream(database: Database) -> Iterator[Stream]:
    yield from Stream.filled(database)


def test_an_event_comes_as_it_was_signed_with_its_receipt_and_leaf(
    edge: Edge, agent: Agent, service: psycopg.Connection[Any]
) -> None:
    event = agent.event('{"n":1.0}', command_id=uuid.uuid4(), base_version=0)
    edge.ingest(agent, event)
    edge.seal(agent)
    with service.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        row = cursor.execute(
            "select * from ves.read_events(%s, %s)", [agent.tenant_id, agent.store_id]
        ).fetchone()
    assert row is not None
    assert (row["event_id"], row["sequence_number"]) == (event.event_id, 1)
    assert (row["source_agent_id"], row["agent_key_id"]) == (agent.agent_id, 1)
    assert bytes(row["event_signing_hash"]) == event.signing_hash
    assert row["base_version"] == 0
    assert row["payload_state"] == "plaintext"
    assert check_receipt(agent, event, row["receipt"]) == []
    assert bytes(row["leaf_hash"]) == digests.leaf_hash(
        agent.tenant_id, agent.store_id, 1, event.signing_hash, bytes(row["agent_signature"])
    )


def test_a_page_ends_by_what_its_payloads_expand_to(stream: Stream, database: Database) -> None:
    with database.connect("ves_service") as fresh:
        for _ in range(20):
            fresh.execute(
                "select ves.ingest_signed_request(%s)", [stream.body(f'{{"pad":"{"p" * 900_000}"}}')]
            )
        read = "select count(*), sum(octet_length(payload::text)) from ves.read_events(%s, %s, 3, 1000)"
        assert fresh.execute(read, stream.ids).fetchone() == (19, 19 * 900_010)
    assert stream.column("select max(octet_length(payload_at_rest)) from ves_store.ves_events")[0] < 1_000


def test_pages_follow_each_other_without_a_gap(
    edge: Edge, agent: Agent, service: psycopg.Connection[Any]
) -> None:
    events = agent.events(7)
    edge.ingest(agent, *events)
    seen: list[tuple[int, uuid.UUID]] = []
    while rows := service.execute(
        READ, [agent.tenant_id, agent.store_id, seen[-1][0] if seen else 0, 3]
    ).fetchall():
        seen += rows
    assert seen == [(number, event.event_id) for number, event in enumerate(events, 1)]


def test_another_tenant_and_an_unknown_stream_have_no_events(
    edge: Edge, agent: Agent, service: psycopg.Connection[Any]
) -> None:
    edge.ingest(agent, agent.event())
    assert service.execute(READ, [uuid.uuid4(), agent.store_id, 0, 10]).fetchall() == []
    assert service.execute(READ, [agent.tenant_id, uuid.uuid4(), 0, 10]).fetchall() == []


@pytest.mark.parametrize(
    ("column", "value", "numbers"),
    [("event_type", "b", [2, 4]), ("entity_id", "x-2", [2]), ("entity_type", "none", [])],
)
def test_a_filter_keeps_the_order_and_the_numbers(
    edge: Edge, agent: Agent, service: psycopg.Connection[Any], column: str, value: str, numbers: list[int]
) -> None:
    edge.ingest(agent, *(agent.event(event_type="ab"[n % 2], entity_id=f"x-{n + 1}") for n in range(4)))
    rows = service.execute(
        f"select sequence_number from ves.read_events(%s, %s, {column} => %s)",
        [agent.tenant_id, agent.store_id, value],
    ).fetchall()
    assert [number for (number,) in rows] == numbers


def test_a_page_holds_at_most_16_mib_of_payloads_and_at_least_one_event(
    edge: Edge, agent: Agent, service: psycopg.Connection[Any]
) -> None:
    for _ in range(4):
        edge.ingest(agent, agent.event('{"n":1}'))
    with psycopg.connect(service.info.dsn, user="postgres", autocommit=True) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            "update ves_store.ves_events set payload = null, payload_kind = 1, payload_encrypted ="
            " (select to_json(string_agg(gen_random_uuid()::text, '')) from generate_series(1, 250000))"
            " where tenant_id = %s",
            [agent.tenant_id],
        )
    read = [agent.tenant_id, agent.store_id, 0, 10]
    assert [number for number, _ in service.execute(READ, read).fetchall()] in ([1, 2], [1, 2, 3])


@pytest.mark.parametrize(("after", "most"), [(-1, 10), (0, 1001), (0, -1), (None, 1), (0, None)])
def test_a_page_that_cannot_be_is_refused(
    service: psycopg.Connection[Any], after: int | None, most: int | None
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        service.execute(READ, [uuid.uuid4(), uuid.uuid4(), after, most])
    assert refusal.value.sqlstate == "VE007"


def test_a_missing_event_is_told_not_skipped(
    edge: Edge, agent: Agent, service: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    edge.ingest(agent, *agent.events(3))
    owner.execute("set local session_replication_role = replica")
    owner.execute(
        "delete from ves_store.ves_events where tenant_id = %s and sequence_number = 2", [agent.tenant_id]
    )
    with pytest.raises(psycopg.Error) as refusal:
        owner.execute(READ, [agent.tenant_id, agent.store_id, 0, 10])
    assert refusal.value.sqlstate == "VE402"


@pytest.mark.parametrize("role", ["ves_service", "ves_reader", "ves_admin"])
def test_who_may_read_payloads_gets_them_decrypted(stream: Stream, database: Database, role: str) -> None:
    with database.connect(role) as connection:
        rows = connection.execute(PAYLOAD, [*stream.ids, True]).fetchall()
    assert rows == [("encrypted_at_rest", text, None, None) for text in PAYLOADS]


@pytest.mark.parametrize(("role", "decrypt"), [("ves_worker", True), ("ves_reader", False)])
def test_others_get_the_ciphertext_and_its_key(
    stream: Stream, database: Database, role: str, *, decrypt: bool
) -> None:
    with database.connect(role) as connection:
        rows = connection.execute(PAYLOAD, [*stream.ids, decrypt]).fetchall()
    assert [(state, text, bytes(key_id)) for state, text, _, key_id in rows] == [
        ("encrypted_at_rest", None, KEY.key_id)
    ] * 3
    assert all(blob is not None for _, _, blob, _ in rows)


def test_a_page_ends_where_its_payloads_pass_16_mib(
    edge: Edge, agent: Agent, service: psycopg.Connection[Any]
) -> None:
    """Sizes are those of the text, however well it compresses."""
    text = '"' + "a" * ((1 << 20) - 2) + '"'
    for _ in range(2):
        edge.ingest(agent, *[agent.event(text) for _ in range(9)])
    stream = [agent.tenant_id, agent.store_id]
    numbers = [row[0] for row in service.execute(READ, [*stream, 0, 1000]).fetchall()]
    assert numbers == list(range(1, 17))
    assert [row[0] for row in service.execute(READ, [*stream, 16, 1000]).fetchall()] == [17, 18]
