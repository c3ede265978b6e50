"""Legacy and VES ingest of one stream: one lock, so each sees the other's versions and none deadlocks."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.interleave.sessions import Session
from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import Agent, Edge, scalar, verify
from tests.support import legacy_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tests.conftest import Database


@pytest.fixture
def two(shared: Database) -> Iterator[tuple[Session, Session]]:
    with Session(shared, "ves_api") as first, Session(shared, "ves_api") as second:
        yield first, second


@pytest.mark.parametrize("legacy_first", [True, False])
def test_batches_that_touch_the_same_entities_in_opposite_orders_wait_instead_of_deadlocking(
    edge: Edge,
    agent: Agent,
    admin: psycopg.Connection[Any],
    two: tuple[Session, Session],
    legacy_first: bool,
) -> None:
    first, second = two
    names = ["a", "b", "c"]
    base = 3 if legacy_first else 0

    def unsigned(connection: psycopg.Connection[Any]) -> list[int | None]:
        events = [Legacy(entity_id=name, base_version=base if name == "a" else None) for name in names]
        return Writer(connection, agent.tenant_id, agent.store_id).ingest(*events).numbers

    def signed(connection: psycopg.Connection[Any]) -> list[int | None]:
        events = [agent.event(entity_id=name) for name in reversed(names)]
        return Edge(connection, edge.signer_id).ingest(agent, *events).numbers

    ahead, behind = (unsigned, signed) if legacy_first else (signed, unsigned)
    ahead_numbers = first.do(ahead)
    waiting = second.start(behind)
    second.must_wait_for(first, waiting)
    first.commit()
    numbers = waiting.result(timeout=20)
    second.commit()
    # base_version 0 (3) of "a" is out of date: the other stream came first (nobody came before).
    refused = ahead_numbers if legacy_first else numbers
    assert refused == [None, 1, 2]
    edge.seal(agent)
    assert verify(admin, agent) == []


def test_a_legacy_commitment_is_made_once_whoever_races(
    edge: Edge, agent: Agent, two: tuple[Session, Session]
) -> None:
    first, second = two
    Writer(edge.connection, agent.tenant_id, agent.store_id).ingest(Legacy(), Legacy())

    def commit(connection: psycopg.Connection[Any]) -> object:
        return Writer(connection, agent.tenant_id, agent.store_id).commit(1, 2)[0]

    first.do(commit)
    waiting = second.start(commit)
    second.must_wait_for(first, waiting)
    first.commit()
    with pytest.raises(psycopg.Error) as refusal:
        waiting.result(timeout=20)
    assert refusal.value.sqlstate == "VE610"
    second.rollback()


def test_a_service_that_waited_for_another_stores_twin_is_told_of_the_duplicate(
    edge: Edge, shared: Database
) -> None:
    writer, event = Writer(edge.connection), Legacy()
    members = {
        "event_id": str(event.event_id),
        "tenant_id": str(writer.tenant_id),
        "store_id": str(uuid.uuid4()),
        "entity_type": "order",
        "entity_id": "O-1",
        "event_type": "order.created",
        "payload": {"n": 1},
        "payload_hash": legacy_tree.payload_hash(b'{"n":1}').hex(),
        "created_at": "2025-01-08T10:30:00Z",
        "source_agent": str(uuid.uuid4()),
    }
    request = json.dumps({"agent_id": members["source_agent"], "events": [members]})
    with Session(shared, "ves_api") as first, Session(shared, "ves_service") as second:
        first.do(lambda connection: Writer(connection, writer.tenant_id, writer.store_id).ingest(event))
        waiting = second.start(
            lambda connection: scalar(connection, "select ves.ingest_legacy_request(%s)", [request])
        )
        second.must_wait_for(first, waiting)
        first.commit()
        assert [r["reason"] for r in waiting.result(timeout=20)["rejections"]] == ["DuplicateEventId"]
        second.commit()
