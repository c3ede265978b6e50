"""A tenant with something in every table that a dashboard may look at."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import Agent, scalar

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.sql.support import Edge

PAYLOAD_MARKER = "only the tenant may read this payload"


@dataclass(frozen=True)
class TenantData:
    """What was made: the tenant, and two stores with the same kinds of rows each."""

    tenant_id: uuid.UUID
    stores: tuple[uuid.UUID, uuid.UUID]


def fill(database: Database, edge: Edge) -> TenantData:
    """A fresh tenant with rows of every kind in each of two stores."""
    agent = Agent()
    agent.register(edge.connection)
    stores = (uuid.uuid4(), uuid.uuid4())
    with database.connect("ves_admin") as admin:
        admin.execute(
            "select ves.create_api_key(%s, %s, agent_id => %s)",
            [secrets.token_hex(32), agent.tenant_id, agent.agent_id],
        )
        admin.execute("select ves.register_schema(%s, 'order.created', '{}')", [agent.tenant_id])
        admin.execute("select ves.record_audit('custom:looked', %s, 'stream', null)", [agent.tenant_id])
    for store in stores:
        _fill_store(database, edge, agent.in_store(store))
    return TenantData(agent.tenant_id, stores)


def _fill_store(database: Database, edge: Edge, agent: Agent) -> None:
    connection = edge.connection
    event = agent.event(f'{{"note":"{PAYLOAD_MARKER}"}}')
    edge.ingest(agent, event, agent.event(), agent.event().but(payload_plain_hash="0x" + "11" * 32))
    edge.seal(agent)
    stream = [agent.tenant_id, agent.store_id]
    connection.execute("select ves.create_commitment(%s, %s, 1, 2)", stream)
    batch = scalar(connection, "select batch_id from ves.list_commitments(%s, %s)", stream)
    connection.execute("select ves.submit_validity_proof(%s, %s, 'plonk', 1, 'x')", [agent.tenant_id, batch])
    connection.execute(
        """select ves.store_compliance_proof(
          %s, %s, 'plonk', 1, 'p', '{}', sha256(''), gen_random_uuid(), 'x', null,
          sha256('STATESET_VES_COMPLIANCE_PROOF_HASH_V1x'), sha256(''), null, null, 'not_applicable')""",
        [agent.tenant_id, event.event_id],
    )
    writer = Writer(connection, *stream)
    writer.ingest(Legacy(payload=f'"{PAYLOAD_MARKER}"'), Legacy())
    writer.commit(1, 2)
    writer.ingest(
        Legacy(entity_type="product", entity_id="p"),
        Legacy(entity_type="product", entity_id="p"),
        event_types=["product.created", "product.created"],
    )
    with database.connect("ves_worker") as worker:
        worker.execute("select ves.project_events('legacy_projection', array[%s], array[%s])", stream)
