"""Figures for administrators (http-api 11); a tenant of None means all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_api.errors import ApiError

if TYPE_CHECKING:
    import datetime as dt
    import uuid

    from ves_api.gateway.database import Database

MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Overview:
    """Totals. Heads and lag are of legacy streams unless they say otherwise."""

    tenants: int
    stores: int
    agents: int
    api_keys: int
    active_api_keys: int
    total_head_sequence: int
    ves_head_sequence: int
    active_stores_24h: int
    max_projection_lag: int
    last_activity_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class TenantFigures:
    """One tenant."""

    tenant_id: uuid.UUID
    agent_count: int
    api_key_count: int
    active_api_keys: int
    store_count: int
    total_head_sequence: int
    ves_head_sequence: int
    active_stores_24h: int
    max_projection_lag: int
    last_key_at: dt.datetime
    last_activity_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """One store."""

    tenant_id: uuid.UUID
    store_id: uuid.UUID
    head_sequence: int
    ves_head_sequence: int
    last_projected_sequence: int
    projection_lag: int
    agent_count: int
    last_agent_sync_at: dt.datetime | None
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """One agent; the widest rights of its keys."""

    tenant_id: uuid.UUID
    agent_id: uuid.UUID
    permissions: str
    store_scope: str
    api_key_count: int
    active_api_keys: int
    first_key_at: dt.datetime
    last_key_at: dt.datetime
    store_id: uuid.UUID | None
    last_sync_at: dt.datetime | None
    last_pushed_sequence: int | None
    last_pulled_sequence: int | None


async def overview(database: Database, tenant_id: uuid.UUID | None) -> Overview:
    """Totals of a tenant or of the system."""
    row = await database.fetch_one("admin_overview", {"tenant_id": tenant_id}, idempotent=True)
    if row is None:
        raise ApiError("internal_error")
    return Overview(*row)


async def tenants(database: Database, tenant_id: uuid.UUID | None) -> list[TenantFigures]:
    """Tenants, the latest key change first."""
    parameters = {"tenant_id": tenant_id, "max_rows": MOST_ROWS}
    rows = await database.fetch("admin_tenants", parameters, idempotent=True)
    return [TenantFigures(*row) for row in rows]


async def stores(database: Database, tenant_id: uuid.UUID | None) -> list[StoreFigures]:
    """Stores, the latest change first."""
    parameters = {"tenant_id": tenant_id, "max_rows": MOST_ROWS}
    rows = await database.fetch("admin_stores", parameters, idempotent=True)
    return [StoreFigures(*row) for row in rows]


async def agents(database: Database, tenant_id: uuid.UUID | None) -> list[AgentFigures]:
    """Agents, the latest key change first."""
    parameters = {"tenant_id": tenant_id, "max_rows": MOST_ROWS}
    rows = await database.fetch("admin_agents", parameters, idempotent=True)
    return [AgentFigures(*row) for row in rows]
