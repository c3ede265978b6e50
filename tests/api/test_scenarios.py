"""The complete ingest scenarios of the protocol's vectors, through HTTP."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import INGEST, admin_call

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database

VECTORS = Path(__file__).parents[1] / "vectors" / "ves" / "ingest_scenarios.json"
SCENARIOS = json.loads(VECTORS.read_text(encoding="utf-8"))["scenarios"]
COUNTS = ("eventsAccepted", "eventsRejected", "sequenceStart", "sequenceEnd", "headSequence")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s["name"])
def test_every_answer_of_a_scenario_is_as_the_vectors_say(
    scenario: dict[str, Any], admin: httpx.Client, api_database: Database
) -> None:
    for key in scenario["keys"]:
        register(scenario, key, admin, api_database)
    for step in scenario["steps"]:
        answer = admin.post(INGEST, json=step["request"])
        expected = step["expect"]
        assert answer.status_code == expected["http_status"], answer.text
        if expected["http_status"] == 200:
            assert_answer(answer.json(), expected)


def register(scenario: dict[str, Any], key: dict[str, Any], admin: httpx.Client, database: Database) -> None:
    body = {
        "tenantId": scenario["tenant_id"],
        "agentId": scenario["agent_id"],
        "keyId": key["key_id"],
        "publicKey": key["public_key"],
        "validFrom": key["valid_from"],
        "validTo": key["valid_to"],
    }
    answer = admin.post("/api/v1/agents/keys", json=body)
    assert answer.status_code == 200, answer.text
    if key["revoked"]:
        admin_call(
            database,
            "select ves.revoke_agent_key(%s, %s, %s)",
            uuid.UUID(scenario["tenant_id"]),
            uuid.UUID(scenario["agent_id"]),
            key["key_id"],
        )


def assert_answer(body: dict[str, Any], expected: dict[str, Any]) -> None:
    assert {name: body[name] for name in COUNTS} == {name: expected[name] for name in COUNTS}
    refused = [{"event_id": r["event_id"], "reason": r["reason"]} for r in body.get("rejections", [])]
    assert refused == expected["rejections"]
    given = [
        {"event_id": r["eventId"], "sequence_number": r["sequenceNumber"], "receipt_hash": r["receiptHash"]}
        for r in body.get("receipts", [])
    ]
    assert given == expected["receipts"]
    assert ("receipts" in body) == bool(given)
    assert ("rejections" in body) == bool(refused)
