"""Every REST route of the protocol: what it needs, where it is described, and who owns it if it is not served yet.

`need` is the permission that opens the route at home: none, any (a credential), read, write, admin, `read or admin`,
agent (the agent itself, or admin), or bootstrap (admin of the nil tenant).
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One route; `later` names the part of the product that will serve it."""

    method: str
    template: str
    section: str
    need: str
    later: str | None = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


def _rows(section: str, *lines: str, later: str | None = None) -> list[Row]:
    """Lines of `METHOD /path need`."""
    made = []
    for line in lines:
        method, template, need = line.split(maxsplit=2)
        made.append(Row(method, template, section, need, later))
    return made


TABLE = [
    *_rows("2", "POST /api/v1/events/ingest write", "POST /api/v1/ves/events/ingest write"),
    *_rows(
        "3",
        "GET /api/v1/events read",
        "GET /api/v1/head read",
        "GET /api/v1/entities/{entity_type}/{entity_id} read",
    ),
    *_rows(
        "4",
        "POST /api/v1/commitments write",
        "GET /api/v1/commitments read",
        "GET /api/v1/commitments/{batch_id} read",
        "GET /api/v1/proofs/{sequence_number} read",
        "POST /api/v1/proofs/verify read or admin",
    ),
    *_rows(
        "5",
        "POST /api/v1/ves/commitments write",
        "GET /api/v1/ves/commitments read",
        "GET /api/v1/ves/commitments/{batch_id} read",
        "GET /api/v1/ves/proofs/{sequence_number} read",
        "POST /api/v1/ves/proofs/verify read or admin",
    ),
    *_rows("5", "POST /api/v1/ves/commitments/anchor admin"),
    *_rows(
        "5.1",
        "GET /api/v1/ves/validity/{batch_id}/inputs read",
        "POST /api/v1/ves/validity/{batch_id}/proofs admin",
        "GET /api/v1/ves/validity/{batch_id}/proofs read",
        "GET /api/v1/ves/validity/proofs/{proof_id} read",
        "GET /api/v1/ves/validity/proofs/{proof_id}/verify read",
    ),
    *_rows(
        "5.2",
        "GET /api/v1/ves/compliance/{event_id}/inputs read",
        "POST /api/v1/ves/compliance/{event_id}/inputs read",
        "POST /api/v1/ves/compliance/{event_id}/proofs write",
        "GET /api/v1/ves/compliance/{event_id}/proofs read",
        "GET /api/v1/ves/compliance/proofs/{proof_id} read",
        "GET /api/v1/ves/compliance/proofs/{proof_id}/verify read",
    ),
    *_rows(
        "6",
        "GET /api/v1/anchor/status read or admin",
        "POST /api/v1/anchor admin",
        "GET /api/v1/anchor/{batch_id}/verify read or admin",
        "POST /api/v1/ves/anchor admin",
        "GET /api/v1/ves/anchor/{batch_id} read",
        "GET /api/v1/ves/anchor/{batch_id}/timestamp read",
        "GET /api/v1/ves/anchor/{batch_id}/verify read or admin",
    ),
    *_rows("7", "POST /api/v1/agents/register none", "POST /api/v1/agents/keys admin"),
    *_rows(
        "7.3",
        "GET /api/v1/agents/{agent_id} agent",
        "POST /api/v1/agents/{agent_id}/api-keys agent",
        "GET /api/v1/agents/{agent_id}/api-keys agent",
        "DELETE /api/v1/agents/{agent_id}/api-keys/{key_prefix} agent",
    ),
    *_rows(
        "8",
        "POST /api/v1/schemas write",
        "GET /api/v1/schemas read",
        "GET /api/v1/schemas/{schema_id} read",
        "PUT /api/v1/schemas/{schema_id}/status write",
        "DELETE /api/v1/schemas/{schema_id} admin",
        "GET /api/v1/schemas/event-type/{event_type} read",
        "GET /api/v1/schemas/event-type/{event_type}/latest read",
        "POST /api/v1/schemas/validate read",
    ),
    *_rows(
        "9",
        "GET /v1/commitments/pending bootstrap",
        "POST /v1/commitments/{batch_id}/anchored bootstrap",
    ),
    *_rows(
        "10",
        "POST /api/v1/x402/payments write",
        "GET /api/v1/x402/payments read",
        "GET /api/v1/x402/payments/{intent_id} read",
        "GET /api/v1/x402/payments/{intent_id}/receipt read",
        "POST /api/v1/x402/batches admin",
        "GET /api/v1/x402/batches/{batch_id} read",
        "POST /api/v1/x402/batches/settle admin",
    ),
    *_rows(
        "11",
        "GET /health none",
        "GET /ready none",
        "GET /health/detailed admin",
        "GET /metrics admin",
        "GET /api/v1/admin/overview admin",
        "GET /api/v1/admin/tenants admin",
        "GET /api/v1/admin/stores admin",
        "GET /api/v1/admin/agents admin",
    ),
    *_rows("11", "GET /admin any", "GET /admin/ any", later="console"),
    # What the original does not have.
    *_rows(
        "ours",
        "GET /api/v1/admin/audit admin",
        "GET /api/v1/ves/events read",
        "GET /api/v1/admin/dead-letters admin",
        "DELETE /api/v1/admin/dead-letters admin",
        "POST /api/v1/admin/dead-letters/retry admin",
        "GET /api/v1/admin/dead-letters/{dead_letter_id} admin",
        "DELETE /api/v1/admin/dead-letters/{dead_letter_id} admin",
        "POST /api/v1/admin/dead-letters/{dead_letter_id}/retry admin",
        "POST /x402/verify write",
        "POST /x402/settle write",
        "GET /x402/supported none",
        "GET /x402/discovery/resources none",
        "GET /api/v1/projections read",
        "GET /api/v1/projections/{entity_type} read",
        "GET /api/v1/projections/{entity_type}/{entity_id} read",
        "PATCH /api/v1/agents/{agent_id}/api-keys/{key_prefix} agent",
        "GET /api/v1/agents/{agent_id}/keys read or admin",
        "DELETE /api/v1/agents/{agent_id}/keys/{key_id} admin",
        "POST /api/v1/agents/{agent_id}/keys/{key_id}/rotate admin",
        "POST /api/v1/agents/{agent_id}/keys/{key_id}/payer-addresses admin",
        "GET /api/v1/encryption-groups read or admin",
        "POST /api/v1/encryption-groups admin",
        "GET /api/v1/encryption-groups/{group_id} read or admin",
        "PUT /api/v1/encryption-groups/{group_id} admin",
        "DELETE /api/v1/encryption-groups/{group_id} admin",
        "POST /api/v1/encryption-groups/{group_id}/members admin",
        "DELETE /api/v1/encryption-groups/{group_id}/members/{agent_id} admin",
        "GET /api/v1/encryption-groups/{group_id}/recipients read or admin",
        "GET /api/v1/encryption-groups/{group_id}/history admin",
    ),
]
