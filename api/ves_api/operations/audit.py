"""The audit log, page by page (operations 8)."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial
from typing import Annotated, Any

import msgspec

from ves.codec import I64_MAX
from ves_api.auth.permission import ADMIN_VISIBLE
from ves_api.operations.answers import answer
from ves_api.operations.kit import Area, Context
from ves_api.operations.parameters import Parameters, choice, identifier, instant, number, text
from ves_edge.gen import aio

operation = Area("Administration").operation
_MOST = 1000
_DEFAULT = 100
_LIMIT_SCHEMA = {"type": "integer", "minimum": 1, "maximum": _MOST}
_AFTER_SCHEMA = {"type": "integer", "minimum": 0, "maximum": I64_MAX}

OptionalTenant = Annotated[
    uuid.UUID | None, identifier("Only this tenant; for others than the bootstrap administrator their own.")
]
Success = Annotated[
    bool | None,
    choice("Only what was done, or only what was not.", {"true": True, "false": False}, {"type": "boolean"}),
]
NewestFirst = Annotated[bool, choice("desc: newest first within a tenant.", {"asc": False, "desc": True})]
After = Annotated[
    int | None,
    number(
        "Entries beyond this number; of the tenant after_tenant, if that is not clear.",
        I64_MAX,
        schema=_AFTER_SCHEMA,
    ),
]
AfterTenant = Annotated[uuid.UUID | None, identifier("Tenant of the last entry of the page before.")]
MaxRows = Annotated[int, number(f"Most entries; default {_DEFAULT}.", _MOST, least=1, schema=_LIMIT_SCHEMA)]


class AuditFilter(Parameters, kw_only=True, frozen=True):
    """Filter of entries, and the start of the page; None means any."""

    tenant_id: OptionalTenant = None
    action: Annotated[str | None, text("Only this action.")] = None
    actor: Annotated[str | None, text("Only this actor.")] = None
    resource_type: Annotated[str | None, text("Only this kind of resource.")] = None
    resource_id: Annotated[str | None, text("Only this resource.")] = None
    from_time: Annotated[dt.datetime | None, instant("Only entries at or after this time.")] = msgspec.field(
        default=None, name="from"
    )
    to_time: Annotated[dt.datetime | None, instant("Only entries before this time.")] = msgspec.field(
        default=None, name="to"
    )
    success: Success = None
    newest_first: NewestFirst = msgspec.field(default=False, name="order")
    after_number: After = msgspec.field(default=None, name="after")
    after_tenant: AfterTenant = None
    max_rows: MaxRows = msgspec.field(default=_DEFAULT, name="limit")


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


@operation(permission=ADMIN_VISIBLE)
async def list_audit(context: Context, given: AuditFilter) -> AuditPage:
    """List audit entries, oldest first unless asked otherwise."""
    wanted = msgspec.structs.asdict(given) | {"tenant_id": context.visible_tenant}
    found = await aio.list_audit(context.database, **wanted)
    entries = await context.each(partial(answer, AuditEntryFields), found)
    is_full = len(found) == given.max_rows
    more = AuditNext(found[-1].number, found[-1].tenant_id) if is_full else None
    return AuditPage(entries, len(entries), more)
