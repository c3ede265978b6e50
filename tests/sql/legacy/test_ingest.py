"""Legacy ingest: decision order, numbers of its own, versions shared with the VES stream."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.legacy_support import Legacy, Writer, many
from tests.sql.support import verify

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.sql.support import Agent, Edge


@pytest.fixture
def writer(edge: Edge) -> Writer:
    return Writer(edge.connection)


def test_events_are_numbered_from_one_without_a_gap(writer: Writer) -> None:
    assert writer.ingest(*many(3)).numbers == [1, 2, 3]
    answer = writer.ingest(*many(2))
    assert (answer.first, answer.last, answer.head) == (4, 5, 5)
    assert writer.rows("select ves.get_legacy_head(%s, %s)") == [(5,)]


def test_a_stored_event_is_refused_even_when_nothing_differs(writer: Writer) -> None:
    event = Legacy()
    writer.ingest(event)
    answer = writer.ingest(event, Legacy())
    assert answer.reasons == ["DuplicateEventId", None]
    assert answer.numbers == [None, 2]


def test_events_are_judged_in_the_order_of_the_protocol(writer: Writer) -> None:
    stored, command = Legacy(command_id=uuid.uuid4()), uuid.uuid4()
    writer.ingest(stored)
    twice = Legacy()
    answer = writer.ingest(
        twice,
        twice,
        Legacy(event_id=stored.event_id, refusal="InvalidPayloadHash"),
        Legacy(refusal="InvalidPayloadHash", command_id=command),
        Legacy(command_id=command, base_version=9),
        Legacy(command_id=command),
        Legacy(command_id=stored.command_id),
        Legacy(base_version=0),
        Legacy(base_version=3),
    )
    assert answer.reasons == [
        None,
        "DuplicateEventId",
        "DuplicateEventId",
        "InvalidPayloadHash",
        "VersionConflict",
        "DuplicateCommandId",
        "DuplicateCommandId",
        None,
        "VersionConflict",
    ]
    assert [o.phase for o in answer.outcomes if o.phase] == [1, 1, 1, 2, 1, 1, 2]
    assert writer.ingest(Legacy(command_id=command)).numbers == [4], "a refused event frees its command"


def test_two_events_of_one_entity_see_each_others_version(writer: Writer) -> None:
    answer = writer.ingest(
        Legacy(entity_id="e", base_version=0),
        Legacy(entity_id="e", base_version=1),
        Legacy(entity_id="e", base_version=1),
        Legacy(entity_id="e"),
    )
    assert answer.reasons == [None, None, "VersionConflict", None]
    assert "actual 2" in (answer.outcomes[2].message or "")


def test_versions_are_shared_with_the_ves_stream(
    edge: Edge, agent: Agent, admin: psycopg.Connection[Any]
) -> None:
    writer = Writer(edge.connection, agent.tenant_id, agent.store_id)
    assert edge.ingest(agent, agent.event(entity_type="order", entity_id="e")).numbers == [1]
    assert writer.ingest(
        Legacy(entity_id="e", base_version=0), Legacy(entity_id="e", base_version=1)
    ).numbers == [
        None,
        1,
    ]
    conflict, good = agent.event(entity_id="e", base_version=1), agent.event(entity_id="e", base_version=2)
    assert edge.ingest(agent, conflict, good).numbers == [None, 2]
    edge.seal(agent)
    assert verify(admin, agent) == []


def test_an_event_id_belongs_to_a_tenant(writer: Writer, edge: Edge) -> None:
    event = Legacy()
    writer.ingest(event)
    assert Writer(edge.connection, tenant_id=writer.tenant_id).ingest(event).reasons == ["DuplicateEventId"]
    assert Writer(edge.connection).ingest(event).numbers == [1]


def test_stale_credentials_store_nothing(writer: Writer) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        writer.ingest(Legacy(), auth_epoch=-1)
    assert refusal.value.sqlstate == "VE109"
    assert writer.rows("select ves.get_legacy_head(%s, %s)") == [(0,)]


def test_arrays_of_another_length_are_refused(writer: Writer) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        writer.ingest(Legacy(), payload_hashes=bytes(31))
    assert refusal.value.sqlstate == "VE502"


def test_refused_events_are_on_record(writer: Writer, admin: psycopg.Connection[Any]) -> None:
    writer.ingest(Legacy(base_version=7))
    rows = admin.execute(
        "select reason from ves.rejections where tenant_id = %s", [writer.tenant_id]
    ).fetchall()
    assert rows == [("VersionConflict",)]


def test_concurrent_writers_get_each_number_once(shared: Database, admin: psycopg.Connection[Any]) -> None:
    tenant, store = uuid.uuid4(), uuid.uuid4()
    shared_events = many(20)

    def write(_: int) -> list[int]:
        with shared.connect("ves_api") as connection:
            writer = Writer(connection, tenant, store)
            answers = [writer.ingest(event, *many(3)) for event in shared_events]
        return [number for answer in answers for number in answer.numbers if number is not None]

    with ThreadPoolExecutor(4) as pool:
        numbers = sorted(number for found in pool.map(write, range(4)) for number in found)
    assert numbers == list(range(1, 20 + 4 * 20 * 3 + 1))
    assert admin.execute("select * from ves.verify_stream(%s, %s)", [tenant, store]).fetchall() == []
