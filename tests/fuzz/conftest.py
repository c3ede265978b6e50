"""A database with two filled tenants: generated arguments meet rows as often as nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fuzz.arguments import Known
from tests.rest.tenants import fill
from tests.sql.fixtures import edge, shared

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.sql.support import Edge

__all__ = ["edge", "shared"]


@pytest.fixture(scope="session")
def known(shared: Database, edge: Edge) -> Known:
    """Values of a filled tenant by the names of the parameters that take them."""
    return known_of(shared, edge)


@pytest.fixture(scope="session")
def theirs(shared: Database, edge: Edge) -> Known:
    """The same of another tenant."""
    return known_of(shared, edge)


def known_of(shared: Database, edge: Edge) -> Known:
    """A freshly filled tenant's values."""
    tenant = fill(shared, edge).tenant_id
    with shared.connect() as connection:
        connection.execute("set search_path to ves_store")

        def column(statement: str) -> list[str]:
            return [str(row[0]) for row in connection.execute(statement, [tenant]).fetchall()]

        return {
            "tenant_id": [str(tenant)],
            "store_id": column("select store_id from ves_sequence_counters where tenant_id = %s"),
            "agent_id": column("select agent_id from agent_signing_keys where tenant_id = %s"),
            "key_id": column("select key_id from agent_signing_keys where tenant_id = %s"),
            "key_hash": column("select key_hash from api_keys where tenant_id = %s"),
            "key_hash_prefix": column("select left(key_hash, 16) from api_keys where tenant_id = %s"),
            "event_id": column("select event_id from ves_events where tenant_id = %s limit 2"),
            "batch_id": column("select batch_id from ves_commitments where tenant_id = %s")
            + column("select batch_id from commitments where tenant_id = %s"),
            "proof_id": column("select proof_id from ves_validity_proofs where tenant_id = %s")
            + column("select proof_id from ves_compliance_proofs where tenant_id = %s"),
            "schema_id": column("select schema_id from event_schemas where tenant_id = %s"),
            "signer_id": [str(edge.signer_id)],
        }
