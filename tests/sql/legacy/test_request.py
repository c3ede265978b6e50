"""The legacy door for services: the request as text, decoded and hashed in the database."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import scalar
from tests.unit.ves.vectors import load

if TYPE_CHECKING:
    from collections.abc import Callable

VECTORS = load("legacy")
CALL = "select ves.ingest_legacy_request(%s)"


@pytest.fixture
def request_of() -> Callable[..., str]:
    """A request over the vectors' events in a stream of its own; `changes` go into each event."""
    agent, tenant, store = (str(uuid.uuid4()) for _ in range(3))

    def make(**changes: Any) -> str:
        events = []
        for vector in VECTORS["events"]:
            members = {
                "event_id": str(uuid.uuid4()),
                "tenant_id": tenant,
                "store_id": store,
                "entity_type": vector["entity_type"],
                "entity_id": vector["entity_id"],
                "event_type": "made",
                "payload_hash": vector["payload_hash"],
                "created_at": "2025-01-08T10:30:00Z",
                "source_agent": agent,
                **changes,
            }
            events.append(f'{json.dumps(members)[:-1]},"payload":{vector["payload_json_text"]}}}')
        return f'{{"agent_id":"{agent}","events":[{",".join(events)}]}}'

    return make


def test_the_vectors_events_are_accepted_once(
    service: psycopg.Connection[Any], request_of: Callable[..., str]
) -> None:
    text, count = request_of(), len(VECTORS["events"])
    first = scalar(service, CALL, [text])
    assert uuid.UUID(first.pop("batch_id"))
    assert first == {
        "events_accepted": count,
        "events_rejected": 0,
        "assigned_sequence_start": 1,
        "assigned_sequence_end": count,
        "head_sequence": count,
    }
    again = scalar(service, CALL, [text])
    assert {r["reason"] for r in again["rejections"]} == {"DuplicateEventId"}
    assert (again["events_rejected"], again["assigned_sequence_start"]) == (count, None)


def test_a_wrong_hash_refuses_the_event_and_an_empty_batch_is_zeros(
    service: psycopg.Connection[Any], request_of: Callable[..., str]
) -> None:
    answer = scalar(service, CALL, [request_of(payload_hash="11" * 32)])
    assert {r["reason"] for r in answer["rejections"]} == {"InvalidPayloadHash"}
    empty = scalar(service, CALL, [f'{{"agent_id":"{uuid.uuid4()}","events":[]}}'])
    assert (empty["events_accepted"], empty["head_sequence"]) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"payload_hash": "0x" + "11" * 32}, "VE002"),
        ({"source_agent": str(uuid.uuid4())}, "VE012"),
        ({"entity_id": ""}, "VE007"),
    ],
)
def test_a_refused_request_has_its_code(
    service: psycopg.Connection[Any], request_of: Callable[..., str], changes: dict[str, Any], state: str
) -> None:
    for text, expected in ((request_of(**changes), state), ("{", "VE001")):
        with pytest.raises(psycopg.Error) as refusal:
            service.execute(CALL, [text])
        assert refusal.value.sqlstate == expected
