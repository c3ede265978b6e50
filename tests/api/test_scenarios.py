"""The complete ingest scenarios of the protocol's vectors, through HTTP."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.front import Fronted
from tests.api.support import INGEST, admin_call
from tests.conftest import Database, cloned
from tests.support.processes import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.cluster import Cluster

VECTORS = Path(__file__).parents[1] / "vectors" / "ves" / "ingest_scenarios.json"
SCENARIOS = json.loads(VECTORS.read_text(encoding="utf-8"))["scenarios"]
COUNTS = ("eventsAccepted", "eventsRejected", "sequenceStart", "sequenceEnd", "headSequence")


@pytest.fixture(scope="module", params=[Server, Fronted], ids=["port", "front"])
def door(
    engine: Cluster, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[httpx.Client, Database]]:
    """Each way to the API, with a database of its own: the tenants of the vectors are the same every time."""
    with cloned(engine, "scenarios") as database:
        server = request.param(database.url("ves_api")).start(tmp_path_factory.mktemp("door") / "server.log")
        with server.client() as client:
            yield client, database
        server.stop()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s["name"])
def test_every_answer_of_a_scenario_is_as_the_vectors_say(
    scenario: dict[str, Any], door: tuple[httpx.Client, Database]
) -> None:
    admin, database = door
    for key in scenario["keys"]:
        register(scenario, key, admin, database)
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
