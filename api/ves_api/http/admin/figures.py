"""`GET /api/v1/admin/overview|tenants|stores|agents` (http-api 11)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, get
from litestar.response.base import ASGIResponse

from ves_api.gateway import administration as gateway
from ves_api.http.docs.operation import Operation, operation_opt
from ves_api.http.encode import answer
from ves_api.services import identify, services_of

if TYPE_CHECKING:
    from ves_api.gateway.database import Database

_TAG = "Administration"
_NEEDS = "admin; sees its own tenant, the bootstrap administrator all"


class OverviewResponse(msgspec.Struct, rename="camel"):
    """Totals; `totalHeadSequence` and `maxProjectionLag` are of legacy streams, the other figures of both kinds."""

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


_OVERVIEW = Operation(summary="Totals", tag=_TAG, needs=_NEEDS, response=OverviewResponse)
_TENANTS = Operation(
    summary="List tenants, at most 200", tag=_TAG, needs=_NEEDS, response=list[TenantSummary]
)
_STORES = Operation(summary="List stores, at most 200", tag=_TAG, needs=_NEEDS, response=list[StoreSummary])
_AGENTS = Operation(summary="List agents, at most 200", tag=_TAG, needs=_NEEDS, response=list[AgentSummary])


@get("/api/v1/admin/overview", opt=operation_opt(_OVERVIEW))
async def get_overview(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Totals."""
    database, tenant_id = await _scope(request)
    return answer(OverviewResponse(**_fields(await gateway.overview(database, tenant_id))))


@get("/api/v1/admin/tenants", opt=operation_opt(_TENANTS))
async def list_tenants(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Tenants, the latest key change first."""
    database, tenant_id = await _scope(request)
    return answer([TenantSummary(**_fields(row)) for row in await gateway.tenants(database, tenant_id)])


@get("/api/v1/admin/stores", opt=operation_opt(_STORES))
async def list_stores(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Stores, the latest change first."""
    database, tenant_id = await _scope(request)
    return answer([StoreSummary(**_fields(row)) for row in await gateway.stores(database, tenant_id)])


@get("/api/v1/admin/agents", opt=operation_opt(_AGENTS))
async def list_agents(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Agents, the latest key change first."""
    database, tenant_id = await _scope(request)
    return answer([AgentSummary(**_fields(row)) for row in await gateway.agents(database, tenant_id)])


async def _scope(request: Request[Any, Any, Any]) -> tuple[Database, uuid.UUID | None]:
    """The database and the tenant that the caller may see; None is all. Raises 401 or 403."""
    identity = await identify(request)
    identity.require("admin")
    tenant_id = None if identity.is_bootstrap_admin else identity.tenant_id
    return services_of(request).database, tenant_id


def _fields(figures: Any) -> dict[str, Any]:
    """Members by name, times as RFC 3339."""
    return {
        name: value.isoformat() if isinstance(value, dt.datetime) else value
        for name, value in dataclasses.asdict(figures).items()
    }


ROUTES = [get_overview, list_tenants, list_stores, list_agents]
