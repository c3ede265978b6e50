"""The generated calls against the engine: key numbers, nulls, json, nested records, both faces."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from ves.ed25519 import public_key
from ves_edge.calls import json_text, records
from ves_edge.connection import Connection
from ves_edge.errors import ApiError
from ves_edge.gen import sync
from ves_edge.gen.records import ListSignersRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

PUBLIC_KEY = public_key(bytes(range(32)))


@pytest.fixture
def db(database: Database) -> Iterator[Connection]:
    with Connection(database.url("ves_admin")) as connection:
        yield connection


@pytest.mark.parametrize("key_id", [0, 1, 2**31 - 1, 2**31, 2**32 - 1])
def test_a_key_number_goes_and_comes_as_it_is(db: Connection, key_id: int) -> None:
    tenant, agent = uuid.uuid4(), uuid.uuid4()
    sync.register_agent_key(db, tenant_id=tenant, agent_id=agent, key_id=key_id, public_key=PUBLIC_KEY)
    found = sync.get_agent_keys(db, tenant_id=tenant, agent_ids=[agent], key_ids=[key_id])
    assert [(row.agent_id, row.key_id, row.public_key_bundle) for row in found] == [(agent, key_id, None)]
    assert [row.key_id for row in sync.list_agent_keys(db, tenant_id=tenant)] == [key_id]


def test_a_key_number_of_33_bits_is_refused_by_the_server(db: Connection) -> None:
    with pytest.raises(ApiError, match="VE904"):
        sync.revoke_agent_key(db, tenant_id=uuid.uuid4(), agent_id=uuid.uuid4(), key_id=2**33)


def test_an_entity_without_events_has_a_total_and_no_event(db: Connection) -> None:
    rows = sync.get_entity_history(
        db, tenant_id=uuid.uuid4(), store_id=uuid.uuid4(), entity_type="order", entity_id="1"
    )
    assert [(row.total, row.event) for row in rows] == [(0, None)]


def test_json_comes_as_it_was_written_and_jsonb_as_a_value(db: Connection) -> None:
    tenant, text = uuid.uuid4(), '{ "type" : "object", "minProperties":1.0 }'
    context = {"actor": "tester", "actor_type": "cli"}
    schema = sync.register_schema(db, tenant_id=tenant, event_type="t", schema_json=text, context=context)
    assert schema.schema_json == text
    entry = next(e for e in sync.list_audit(db, tenant_id=tenant) if e.action == "schema_registered")
    assert (entry.actor, entry.details["version"]) == ("tester", 1)
    assert entry.timestamp <= datetime.now(UTC)


def test_a_value_may_be_null_only_where_the_record_says_so() -> None:
    row = (1, uuid.uuid4(), 0, "none", None, datetime.now(UTC))
    assert records([row], ListSignersRow)[0].public_key is None
    with pytest.raises(msgspec.ValidationError):
        records([(None, *row[1:])], ListSignersRow)


def test_a_json_parameter_takes_values_and_text() -> None:
    assert json_text({"a": [1, None]}) == '{"a":[1,null]}'
    assert json_text(b'{"a": 1}') == '{"a": 1}'
    assert json_text(None) is None


def test_a_stream_answers_what_the_call_answers(db: Connection) -> None:
    stream = {"tenant_id": uuid.uuid4(), "store_id": uuid.uuid4(), "from_sequence": 1, "to_sequence": 9}
    assert list(sync.stream_export_events(db, **stream)) == sync.export_events(db, **stream) == []
