"""Refusals that a route documents and that no story of its area has met."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import assert_error
from ves import ed25519

if TYPE_CHECKING:
    import httpx

    from tests.api.support import Agent
    from tests.conftest import Database

COMPLIANCE = "/api/v1/ves/compliance"
POLICY = {"policyId": "aml.threshold", "policyParams": {"threshold": 5}}
MOST_LEAVES = 1_048_576


def test_inputs_of_an_event_that_nobody_has_are_not_found(admin: httpx.Client) -> None:
    path = f"{COMPLIANCE}/{uuid.uuid4()}/inputs"
    assert_error(admin.post(path, json=POLICY), 404, "EVENT_NOT_FOUND", 4002)
    query = {"policyId": "aml.threshold", "policyParams": '{"threshold":5}'}
    assert_error(admin.get(path, params=query), 404, "EVENT_NOT_FOUND", 4002)


@pytest.mark.parametrize(("policy_id", "status"), [("p" * 64, 200), ("p" * 65, 400), ("", 400), (" ", 400)])
def test_a_policy_id_has_1_to_64_bytes(
    admin: httpx.Client, agent: Agent, policy_id: str, status: int
) -> None:
    event = agent.event({"amount": 1})
    assert agent.ingest(admin, event).status_code == 200
    path = f"{COMPLIANCE}/{event['event_id']}/inputs"
    for answer in (
        admin.post(path, json={"policyId": policy_id}),
        admin.get(path, params={"policyId": policy_id}),
    ):
        assert answer.status_code == status, answer.text
        if status != 200:
            assert_error(answer, 400, "INVALID_FIELD_VALUE", 3003)


def test_a_validity_proof_that_nobody_has_cannot_be_verified(admin: httpx.Client) -> None:
    answer = admin.get(f"/api/v1/ves/validity/proofs/{uuid.uuid4()}/verify")
    assert_error(answer, 404, "RESOURCE_NOT_FOUND", 4001)


@pytest.mark.parametrize(
    ("path", "counter"),
    [("/api/v1/ves/commitments", "ves_sequence_counters"), ("/api/v1/commitments", "sequence_counters")],
)
def test_a_commitment_holds_at_most_a_million_events(
    admin: httpx.Client, api_database: Database, agent: Agent, path: str, counter: str
) -> None:
    body: dict[str, Any] = {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}
    with api_database.connect() as superuser:
        # As if the stream were that long: the length is checked before any event is read.
        superuser.execute(
            f"insert into ves_store.{counter} (tenant_id, store_id, current_sequence) values (%s, %s, %s)",
            [agent.tenant_id, agent.store_id, 2 * MOST_LEAVES],
        )
    answer = admin.post(path, json={**body, "sequence_start": 1, "sequence_end": MOST_LEAVES + 1})
    assert assert_error(answer, 400, "INVALID_FIELD_VALUE")["details"] == {"limit": MOST_LEAVES}
    at_limit = admin.post(path, json={**body, "sequence_start": 1, "sequence_end": MOST_LEAVES})
    assert "limit" not in at_limit.json()["error"].get("details", {})


def test_a_rotation_to_the_bytes_of_another_key_under_a_taken_number_is_refused(
    admin: httpx.Client, agent: Agent
) -> None:
    for number in (2, 3):
        body = {
            "tenantId": str(agent.tenant_id),
            "agentId": str(agent.agent_id),
            "keyId": number,
            "publicKey": ed25519.public_key(bytes([number]) * 32).hex(),
        }
        assert admin.post("/api/v1/agents/keys", json=body).status_code == 200
    taken = {
        "tenantId": str(agent.tenant_id),
        "newKeyId": 2,
        "publicKey": ed25519.public_key(bytes([9]) * 32).hex(),
    }
    answer = admin.post(f"/api/v1/agents/{agent.agent_id}/keys/1/rotate", json=taken)
    assert_error(answer, 409, "ALREADY_EXISTS", 5004)


@pytest.mark.parametrize(("length", "status"), [(4096, 200), (4097, 400)])
def test_the_description_of_a_group_has_at_most_4096_bytes(
    admin: httpx.Client, agent: Agent, length: int, status: int
) -> None:
    tenant = {"tenantId": str(agent.tenant_id)}
    made = admin.post("/api/v1/encryption-groups", json={**tenant, "name": "finance"}).json()
    path = f"/api/v1/encryption-groups/{made['groupId']}"
    answer = admin.put(path, json={**tenant, "description": "d" * length})
    assert answer.status_code == status, answer.text
    if status != 200:
        assert_error(answer, 400, "INVALID_FIELD_VALUE", 3003)
