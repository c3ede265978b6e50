"""Statistics for administrators (http-api 11)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import msgspec

from ves_api.auth.permission import ADMIN_VISIBLE
from ves_api.operations.kit import Area, Context
from ves_api.operations.parameters import NoInput
from ves_edge.gen import aio

operation = Area("Administration").operation


class OverviewResponse(msgspec.Struct, rename="camel"):
    """Totals; `totalHeadSequence` and `maxProjectionLag` are of legacy streams, the other figures of both kinds.

    `agents` are those that API keys are bound to, as in the original: registering a signing key counts nothing.
    """

    tenants: int
    stores: int
    agents: int
    api_keys: int
    active_api_keys: int
    total_head_sequence: int
    ves_head_sequence: int
    active_stores_24h: int = msgspec.field(name="activeStores24h")
    max_projection_lag: int
    last_activity_at: str | None


class TenantSummary(msgspec.Struct, rename="camel"):
    """A tenant that owns an API key."""

    tenant_id: uuid.UUID
    agent_count: int
    api_key_count: int
    active_api_keys: int
    store_count: int
    total_head_sequence: int
    ves_head_sequence: int
    active_stores_24h: int = msgspec.field(name="activeStores24h")
    max_projection_lag: int
    last_key_at: str
    last_activity_at: str | None


class StoreSummary(msgspec.Struct, rename="camel"):
    """A store with the heads of its streams."""

    tenant_id: uuid.UUID
    store_id: uuid.UUID
    head_sequence: int
    ves_head_sequence: int
    last_projected_sequence: int
    projection_lag: int
    agent_count: int
    last_agent_sync_at: str | None
    updated_at: str


class AgentSummary(msgspec.Struct, rename="camel"):
    """An agent that owns an API key."""

    tenant_id: uuid.UUID
    agent_id: uuid.UUID
    permissions: str
    store_scope: str
    api_key_count: int
    active_api_keys: int
    first_key_at: str
    last_key_at: str
    store_id: uuid.UUID | None
    last_sync_at: str | None
    last_pushed_sequence: int | None
    last_pulled_sequence: int | None


@operation(permission=ADMIN_VISIBLE)
async def admin_overview(context: Context, _: NoInput) -> OverviewResponse:
    """Totals."""
    [row] = await aio.admin_overview(context.database, tenant_id=context.visible_tenant)
    return OverviewResponse(**_fields(row))


@operation(permission=ADMIN_VISIBLE)
async def admin_tenants(context: Context, _: NoInput) -> list[TenantSummary]:
    """List tenants, at most 200.

    The latest key change comes first.
    """
    rows = await aio.admin_tenants(context.database, tenant_id=context.visible_tenant)
    return [TenantSummary(**_fields(row)) for row in rows]


@operation(permission=ADMIN_VISIBLE)
async def admin_stores(context: Context, _: NoInput) -> list[StoreSummary]:
    """List stores, at most 200.

    The latest change comes first.
    """
    rows = await aio.admin_stores(context.database, tenant_id=context.visible_tenant)
    return [StoreSummary(**_fields(row)) for row in rows]


@operation(permission=ADMIN_VISIBLE)
async def admin_agents(context: Context, _: NoInput) -> list[AgentSummary]:
    """List agents, at most 200.

    The latest key change comes first.
    """
    rows = await aio.admin_agents(context.database, tenant_id=context.visible_tenant)
    return [AgentSummary(**_fields(row)) for row in rows]


def _fields(row: msgspec.Struct) -> dict[str, Any]:
    """Members by name, times as RFC 3339."""
    return {
        name: value.isoformat() if isinstance(value, dt.datetime) else value
        for name, value in msgspec.structs.asdict(row).items()
    }
