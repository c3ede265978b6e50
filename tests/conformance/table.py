"""http-api.md route by route: a request that succeeds, and the members that its answer must have.

Paths and bodies are formatted with the names that earlier answers gave (`Walk.names`). The order is that of a client's day: what
a later line needs, an earlier one has made.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Line(NamedTuple):
    """One route: its section, the request, and the names (members) of the answer; `keep` renames members for later lines."""

    section: str
    method: str
    template: str
    members: str
    body: Any = None
    query: str = ""
    keep: Mapping[str, str] = MappingProxyType({})
    is_public: bool = False
    status: int = 200


STREAM = "tenant_id={tenant}&store_id={store}"
RANGE = {"tenant_id": "{tenant}", "store_id": "{store}", "sequence_start": 1, "sequence_end": 1}
VES_COMMITMENT = (
    "batch_id tenant_id store_id ves_version tree_depth leaf_count padded_leaf_count merkle_root prev_state_root"
    " new_state_root sequence_start sequence_end committed_at"
)
SCHEMA = (
    "id tenantId eventType version schemaJson status compatibility description createdAt updatedAt createdBy"
)
PROOF = "proof_id batch_id tenant_id store_id proof_type proof_version proof_hash public_inputs submitted_at"
COMPLIANCE = (
    "proof_id event_id tenant_id store_id proof_type proof_version policy_id policy_params policy_hash proof_hash"
    " witness_commitment witness_commitment_hex public_inputs submitted_at"
)
VERDICT = (
    "proof_hash_match public_inputs_hash canonical_public_inputs_hash public_inputs_match stark_valid stark_error"
    " stark_verification_time_ms valid reason"
)
AGENT = "/api/v1/agents/{agent_id}"
GROUP = "/api/v1/encryption-groups/{group_id}"
TYPE = "/api/v1/schemas/event-type/{event_type}"
VALIDITY = "/api/v1/ves/validity"
COMPLIANT = "/api/v1/ves/compliance"
PROVEN = {"proofType": "other", "proofVersion": 1, "proofB64": "AQID"}
POLICY = {"policyId": "aml.threshold", "policyParams": {"threshold": 10}}

LINES = [
    Line("11", "GET", "/health", "status service version timestamp", is_public=True),
    Line("11", "GET", "/ready", "status database pool", is_public=True),
    Line("11", "GET", "/health/detailed", "status service version timestamp components system"),
    Line(
        "7.2",
        "POST",
        "/api/v1/agents/keys",
        "success tenantId agentId keyId keyAlgorithm message",
        {"tenantId": "{tenant}", "agentId": "{agent_id}", "keyId": 1, "publicKey": "{public_key}"},
    ),
    Line(
        "2.2",
        "POST",
        "/api/v1/ves/events/ingest",
        "batchId eventsAccepted eventsRejected sequenceStart sequenceEnd headSequence receipts",
        "event",
    ),
    Line(
        "2.1",
        "POST",
        "/api/v1/events/ingest",
        "batch_id events_accepted events_rejected assigned_sequence_start assigned_sequence_end head_sequence",
        "legacy event",
    ),
    Line("3.1", "GET", "/api/v1/events", "events count", query=STREAM),
    Line("3.2", "GET", "/api/v1/head", "head_sequence", query=STREAM),
    Line(
        "3.3",
        "GET",
        "/api/v1/entities/{entity_type}/{entity_id}",
        "entity_type entity_id events count total has_more",
        query=STREAM,
    ),
    Line(
        "4.1",
        "POST",
        "/api/v1/commitments",
        "batch_id tenant_id store_id prev_state_root new_state_root events_root event_count sequence_start"
        " sequence_end committed_at",
        RANGE,
        keep={"batch_id": "batch_id", "events_root": "events_root"},
    ),
    Line("4.2", "GET", "/api/v1/commitments", "commitments count", query=STREAM),
    Line(
        "4.3",
        "GET",
        "/api/v1/commitments/{batch_id}",
        "batch_id tenant_id store_id prev_state_root new_state_root events_root event_count sequence_range"
        " committed_at chain_tx_hash",
    ),
    Line(
        "4.4",
        "GET",
        "/api/v1/proofs/{sequence_number}",
        "sequence_number batch_id events_root leaf_hash leaf_index proof_path directions",
        query=STREAM + "&batch_id={batch_id}",
        keep={"leaf_hash": "leaf_hash"},
    ),
    Line(
        "4.5",
        "POST",
        "/api/v1/proofs/verify",
        "valid leaf_hash events_root",
        {"leaf_hash": "{leaf_hash}", "events_root": "{events_root}", "proof_path": [], "leaf_index": 0},
    ),
    Line(
        "5",
        "POST",
        "/api/v1/ves/commitments",
        VES_COMMITMENT,
        RANGE,
        keep={"batch_id": "batch_id", "merkle_root": "root"},
    ),
    Line("5", "GET", "/api/v1/ves/commitments", "commitments count", query=STREAM),
    Line(
        "5",
        "GET",
        "/api/v1/ves/commitments/{batch_id}",
        VES_COMMITMENT + " chain_id chain_tx_hash chain_block_number anchored_at is_anchored",
    ),
    Line(
        "5",
        "GET",
        "/api/v1/ves/proofs/{sequence_number}",
        "sequence_number batch_id merkle_root leaf_hash leaf_index proof_path directions",
        query=STREAM + "&batch_id={batch_id}",
        keep={"leaf_hash": "leaf_hash"},
    ),
    Line(
        "5",
        "POST",
        "/api/v1/ves/proofs/verify",
        "valid leaf_hash merkle_root",
        {"leaf_hash": "{leaf_hash}", "merkle_root": "{root}", "proof_path": [], "leaf_index": 0},
    ),
    Line("5.1", "GET", VALIDITY + "/{batch_id}/inputs", "batch_id public_inputs public_inputs_hash"),
    Line("5.1", "POST", VALIDITY + "/{batch_id}/proofs", PROOF, PROVEN, keep={"proof_id": "proof_id"}),
    Line("5.1", "GET", VALIDITY + "/{batch_id}/proofs", "batch_id proofs count"),
    Line("5.1", "GET", VALIDITY + "/proofs/{proof_id}", PROOF + " proof_b64"),
    Line("5.1", "GET", VALIDITY + "/proofs/{proof_id}/verify", VERDICT + " proof_id batch_id"),
    Line(
        "5.2",
        "GET",
        COMPLIANT + "/{event_id}/inputs",
        "event_id public_inputs public_inputs_hash",
        query="policyId=aml.threshold",
    ),
    Line(
        "5.2", "POST", COMPLIANT + "/{event_id}/inputs", "event_id public_inputs public_inputs_hash", POLICY
    ),
    Line(
        "5.2",
        "POST",
        COMPLIANT + "/{event_id}/proofs",
        COMPLIANCE,
        PROVEN | POLICY,
        keep={"proof_id": "proof_id"},
    ),
    Line("5.2", "GET", COMPLIANT + "/{event_id}/proofs", "event_id proofs count"),
    Line("5.2", "GET", COMPLIANT + "/proofs/{proof_id}", COMPLIANCE + " proof_b64"),
    Line(
        "5.2",
        "GET",
        COMPLIANT + "/proofs/{proof_id}/verify",
        VERDICT + " event_id policy_id policy_hash witness_commitment witness_commitment_hex",
    ),
    Line(
        "7.1",
        "POST",
        "/api/v1/agents/register",
        "success agentId tenantId apiKey permissions message",
        {"name": "walker"},
        keep={"agentId": "agent_id"},
        is_public=True,
    ),
    Line(
        "7.3",
        "POST",
        AGENT + "/api-keys",
        "success apiKey keyHashPrefix permissions message",
        {"readOnly": True},
        keep={"keyHashPrefix": "key_prefix"},
    ),
    Line("7.3", "GET", AGENT, "agentId tenantId active permissions storeIds rateLimit"),
    Line("7.3", "GET", AGENT + "/api-keys", "keys count"),
    Line("7.3", "PATCH", AGENT + "/api-keys/{key_prefix}", "success", {"rateLimit": 9}),
    Line("7.3", "DELETE", AGENT + "/api-keys/{key_prefix}", "success message"),
    Line(
        "8",
        "POST",
        "/api/v1/schemas",
        "id eventType version createdAt",
        {"tenantId": "{tenant}", "eventType": "{event_type}", "schemaJson": {"type": "object"}},
        keep={"id": "schema_id"},
    ),
    Line("8", "GET", "/api/v1/schemas", "schemas count", query="tenant_id={tenant}"),
    Line("8", "GET", "/api/v1/schemas/{schema_id}", SCHEMA),
    Line("8", "GET", TYPE, "schemas count", query="tenant_id={tenant}"),
    Line("8", "GET", TYPE + "/latest", SCHEMA, query="tenant_id={tenant}&event_type={event_type}"),
    Line(
        "8",
        "POST",
        "/api/v1/schemas/validate",
        "valid schemaId schemaVersion errors",
        {"tenantId": "{tenant}", "eventType": "{event_type}", "payload": {}},
    ),
    Line(
        "8",
        "PUT",
        "/api/v1/schemas/{schema_id}/status",
        "success schema_id new_status",
        {"status": "archived"},
    ),
    Line("8", "DELETE", "/api/v1/schemas/{schema_id}", "success deleted_schema_id"),
    Line(
        "11",
        "GET",
        "/api/v1/admin/overview",
        "tenants stores agents apiKeys activeApiKeys totalHeadSequence activeStores24h maxProjectionLag lastActivityAt",
    ),
    Line(
        "11",
        "GET",
        "/api/v1/admin/tenants",
        "tenantId agentCount apiKeyCount activeApiKeys storeCount totalHeadSequence activeStores24h maxProjectionLag"
        " lastKeyAt lastActivityAt",
    ),
    Line(
        "11",
        "GET",
        "/api/v1/admin/stores",
        "tenantId storeId headSequence lastProjectedSequence projectionLag agentCount lastAgentSyncAt updatedAt",
    ),
    Line(
        "11",
        "GET",
        "/api/v1/admin/agents",
        "tenantId agentId permissions storeScope apiKeyCount activeApiKeys firstKeyAt lastKeyAt storeId lastSyncAt"
        " lastPushedSequence lastPulledSequence",
    ),
]

# Routes of ours that http-api.md does not have: their own tests tell their answers.
OWN = {
    "GET /api/v1/agents/{agent_id}/keys",
    "DELETE /api/v1/agents/{agent_id}/keys/{key_id}",
    "POST /api/v1/agents/{agent_id}/keys/{key_id}/rotate",
    "POST /api/v1/agents/{agent_id}/keys/{key_id}/payer-addresses",
    "POST /api/v1/encryption-groups",
    "GET /api/v1/encryption-groups",
    "GET /api/v1/encryption-groups/{group_id}",
    "PUT /api/v1/encryption-groups/{group_id}",
    "DELETE /api/v1/encryption-groups/{group_id}",
    "POST /api/v1/encryption-groups/{group_id}/members",
    "DELETE /api/v1/encryption-groups/{group_id}/members/{agent_id}",
    "GET /api/v1/encryption-groups/{group_id}/recipients",
    "GET /api/v1/encryption-groups/{group_id}/history",
    "GET /api/v1/admin/audit",
    "GET /api/v1/ves/events",
    "GET /api/v1/admin/dead-letters",
    "DELETE /api/v1/admin/dead-letters",
    "POST /api/v1/admin/dead-letters/retry",
    "GET /api/v1/admin/dead-letters/{dead_letter_id}",
    "DELETE /api/v1/admin/dead-letters/{dead_letter_id}",
    "POST /api/v1/admin/dead-letters/{dead_letter_id}/retry",
    "POST /x402/verify",
    "POST /x402/settle",
    "GET /x402/supported",
    "GET /x402/discovery/resources",
    "GET /api/v1/projections",
    "GET /api/v1/projections/{entity_type}",
    "GET /api/v1/projections/{entity_type}/{entity_id}",
}

# Text, or a story of its own: tests/api/test_metrics.py, tests/api/test_payments.py.
ELSEWHERE = {
    # tests/api/test_anchoring.py, beside a chain
    "GET /api/v1/anchor/status",
    "POST /api/v1/anchor",
    "GET /api/v1/anchor/{batch_id}/verify",
    "POST /api/v1/ves/anchor",
    "GET /api/v1/ves/anchor/{batch_id}",
    "GET /api/v1/ves/anchor/{batch_id}/timestamp",
    "GET /api/v1/ves/anchor/{batch_id}/verify",
    "POST /api/v1/ves/commitments/anchor",
    "GET /v1/commitments/pending",
    "POST /v1/commitments/{batch_id}/anchored",
    "GET /metrics",
    "POST /api/v1/x402/payments",
    "GET /api/v1/x402/payments",
    "GET /api/v1/x402/payments/{intent_id}",
    "GET /api/v1/x402/payments/{intent_id}/receipt",
    "POST /api/v1/x402/batches",
    "GET /api/v1/x402/batches/{batch_id}",
    "POST /api/v1/x402/batches/settle",
}
