"""Verdicts on schemas that an edge hands in: epochs, replays, reasons."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import scalar

if TYPE_CHECKING:
    from tests.sql.support import Agent, Edge

FAILED = {"refusals": ["schema_validation"], "refusal_messages": ["no"]}


def change_schemas(admin: psycopg.Connection[Any], tenant_id: uuid.UUID) -> int:
    admin.execute("select ves.register_schema(%s, 'order.created', '{}'::json)", [tenant_id])
    with psycopg.connect(admin.info.dsn, autocommit=True, user="ves_api") as api:
        return int(scalar(api, "select schema_epoch from ves.get_active_schemas(%s, '{x}')", [tenant_id]))


def test_verdicts_of_an_older_epoch_store_nothing(
    edge: Edge, agent: Agent, admin: psycopg.Connection[Any]
) -> None:
    event = agent.event()
    now = change_schemas(admin, agent.tenant_id)
    for wrong in (0, now - 1, now + 1):
        with pytest.raises(psycopg.Error) as error:
            edge.ingest(agent, event, schema_epoch=wrong)
        assert error.value.sqlstate == "VE634"
    assert edge.ingest(agent, event, schema_epoch=now).first == 1


def test_a_tenant_without_schemas_is_at_epoch_zero(edge: Edge, agent: Agent) -> None:
    assert edge.ingest(agent, agent.event(), schema_epoch=0).first == 1
    assert edge.ingest(agent, agent.event(), schema_epoch=None).first == 2


def test_an_event_that_fails_its_schema_is_refused_and_takes_no_number(edge: Edge, agent: Agent) -> None:
    answer = edge.ingest(agent, agent.event(), **FAILED)
    assert answer.reasons == ["schema_validation"]
    assert answer.head == 0
    assert edge.ingest(agent, agent.event()).first == 1


def test_an_exact_replay_wins_over_a_schema_that_came_later(edge: Edge, agent: Agent) -> None:
    event = agent.event()
    first = edge.ingest(agent, event)
    again = edge.ingest(agent, event, **FAILED)
    assert again.kinds == ["replayed"]
    assert again.numbers == first.numbers


def test_a_stored_id_with_other_contents_stays_a_duplicate(edge: Edge, agent: Agent) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    other = agent.event('{"n":2}', event_id=event.event_id)
    assert edge.ingest(agent, other, **FAILED).reasons == ["duplicate_event_id"]


def test_a_changed_payload_is_no_replay_whatever_its_schema_says(edge: Edge, agent: Agent) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    wrong = {"refusals": ["invalid_payload_hash"], "refusal_messages": ["no"]}
    assert edge.ingest(agent, event, **wrong).reasons == ["duplicate_event_id"]


def test_the_schema_is_named_before_the_key(edge: Edge, agent: Agent) -> None:
    agent.key_id = 9
    assert edge.ingest(agent, agent.event(), **FAILED).reasons == ["schema_validation"]


def test_the_legacy_stream_compares_the_epoch_too(edge: Edge, admin: psycopg.Connection[Any]) -> None:
    writer = Writer(edge.connection)
    assert writer.ingest(Legacy(), schema_epoch=0).first == 1
    now = change_schemas(admin, writer.tenant_id)
    with pytest.raises(psycopg.Error) as error:
        writer.ingest(Legacy(), schema_epoch=0)
    assert error.value.sqlstate == "VE634"
    stored = Legacy()
    assert writer.ingest(stored, schema_epoch=now).first == 2
    again = writer.ingest(Legacy(event_id=stored.event_id, refusal="SchemaValidation"), schema_epoch=now)
    assert again.reasons == ["DuplicateEventId"]
    assert writer.ingest(Legacy(refusal="SchemaValidation")).reasons == ["SchemaValidation"]
