"""The administrator's figures: what is counted, in which order, and for whom."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import Agent, Edge

if TYPE_CHECKING:
    import psycopg

    from tests.conftest import Database


def key(connection: psycopg.Connection[Any], tenant: uuid.UUID, **named: Any) -> str:
    key_hash = hashlib.sha256(uuid.uuid4().bytes).hexdigest()
    extra = "".join(f", {name} => %({name})s" for name in named)
    connection.execute(
        f"select ves.create_api_key(%(hash)s, %(tenant)s{extra})",
        {"hash": key_hash, "tenant": tenant, **named},
    )
    return key_hash


def rows(connection: psycopg.Connection[Any], call: str, *parameters: Any) -> list[dict[str, Any]]:
    cursor = connection.execute(f"select * from ves.{call}", parameters)
    assert cursor.description is not None
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture
def tenant(edge: Edge, admin: psycopg.Connection[Any]) -> uuid.UUID:
    """Three keys (one revoked) of two agents; a store with both streams, one with VES only, one legacy only."""
    fresh = uuid.uuid4()
    first, second = Agent(fresh), Agent(fresh)
    for agent in (first, second):
        agent.register(edge.connection)
    key(admin, fresh, agent_id=first.agent_id, can_write=True)
    key(admin, fresh, agent_id=second.agent_id, store_ids=[second.store_id])
    revoked = key(admin, fresh, agent_id=second.agent_id, can_admin=True)
    admin.execute("select ves.revoke_api_key(%s, %s)", [revoked, fresh])
    edge.ingest(first, *first.events(3))
    Writer(edge.connection, fresh, first.store_id).ingest(Legacy(), Legacy())
    edge.ingest(second, *second.events(4))
    Writer(edge.connection, fresh).ingest(*(Legacy() for _ in range(5)))
    return fresh


def test_the_overview_counts_keys_and_both_streams(admin: psycopg.Connection[Any], tenant: uuid.UUID) -> None:
    (row,) = rows(admin, "admin_overview(%s)", tenant)
    assert row.pop("last_activity_at") is not None
    assert row == {
        "tenants": 1,
        "stores": 3,
        "agents": 2,
        "api_keys": 3,
        "active_api_keys": 2,
        "total_head_sequence": 7,
        "ves_head_sequence": 7,
        "active_stores_24h": 3,
        "max_projection_lag": 5,
    }


def test_a_tenant_without_anything_has_zeros(admin: psycopg.Connection[Any]) -> None:
    (row,) = rows(admin, "admin_overview(%s)", uuid.uuid4())
    assert row.pop("last_activity_at") is None
    assert set(row.values()) == {0}
    for call in ("admin_tenants(%s)", "admin_stores(%s)", "admin_agents(%s)"):
        assert rows(admin, call, uuid.uuid4()) == []


def test_a_tenant_is_told_by_its_keys_and_its_stores(
    admin: psycopg.Connection[Any], tenant: uuid.UUID
) -> None:
    (row,) = rows(admin, "admin_tenants(%s)", tenant)
    assert row.pop("last_activity_at") is not None
    assert row.pop("last_key_at") is not None
    assert row == {
        "tenant_id": tenant,
        "agent_count": 2,
        "api_key_count": 3,
        "active_api_keys": 2,
        "store_count": 3,
        "total_head_sequence": 7,
        "ves_head_sequence": 7,
        "active_stores_24h": 3,
        "max_projection_lag": 5,
    }


def test_stores_come_latest_first_with_the_heads_of_their_streams(
    admin: psycopg.Connection[Any], tenant: uuid.UUID
) -> None:
    found = rows(admin, "admin_stores(%s)", tenant)
    assert [(row["head_sequence"], row["ves_head_sequence"]) for row in found] == [(5, 0), (0, 4), (2, 3)]
    assert all(row["projection_lag"] == row["head_sequence"] for row in found)
    assert [row["updated_at"] for row in found] == sorted((row["updated_at"] for row in found), reverse=True)


def test_an_agent_has_the_widest_rights_of_its_keys(
    admin: psycopg.Connection[Any], tenant: uuid.UUID
) -> None:
    found = rows(admin, "admin_agents(%s)", tenant)
    told = [
        (row["permissions"], row["store_scope"], row["api_key_count"], row["active_api_keys"])
        for row in found
    ]
    assert told == [("admin", "all", 2, 1), ("read_write", "all", 1, 1)]
    assert all(row["first_key_at"] <= row["last_key_at"] for row in found)


def test_an_agent_whose_every_key_names_stores_is_scoped(admin: psycopg.Connection[Any]) -> None:
    tenant, agent = uuid.uuid4(), uuid.uuid4()
    key(admin, tenant, agent_id=agent, store_ids=[uuid.uuid4()])
    assert [(row["permissions"], row["store_scope"]) for row in rows(admin, "admin_agents(%s)", tenant)] == [
        ("read", "scoped")
    ]


@pytest.mark.parametrize(("wanted", "given"), [(1, 1), (3, 3), (0, 0), (-1, 0), (None, 3)])
def test_a_list_is_cut_where_asked(
    admin: psycopg.Connection[Any], tenant: uuid.UUID, wanted: int | None, given: int
) -> None:
    assert len(rows(admin, "admin_stores(%s, %s)", tenant, wanted)) == given


def test_without_a_tenant_the_whole_system_is_counted(database: Database) -> None:
    with database.connect("ves_admin") as admin:
        tenants = [uuid.uuid4() for _ in range(3)]
        for tenant in tenants:
            key(admin, tenant, agent_id=uuid.uuid4())
        (row,) = rows(admin, "admin_overview()")
        assert (row["tenants"], row["agents"], row["api_keys"]) == (3, 3, 3)
        assert [found["tenant_id"] for found in rows(admin, "admin_tenants()")] == tenants[::-1]
        assert len(rows(admin, "admin_agents()")) == 3
