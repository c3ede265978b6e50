"""Generated requests against the document: every answer is one that the document describes, and none is a 5xx."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from tests.api.surface.conftest import DOCUMENT
from tests.support.processes import BOOTSTRAP_KEY

if TYPE_CHECKING:
    from tests.api.surface.place import Place
    from tests.support.processes import Server

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.ignored_auth,
]
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
# Wire names that hold the tenant, the store or the agent of the place, in parameters and bodies.
IDS = {
    "tenant_id": "tenant_id",
    "tenantId": "tenant_id",
    "store_id": "store_id",
    "agent_id": "agent_id",
    "agentId": "agent_id",
    "event_id": "event_id",
    "batch_id": "batch_id",
    "proof_id": "compliance_proof_id",
    "schema_id": "schema_id",
}


def at_home(value: Any, ids: dict[str, str]) -> Any:
    """Generated values with ids that exist: random ones would never get past the look-up."""
    if isinstance(value, dict):
        return {
            name: ids[IDS[name]] if name in IDS and IDS[name] in ids and isinstance(inner, str) else inner
            for name, inner in value.items()
        }
    return value


@SCHEMA.parametrize()
@settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_an_answer_is_one_that_the_document_describes(
    case: schemathesis.Case, surface: Server, ours: Place
) -> None:
    if zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode()) % 3:
        case.path_parameters = at_home(case.path_parameters, ours.ids)
        case.query = at_home(case.query, ours.ids)
        case.body = at_home(case.body, ours.ids)
    # In the header that counts most: the generated request may hold another credential in the other one.
    headers = {"authorization": f"ApiKey {BOOTSTRAP_KEY}"}
    case.call_and_validate(base_url=surface.url, headers=headers, checks=CHECKS)
