"""Every REST route: a method, a path template and the operation behind it (http-api 2 to 11)."""

from __future__ import annotations

from ves_api.http.binding import Route
from ves_api.operations.commitments import create_commitment, get_commitment, list_commitments
from ves_api.operations.proofs import get_proof, verify_proof
from ves_api.operations.registration import register_agent

ROUTES = (
    Route("POST", "/api/v1/ves/commitments", create_commitment),
    Route("GET", "/api/v1/ves/commitments", list_commitments),
    Route("GET", "/api/v1/ves/commitments/{batch_id}", get_commitment),
    Route("GET", "/api/v1/ves/proofs/{sequence_number}", get_proof),
    Route("POST", "/api/v1/ves/proofs/verify", verify_proof),
    Route("POST", "/api/v1/agents/register", register_agent),
)
