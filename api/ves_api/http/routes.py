"""Every REST route: a method, a path template and the operation behind it (http-api 2 to 11)."""

from __future__ import annotations

from ves_api.http.binding import Route
from ves_api.operations import compliance, validity
from ves_api.operations import legacy_commitments as legacy
from ves_api.operations.commitments import create_commitment, get_commitment, list_commitments
from ves_api.operations.legacy_events import get_entity_history, get_head, list_events
from ves_api.operations.proofs import get_proof, verify_proof
from ves_api.operations.registration import register_agent

ROUTES = (
    Route("POST", "/api/v1/ves/commitments", create_commitment),
    Route("GET", "/api/v1/ves/commitments", list_commitments),
    Route("GET", "/api/v1/ves/commitments/{batch_id}", get_commitment),
    Route("GET", "/api/v1/ves/proofs/{sequence_number}", get_proof),
    Route("POST", "/api/v1/ves/proofs/verify", verify_proof),
    Route("GET", "/api/v1/events", list_events),
    Route("GET", "/api/v1/head", get_head),
    Route("GET", "/api/v1/entities/{entity_type}/{entity_id}", get_entity_history),
    Route("POST", "/api/v1/commitments", legacy.create_legacy_commitment),
    Route("GET", "/api/v1/commitments", legacy.list_legacy_commitments),
    Route("GET", "/api/v1/commitments/{batch_id}", legacy.get_legacy_commitment),
    Route("GET", "/api/v1/proofs/{sequence_number}", legacy.get_legacy_proof),
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
    Route("POST", "/api/v1/agents/register", register_agent),
)
