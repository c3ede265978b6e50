"""`GET /api/v1/admin/audit`: a page of the audit log (operations 8)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, get
from litestar.response.base import ASGIResponse

from ves.codec import I64_MAX
from ves_api.gateway.audit import AuditEntry, AuditFilter, list_audit
from ves_api.http.decode import Query
from ves_api.http.docs.operation import NUMBER_SCHEMA, UUID_SCHEMA, Operation, Parameter, operation_opt
from ves_api.http.encode import answer, zulu
from ves_api.services import identify, services_of

if TYPE_CHECKING:
    from ves_api.auth.identity import Identity

_MOST = 1000
_DEFAULT = 100
_FLAGS: dict[str, bool | None] = {"true": True, "false": False}
_ORDERS = {"asc": False, "desc": True}
_TIME_SCHEMA = {"type": "string", "format": "date-time"}


class AuditEntryFields(msgspec.Struct, rename="camel"):
    """An entry; `hash` is hex and covers everything else, `previousHash` is that of the tenant's entry before."""

    tenant_id: uuid.UUID
    number: int
    id: uuid.UUID
    timestamp: str
    action: str
    actor: str
    actor_type: str
    database_role: str
    resource_type: str | None
    resource_id: str | None
    request_id: str | None
    ip_address: str | None
    user_agent: str | None
    details: dict[str, Any]
    success: bool
    error_message: str | None
    previous_hash: str
    hash: str


class AuditNext(msgspec.Struct):
    """The query parameters of the page that follows."""

    after: int
    after_tenant: uuid.UUID


class AuditPage(msgspec.Struct):
    """Entries in the order of tenant and number; `next` is null after the last page."""

    entries: list[AuditEntryFields]
    count: int
    next: AuditNext | None


def _optional(name: str, schema: dict[str, Any], description: str) -> Parameter:
    return Parameter(name, "query", schema, description, required=False)


_LIST = Operation(
    summary="List audit entries, oldest first unless asked otherwise",
    tag="Administration",
    needs="admin; sees its own tenant, the bootstrap administrator all",
    response=AuditPage,
    parameters=(
        _optional(
            "tenant_id",
            UUID_SCHEMA,
            "Only this tenant; for others than the bootstrap administrator their own.",
        ),
        _optional("action", {"type": "string"}, "Only this action."),
        _optional("actor", {"type": "string"}, "Only this actor."),
        _optional("resource_type", {"type": "string"}, "Only this kind of resource."),
        _optional("resource_id", {"type": "string"}, "Only this resource."),
        _optional("from", _TIME_SCHEMA, "Only entries at or after this time."),
        _optional("to", _TIME_SCHEMA, "Only entries before this time."),
        _optional("success", {"type": "boolean"}, "Only what was done, or only what was not."),
        _optional("order", {"type": "string", "enum": list(_ORDERS)}, "desc: newest first within a tenant."),
        _optional(
            "after",
            {**NUMBER_SCHEMA, "maximum": I64_MAX},
            "Entries beyond this number; of the tenant after_tenant, if that is not clear.",
        ),
        _optional("after_tenant", UUID_SCHEMA, "Tenant of the last entry of the page before."),
        _optional(
            "limit", {"type": "integer", "minimum": 1, "maximum": _MOST}, f"Most entries; default {_DEFAULT}."
        ),
    ),
)


@get("/api/v1/admin/audit", opt=operation_opt(_LIST))
async def get_audit(request: Request[Any, Any, Any]) -> ASGIResponse:
    """A page of entries."""
    identity = await identify(request)
    identity.require("admin")
    wanted = _filter(identity, Query(request))
    entries = await list_audit(services_of(request).database, wanted)
    more = AuditNext(entries[-1].number, entries[-1].tenant_id) if len(entries) == wanted.max_rows else None
    return answer(AuditPage([_fields(entry) for entry in entries], len(entries), more))


def _filter(identity: Identity, query: Query) -> AuditFilter:
    """The entries asked for. Raises 403 for another tenant's."""
    tenant_id = query.optional_uuid("tenant_id")
    if tenant_id is not None:
        identity.require_scope(tenant_id)
    elif not identity.is_bootstrap_admin:
        tenant_id = identity.tenant_id
    return AuditFilter(
        tenant_id=tenant_id,
        action=query.optional_text("action"),
        actor=query.optional_text("actor"),
        resource_type=query.optional_text("resource_type"),
        resource_id=query.optional_text("resource_id"),
        from_time=query.optional_time("from"),
        to_time=query.optional_time("to"),
        success=query.choice("success", _FLAGS, None),
        after_tenant=query.optional_uuid("after_tenant"),
        after_number=query.optional_number("after", I64_MAX),
        max_rows=query.number("limit", _DEFAULT, _MOST, least=1),
        newest_first=query.choice("order", _ORDERS, default=False),
    )


def _fields(entry: AuditEntry) -> AuditEntryFields:
    return AuditEntryFields(
        tenant_id=entry.tenant_id,
        number=entry.number,
        id=entry.id,
        timestamp=zulu(entry.timestamp),
        action=entry.action,
        actor=entry.actor,
        actor_type=entry.actor_type,
        database_role=entry.database_role,
        resource_type=entry.resource_type,
        resource_id=entry.resource_id,
        request_id=entry.request_id,
        ip_address=entry.ip_address,
        user_agent=entry.user_agent,
        details=entry.details,
        success=entry.success,
        error_message=entry.error_message,
        previous_hash=entry.previous_hash.hex(),
        hash=entry.hash.hex(),
    )


ROUTES = [get_audit]
