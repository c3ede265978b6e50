"""Every REST route: a method, a path template and the operation behind it (http-api 2 to 11)."""

from __future__ import annotations

from ves_api.http.binding import Route
from ves_api.operations import (
    agent_keys,
    api_keys,
    audit,
    compliance,
    dead_letters,
    facilitator,
    groups,
    health,
    payer_addresses,
    payment_batches,
    payments,
    schemas,
    statistics,
    validity,
)
from ves_api.operations import legacy_commitments as legacy
from ves_api.operations.commitments import create_commitment, get_commitment, list_commitments
from ves_api.operations.event_list import list_ves_events
from ves_api.operations.events import ingest_events, ingest_legacy_events
from ves_api.operations.legacy_events import get_entity_history, get_legacy_head, list_legacy_events
from ves_api.operations.projections import (
    get_projection,
    list_projection_checkpoints,
    list_projections,
)
from ves_api.operations.proofs import get_inclusion_proof, verify_proof
from ves_api.operations.registration import register_agent

_AGENT = "/api/v1/agents/{agent_id}"
_DEAD_LETTERS = "/api/v1/admin/dead-letters"
_GROUPS = "/api/v1/encryption-groups"
_GROUP = _GROUPS + "/{group_id}"

HOT_ROUTES = (
    Route("POST", "/api/v1/ves/events/ingest", ingest_events),
    Route("POST", "/api/v1/events/ingest", ingest_legacy_events),
)
ROUTES = (
    *HOT_ROUTES,
    Route("GET", "/api/v1/ves/events", list_ves_events),
    Route("POST", "/api/v1/ves/commitments", create_commitment),
    Route("GET", "/api/v1/ves/commitments", list_commitments),
    Route("GET", "/api/v1/ves/commitments/{batch_id}", get_commitment),
    Route("GET", "/api/v1/ves/proofs/{sequence_number}", get_inclusion_proof),
    Route("POST", "/api/v1/ves/proofs/verify", verify_proof),
    Route("GET", "/api/v1/events", list_legacy_events),
    Route("GET", "/api/v1/head", get_legacy_head),
    Route("GET", "/api/v1/entities/{entity_type}/{entity_id}", get_entity_history),
    Route("GET", "/api/v1/projections", list_projection_checkpoints),
    Route("GET", "/api/v1/projections/{entity_type}", list_projections),
    Route("GET", "/api/v1/projections/{entity_type}/{entity_id}", get_projection),
    Route("POST", "/api/v1/commitments", legacy.create_legacy_commitment),
    Route("GET", "/api/v1/commitments", legacy.list_legacy_commitments),
    Route("GET", "/api/v1/commitments/{batch_id}", legacy.get_legacy_commitment),
    Route("GET", "/api/v1/proofs/{sequence_number}", legacy.get_legacy_inclusion_proof),
    Route("POST", "/api/v1/proofs/verify", legacy.verify_legacy_proof),
    Route("GET", "/api/v1/ves/validity/{batch_id}/inputs", validity.get_validity_inputs),
    Route("POST", "/api/v1/ves/validity/{batch_id}/proofs", validity.submit_validity_proof),
    Route("GET", "/api/v1/ves/validity/{batch_id}/proofs", validity.list_validity_proofs),
    Route("GET", "/api/v1/ves/validity/proofs/{proof_id}", validity.get_validity_proof),
    Route("GET", "/api/v1/ves/validity/proofs/{proof_id}/verify", validity.verify_validity_proof),
    Route("GET", "/api/v1/ves/compliance/{event_id}/inputs", compliance.get_compliance_inputs),
    Route("POST", "/api/v1/ves/compliance/{event_id}/inputs", compliance.post_compliance_inputs),
    Route("POST", "/api/v1/ves/compliance/{event_id}/proofs", compliance.submit_compliance_proof),
    Route("GET", "/api/v1/ves/compliance/{event_id}/proofs", compliance.list_compliance_proofs),
    Route("GET", "/api/v1/ves/compliance/proofs/{proof_id}", compliance.get_compliance_proof),
    Route("GET", "/api/v1/ves/compliance/proofs/{proof_id}/verify", compliance.verify_compliance_proof),
    Route("POST", "/api/v1/x402/payments", payments.submit_payment_intent),
    Route("GET", "/api/v1/x402/payments", payments.list_payment_intents),
    Route("GET", "/api/v1/x402/payments/{intent_id}", payments.get_payment_intent),
    Route("GET", "/api/v1/x402/payments/{intent_id}/receipt", payments.get_payment_receipt),
    Route("POST", "/api/v1/x402/batches", payment_batches.create_payment_batch),
    Route("GET", "/api/v1/x402/batches/{batch_id}", payment_batches.get_payment_batch),
    Route("POST", "/api/v1/x402/batches/settle", payment_batches.record_payment_settlement),
    Route("POST", "/x402/verify", facilitator.verify_exact_payment),
    Route("POST", "/x402/settle", facilitator.settle_exact_payment),
    Route("GET", "/x402/supported", facilitator.list_exact_kinds),
    Route("POST", "/api/v1/agents/register", register_agent),
    Route("POST", "/api/v1/agents/keys", agent_keys.register_agent_key),
    Route("GET", _AGENT + "/keys", agent_keys.list_agent_keys),
    Route("DELETE", _AGENT + "/keys/{key_id}", agent_keys.revoke_agent_key),
    Route("POST", _AGENT + "/keys/{key_id}/rotate", agent_keys.rotate_agent_key),
    Route("POST", _AGENT + "/keys/{key_id}/payer-addresses", payer_addresses.bind_payer_address),
    Route("GET", _AGENT, api_keys.get_agent),
    Route("POST", _AGENT + "/api-keys", api_keys.create_api_key),
    Route("GET", _AGENT + "/api-keys", api_keys.list_api_keys),
    Route("PATCH", _AGENT + "/api-keys/{key_prefix}", api_keys.update_api_key),
    Route("DELETE", _AGENT + "/api-keys/{key_prefix}", api_keys.revoke_api_key),
    Route("POST", _GROUPS, groups.create_encryption_group),
    Route("GET", _GROUPS, groups.list_encryption_groups),
    Route("GET", _GROUP, groups.get_encryption_group),
    Route("PUT", _GROUP, groups.update_encryption_group),
    Route("DELETE", _GROUP, groups.delete_encryption_group),
    Route("POST", _GROUP + "/members", groups.add_group_member),
    Route("DELETE", _GROUP + "/members/{agent_id}", groups.remove_group_member),
    Route("GET", _GROUP + "/recipients", groups.get_group_recipient_keys),
    Route("GET", _GROUP + "/history", groups.list_group_history),
    Route("POST", "/api/v1/schemas", schemas.register_schema),
    Route("GET", "/api/v1/schemas", schemas.list_schemas),
    Route("POST", "/api/v1/schemas/validate", schemas.validate_payload),
    Route("GET", "/api/v1/schemas/{schema_id}", schemas.get_schema),
    Route("PUT", "/api/v1/schemas/{schema_id}/status", schemas.set_schema_status),
    Route("DELETE", "/api/v1/schemas/{schema_id}", schemas.delete_schema),
    Route("GET", "/api/v1/schemas/event-type/{event_type}", schemas.list_schema_versions),
    Route("GET", "/api/v1/schemas/event-type/{event_type}/latest", schemas.get_latest_schema),
    Route("GET", "/api/v1/admin/overview", statistics.admin_overview),
    Route("GET", "/api/v1/admin/tenants", statistics.admin_tenants),
    Route("GET", "/api/v1/admin/stores", statistics.admin_stores),
    Route("GET", "/api/v1/admin/agents", statistics.admin_agents),
    Route("GET", "/api/v1/admin/audit", audit.list_audit),
    Route("GET", _DEAD_LETTERS, dead_letters.list_dead_letters),
    Route("DELETE", _DEAD_LETTERS, dead_letters.purge_dead_letters),
    Route("POST", _DEAD_LETTERS + "/retry", dead_letters.retry_dead_letters),
    Route("GET", _DEAD_LETTERS + "/{dead_letter_id}", dead_letters.get_dead_letter),
    Route("DELETE", _DEAD_LETTERS + "/{dead_letter_id}", dead_letters.discard_dead_letter),
    Route("POST", _DEAD_LETTERS + "/{dead_letter_id}/retry", dead_letters.retry_dead_letter),
    Route("GET", "/health", health.get_health),
    Route("GET", "/ready", health.get_ready),
    Route("GET", "/health/detailed", health.get_detailed_health),
    Route("GET", "/metrics", health.get_metrics),
)
