"""The doors that verify in the database check payloads against schemas too."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import scalar
from tests.support import legacy_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sql.support import Agent, Event

AMOUNT = '{"properties": {"amount": {"type": "integer"}}, "required": ["amount"]}'
GOOD, BAD = '{"amount": 1}', '{"amount": "s3cret"}'
FAILED = "Schema validation failed for event type 'order.created': /amount: must be integer"
MISSING = "No schema registered for event type 'order.created'"


class Doors:
    """Both doors for one stream, as the trusted service calls them."""

    def __init__(
        self, service: psycopg.Connection[Any], admin: psycopg.Connection[Any], agent: Agent
    ) -> None:
        self.service = service
        self.admin = admin
        self.agent = agent

    def register(self, schema: str = AMOUNT) -> uuid.UUID:
        statement = "select (ves.register_schema(%s, 'order.created', %s::json)).schema_id"
        found: uuid.UUID = scalar(self.admin, statement, [self.agent.tenant_id, schema])
        return found

    def set_mode(self, mode: str | None) -> bool:
        return bool(scalar(self.admin, "select ves.set_schema_validation_mode(%s)", [mode]))

    def signed(self, *events: Event) -> dict[str, Any]:
        answer: dict[str, Any] = scalar(
            self.service, "select ves.ingest_signed_request(%s)", [self.agent.body(*events)]
        )
        return answer

    def legacy(self, *payloads: str) -> dict[str, Any]:
        events = [
            json.dumps(
                {
                    "event_id": str(uuid.uuid4()),
                    "tenant_id": str(self.agent.tenant_id),
                    "store_id": str(self.agent.store_id),
                    "entity_type": "order",
                    "entity_id": uuid.uuid4().hex,
                    "event_type": "order.created",
                    "created_at": "2025-01-08T10:30:00Z",
                    "source_agent": str(self.agent.agent_id),
                    "payload_hash": legacy_tree.payload_hash(payload.encode()).hex(),
                }
            )[:-1]
            + f', "payload": {payload}}}'
            for payload in payloads
        ]
        body = f'{{"agent_id": "{self.agent.agent_id}", "events": [{",".join(events)}]}}'
        answer: dict[str, Any] = scalar(self.service, "select ves.ingest_legacy_request(%s)", [body])
        return answer


@pytest.fixture
def doors(service: psycopg.Connection[Any], admin: psycopg.Connection[Any], agent: Agent) -> Iterator[Doors]:
    yield Doors(service, admin, agent)
    scalar(admin, "select ves.set_schema_validation_mode('enforce')")
    service.execute("reset statement_timeout")


def told(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(r["reason"], r["message"]) for r in answer.get("rejections", [])]


def test_both_doors_refuse_what_fails_the_newest_active_schema(doors: Doors) -> None:
    event = doors.agent.event
    assert told(doors.signed(event(BAD))) == []
    doors.register()
    answer = doors.signed(event(BAD), event(GOOD))
    assert told(answer) == [("schema_validation", FAILED)]
    assert answer["eventsAccepted"] == 1
    assert told(doors.legacy(GOOD, BAD)) == [("SchemaValidation", FAILED)]
    doors.register("{}")
    assert told(doors.signed(event(BAD))) == told(doors.legacy(BAD)) == []


def test_a_change_counts_for_the_next_call_of_the_same_session(doors: Doors) -> None:
    schema_id = doors.register()
    assert told(doors.signed(doors.agent.event(BAD))) == [("schema_validation", FAILED)]
    doors.admin.execute(
        "select ves.set_schema_status(%s, %s, 'archived')", [doors.agent.tenant_id, schema_id]
    )
    assert told(doors.signed(doors.agent.event(BAD))) == []


@pytest.mark.parametrize("mode", ["disabled", "warn", "enforce", "required"])
def test_the_mode_is_stored_in_the_database(doors: Doors, mode: str) -> None:
    assert doors.set_mode(mode) is (mode != "enforce")
    notices: list[str] = []
    doors.service.add_notice_handler(lambda d: notices.append(d.message_primary or ""))
    missing = [MISSING] if mode == "required" else []
    assert [m for _, m in told(doors.signed(doors.agent.event(GOOD)))] == missing
    assert [m for _, m in told(doors.legacy(GOOD))] == missing
    doors.register()
    failed = [] if mode in ("disabled", "warn") else [FAILED]
    assert [m for _, m in told(doors.signed(doors.agent.event(BAD)))] == failed
    assert [m for _, m in told(doors.legacy(BAD))] == failed
    assert bool(notices) == (mode == "warn")
    assert "s3cret" not in "".join(notices)


def test_a_caller_cannot_choose_the_mode(doors: Doors) -> None:
    doors.register()
    doors.service.execute("select set_config('ves.schema_validation_mode', 'disabled', false)")
    assert [m for _, m in told(doors.signed(doors.agent.event(BAD)))] == [FAILED]
    assert [m for _, m in told(doors.legacy(BAD))] == [FAILED]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        scalar(doors.service, "select ves.set_schema_validation_mode('disabled')")


@pytest.mark.parametrize("mode", [None, "off", "REQUIRED", ""])
def test_another_word_is_no_mode(doors: Doors, mode: str | None) -> None:
    with pytest.raises(psycopg.errors.DatabaseError) as refused:
        doors.set_mode(mode)
    assert refused.value.sqlstate == "VE007"


def test_a_change_of_the_mode_is_audited_once(doors: Doors) -> None:
    changes = "select action from ves.list_audit(resource_type => 'schema_validation')"
    count = len(doors.admin.execute(changes).fetchall())
    assert [doors.set_mode("warn"), doors.set_mode("warn")] == [True, False]
    assert len(doors.admin.execute(changes).fetchall()) == count + 1


def test_a_replay_over_sql_wins_over_a_schema_that_came_later(doors: Doors) -> None:
    event = doors.agent.event(BAD)
    first = doors.signed(event)["receipts"][0]
    doors.register()
    again = doors.signed(event)
    assert told(again) == []
    assert again["receipts"][0]["receiptHash"] == first["receiptHash"]


def heavy_batch(doors: Doors) -> tuple[str, int]:
    """A request whose every payload takes most of what a check may take, and how many payloads it has."""
    doors.register('{"items": {"multipleOf": 0.01}}')
    payload = "[" + ",".join(["1e300"] * 7_000) + "]"
    events = [doors.agent.event(payload=payload) for _ in range(40)]
    return doors.agent.body(*events), len(events)


def test_the_schemas_of_a_batch_have_a_budget_and_what_is_not_checked_is_refused(doors: Doors) -> None:
    body, count = heavy_batch(doors)
    answer = scalar(doors.service, "select ves.ingest_signed_request(%s)", [body])
    messages = [refused["message"] for refused in answer["rejections"]]
    assert answer["eventsAccepted"] + len(messages) == count
    assert messages
    assert all("was not checked" in message for message in messages)


def test_statement_timeout_ends_the_check_of_a_batch(doors: Doors) -> None:
    body, _ = heavy_batch(doors)
    doors.service.execute("set statement_timeout = '300ms'")
    with pytest.raises(psycopg.errors.QueryCanceled):
        scalar(doors.service, "select ves.ingest_signed_request(%s)", [body])
