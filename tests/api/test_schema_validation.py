"""Ingest checks payloads against the newest active schema: four modes, both streams, every process at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.legacy_support import Sender
from tests.api.schemas import Registry, sealed_event
from tests.api.support import Agent, Raw, dump, receipts_of
from tests.support.processes import Server
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

GOOD, BAD = {"amount": 5}, {"amount": "top-secret-value"}
FAILED = "Schema validation failed for event type 'order.created': /amount: must be integer"
MISSING = "No schema registered for event type 'order.created'"


def registry_of(client: httpx.Client, agent: Agent) -> Registry:
    return Registry(client, agent.tenant_id)


def new_agent(client: httpx.Client) -> Agent:
    agent = Agent()
    assert agent.register(client).status_code == 200
    return agent


def legacy(client: httpx.Client, agent: Agent, *payloads: Any) -> dict[str, Any]:
    sender = Sender(agent.tenant_id, agent.store_id, agent.agent_id)
    answer = sender.ingest(client, *[sender.event(payload) for payload in payloads])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(answer: httpx.Response | dict[str, Any]) -> list[tuple[str, str]]:
    """(reason, message) of each rejection."""
    body = answer if isinstance(answer, dict) else answer.json()
    return [(r["reason"], r["message"]) for r in body.get("rejections", [])]


@pytest.mark.parametrize("mode", ["off", "Warn_Only", "", "ENFORCE", "strict"])
def test_each_mode_does_what_it_says_in_both_streams(mode: str, start_server: Callable[..., Server]) -> None:
    kind = {"off": "disabled", "Warn_Only": "warn", "strict": "required"}.get(mode, "enforce")
    server = start_server(SCHEMA_VALIDATION_MODE=mode)
    with server.client() as client:
        agent = new_agent(client)
        refused = [("schema_validation", MISSING)] if kind == "required" else []
        assert told(agent.ingest(client, agent.event(GOOD))) == refused
        assert [m for _, m in told(legacy(client, agent, GOOD))] == [m for _, m in refused]

        registry_of(client, agent).registered()
        answer = agent.ingest(client, agent.event(BAD), agent.event(GOOD))
        rejects = kind in ("enforce", "required")
        assert told(answer) == ([("schema_validation", FAILED)] if rejects else [])
        assert answer.json()["eventsAccepted"] == (1 if rejects else 2)
        done = legacy(client, agent, GOOD, BAD)
        assert told(done) == ([("SchemaValidation", FAILED)] if rejects else [])
        assert done["events_accepted"] == (1 if rejects else 2)

        warned = [line for line in server.log_text().splitlines() if "schema_warning" in line]
        assert bool(warned) == (kind == "warn")
        assert "top-secret-value" not in server.log_text()


@pytest.mark.parametrize("mode", ["warn", "enforce", "required"])
def test_an_encrypted_payload_is_never_checked_only_its_schema_is_asked_for(
    mode: str, start_server: Callable[..., Server]
) -> None:
    server = start_server(SCHEMA_VALIDATION_MODE=mode)
    with server.client() as client:
        agent = new_agent(client)
        answer = agent.ingest(client, sealed_event(agent, BAD))
        assert told(answer) == ([("schema_validation", MISSING)] if mode == "required" else [])
        assert ("schema_warning" in server.log_text()) == (mode == "warn")
        registry_of(client, agent).registered()
        assert told(agent.ingest(client, sealed_event(agent, BAD))) == []


def test_a_refused_event_takes_no_number_and_says_nothing_of_its_payload(
    admin: httpx.Client, agent: Agent, server: Server
) -> None:
    registry_of(admin, agent).registered()
    answer = agent.ingest(admin, agent.event(BAD), agent.event({"x": 1}), agent.event(GOOD))
    assert [m for _, m in told(answer)] == [
        FAILED,
        "Schema validation failed for event type 'order.created': : must have the member amount",
    ]
    assert (answer.json()["sequenceStart"], answer.json()["sequenceEnd"]) == (1, 1)
    assert "top-secret-value" not in answer.text + server.log_text()


def test_a_long_message_is_cut(admin: httpx.Client, agent: Agent) -> None:
    registry_of(admin, agent).registered({"additionalProperties": {"type": "string"}})
    message = told(agent.ingest(admin, agent.event({f"{n}" * 3000: n for n in range(9)})))[0][1]
    assert len(message) <= 1_001


def test_a_replay_wins_over_a_schema_that_came_later(admin: httpx.Client, agent: Agent) -> None:
    event = agent.event(BAD)
    first = agent.ingest(admin, event)
    registry_of(admin, agent).registered()
    again = agent.ingest(admin, event, agent.event(BAD))
    assert receipts_of(again) == receipts_of(first)
    assert told(again) == [("schema_validation", FAILED)]
    changed = agent.event({"amount": "other"}, event_id=event["event_id"])
    assert [r for r, _ in told(agent.ingest(admin, changed))] == ["duplicate_event_id"]


def test_what_is_wrong_with_an_event_itself_is_told_before_its_schema(
    admin: httpx.Client, agent: Agent
) -> None:
    registry_of(admin, agent).registered()
    forged = agent.event(GOOD) | {"payload": Raw(dump(BAD))}
    unsigned = agent.event(BAD) | {"agent_signature": "0x" + "00" * 64}
    reasons = [r for r, _ in told(agent.ingest(admin, forged, unsigned))]
    assert reasons == ["invalid_payload_hash", "schema_validation"]


def test_an_event_that_a_newer_schema_accepts_still_needs_its_signature(
    admin: httpx.Client, agent: Agent
) -> None:
    registry = registry_of(admin, agent)
    strict = registry.registered()
    assert told(agent.ingest(admin, agent.event(BAD))) == [("schema_validation", FAILED)]
    unsigned = agent.event(BAD) | {"agent_signature": "0x" + "00" * 64}
    registry.delete(strict)
    assert [r for r, _ in told(agent.ingest(admin, unsigned))] == ["invalid_signature"]


def test_a_change_holds_at_once_in_every_process(start_server: Callable[..., Server]) -> None:
    with start_server().client() as one, start_server().client() as other:
        agent = new_agent(one)
        registry = registry_of(other, agent)

        def refused() -> list[str]:
            event = agent.event(BAD)
            found = [m for _, m in told(agent.ingest(one, event))]
            assert [m for _, m in told(legacy(one, agent, BAD))] == found
            return found

        assert refused() == []
        strict = registry.registered()
        assert refused() == [FAILED]
        loose = registry.registered({})
        assert refused() == []
        registry.status(loose, "deprecated")
        assert refused() == [FAILED]
        registry.status(strict, "archived")
        assert refused() == []
        registry.status(strict, "active")
        assert refused() == [FAILED]
        registry.delete(strict)
        assert refused() == []


def test_many_senders_meet_a_schema_in_the_middle(start_server: Callable[..., Server]) -> None:
    with start_server().client() as client, start_server().client() as other:
        agent = new_agent(client)
        registry = registry_of(other, agent)

        def send(n: int) -> tuple[int, list[str]]:
            if n == 20:
                registry.registered()
            answer = agent.ingest(client, agent.event(BAD), agent.event(GOOD))
            assert answer.status_code == 200, answer.text
            return answer.json()["eventsAccepted"], [r for r, _ in told(answer)]

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(send, range(60)))
        assert {(2, ()), (1, ("schema_validation",))} >= {(n, tuple(r)) for n, r in answers}
        assert answers[0] == (2, [])
        assert answers[-1] == (1, ["schema_validation"])


def test_the_caches_have_limits_and_are_shown(start_server: Callable[..., Server]) -> None:
    server = start_server(CACHE_SCHEMA_MAX="2", CACHE_SCHEMA_TTL_SECS="1")
    with server.client() as client:
        agent = new_agent(client)
        registry = registry_of(client, agent)
        for n in range(4):
            registry.registered(eventType=f"t{n}")
        for n in range(4):
            assert told(
                agent.ingest(client, agent.event(BAD, event_type=f"t{n}"), agent.event(GOOD, event_type="t0"))
            )
        figures = client.get("/health/detailed").json()["components"]["caches"]
        assert figures["schemas"]["size"] <= 2
        assert figures["active_schemas"]["size"] <= 2


def test_a_schema_that_this_process_cannot_compile_refuses_its_type(
    start_server: Callable[..., Server], database: Any
) -> None:
    with start_server().client() as client:
        agent = new_agent(client)
        with database.connect() as owner:
            owner.execute(
                """select ves.store_schema(%s, 'order.created', '{"type":"strin"}'::json)""",
                [agent.tenant_id],
            )
        message = told(agent.ingest(client, agent.event(GOOD)))[0][1]
        assert "does not compile" in message
        assert told(agent.ingest(client, agent.event(GOOD, event_type="other"))) == []


def test_an_unknown_mode_means_enforce(start_server: Callable[..., Server]) -> None:
    server = start_server(SCHEMA_VALIDATION_MODE="sometimes")
    with server.client() as client:
        agent = new_agent(client)
        registry_of(client, agent).registered()
        assert told(agent.ingest(client, agent.event(BAD))) == [("schema_validation", FAILED)]
    wait_until(lambda: "SCHEMA_VALIDATION_MODE" in server.log_text())
