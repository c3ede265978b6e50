"""Events with amounts, proofs of them made by the library, and the bodies that submit them."""

from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING, Any

import ves_stark

if TYPE_CHECKING:
    import httpx

    from tests.api.support import Agent

COMPLIANCE = "/api/v1/ves/compliance"
VALIDITY = "/api/v1/ves/validity"
AML = {"policyId": "aml.threshold", "policyParams": {"threshold": 10_000}}


def store_event(admin: httpx.Client, agent: Agent, payload: Any) -> str:
    """The id of a freshly ingested event."""
    event = agent.event(payload)
    answer = agent.ingest(admin, event)
    assert answer.json()["eventsAccepted"] == 1, answer.text
    return str(event["event_id"])


def inputs_of(client: httpx.Client, event_id: str, policy: dict[str, Any] = AML) -> dict[str, Any]:
    answer = client.post(f"{COMPLIANCE}/{event_id}/inputs", json=policy)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def prove(inputs: dict[str, Any], amount: int) -> ves_stark.ComplianceProof:
    public = ves_stark.CompliancePublicInputs.from_json(inputs["public_inputs"])
    return ves_stark.prove(amount, public, public.policy())


def submission(
    proof: ves_stark.ComplianceProof, policy: dict[str, Any] = AML, **changes: Any
) -> dict[str, Any]:
    return {
        **policy,
        "proofType": "stark",
        "proofVersion": 2,
        "proofB64": base64.b64encode(proof.proof_bytes).decode(),
        "witnessCommitment": proof.witness_commitment_hex,
        **changes,
    }


def submit(client: httpx.Client, event_id: str, body: dict[str, Any]) -> httpx.Response:
    return client.post(f"{COMPLIANCE}/{event_id}/proofs", json=body)


def with_bytes(body: dict[str, Any], data: bytes) -> dict[str, Any]:
    return body | {"proofB64": base64.b64encode(data).decode()}


def fresh_id() -> str:
    return str(uuid.uuid4())
