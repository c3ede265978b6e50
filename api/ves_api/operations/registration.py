"""An agent that registers itself gets a tenant of its own (http-api 7.1)."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import msgspec

from ves.codec import trim
from ves_api.auth.credentials import hash_key, new_key
from ves_api.auth.permission import PUBLIC
from ves_api.operations.kit import Area, Context
from ves_edge import metrics
from ves_edge.errors import ApiError
from ves_edge.gen import aio

operation = Area("Agents").operation
_ACTION = "custom:agent_registered"
_MAX_NAME = 128
_MAX_DESCRIPTION = 1024
_MAX_STORES = 50
_MAX_RATE_LIMIT = 10_000
_U32_MAX = (1 << 32) - 1


class RegisterRequest(msgspec.Struct, rename="camel"):
    """The agent to register and the rights of its key; `tenantId` and `admin` are refused."""

    name: str
    description: str | None = None
    store_ids: list[uuid.UUID] | None = None
    read_only: bool | None = None
    rate_limit: Annotated[int, msgspec.Meta(ge=0, le=_U32_MAX)] | None = None
    tenant_id: str | None = None
    admin: bool | None = None


class RegisterResponse(msgspec.Struct, rename="camel"):
    """The new agent in its new tenant; the key is shown this once."""

    success: bool
    agent_id: uuid.UUID
    tenant_id: uuid.UUID
    api_key: str
    permissions: str
    message: str


async def _admit(context: Context) -> None:
    """Refuse while registration is off, and charge the budget of the address. Refusals are audited."""
    services = context.services
    try:
        await _charge(context)
    except ApiError as error:
        metrics.count_registration(error.code)
        services.login_audit.record_refusal(_ACTION, error, context.origin)
        raise


async def _charge(context: Context) -> None:
    services = context.services
    if services.settings.auth.registration is None:
        raise ApiError("registration_disabled")
    costs = services.limiter.costs_of_registration(context.origin.budget_key)
    await services.limiter.charge(costs, context.answer_headers)


@operation(
    permission=PUBLIC,
    errors=(
        "registration_disabled",
        "rate_limited",
        "invalid_name",
        "name_too_long",
        "description_too_long",
        "too_many_stores",
        "rate_limit_invalid",
        "tenant_id_not_allowed",
        "admin_not_allowed",
    ),
    admit=_admit,
    sheds=False,
)
async def register_agent(context: Context, given: RegisterRequest) -> RegisterResponse:
    """Register an agent of one's own in a tenant of its own; off unless the operator switched it on.

    The checks run in the order of http-api 7.1; every attempt is audited.
    """
    audit = {"actor": "self_service", "actor_type": "public", **context.origin.fields()}
    try:
        _check(given)
    except ApiError as error:
        metrics.count_registration(error.code)
        # The budget of the address bounds how often this is written.
        await aio.record_audit(
            context.database,
            action=_ACTION,
            tenant_id=None,
            resource_type="agent",
            resource_id=None,
            details=_details(given),
            success=False,
            error_message=error.code,
            context=audit,
        )
        raise
    tenant, agent = uuid.uuid4(), uuid.uuid4()
    key = new_key(tenant)
    await aio.register_agent(
        context.database,
        key_hash=hash_key(key.encode()),
        tenant_id=tenant,
        agent_id=agent,
        store_ids=list(dict.fromkeys(given.store_ids or ())),
        can_write=not given.read_only,
        rate_limit=given.rate_limit,
        details=_details(given),
        context=audit,
    )
    metrics.count_registration("REGISTERED")
    return RegisterResponse(
        success=True,
        agent_id=agent,
        tenant_id=tenant,
        api_key=key,
        permissions="read" if given.read_only else "read_write",
        message="Agent registered; the API key is shown only once",
    )


def _check(given: RegisterRequest) -> None:
    """Raise the first refusal of http-api 7.1 that fits; lengths are bytes of UTF-8."""
    name = trim(given.name)
    if not name:
        raise ApiError("invalid_name")
    if len(name.encode()) > _MAX_NAME:
        raise ApiError("name_too_long", details={"limit": _MAX_NAME})
    if len((given.description or "").encode()) > _MAX_DESCRIPTION:
        raise ApiError("description_too_long", details={"limit": _MAX_DESCRIPTION})
    if len(given.store_ids or ()) > _MAX_STORES:
        raise ApiError("too_many_stores", details={"limit": _MAX_STORES})
    if given.rate_limit is not None and not 1 <= given.rate_limit <= _MAX_RATE_LIMIT:
        raise ApiError("rate_limit_invalid", details={"limit": _MAX_RATE_LIMIT})
    if given.tenant_id is not None:
        raise ApiError("tenant_id_not_allowed")
    if given.admin:
        raise ApiError("admin_not_allowed")


def _details(given: RegisterRequest) -> dict[str, Any]:
    """The request as operations 8 lists it; a NUL, which the database cannot store, becomes a blank."""
    stores = [str(store) for store in (given.store_ids or ())[:_MAX_STORES]]
    return {
        "name": _shown(given.name, _MAX_NAME),
        "description": None if given.description is None else _shown(given.description, _MAX_DESCRIPTION),
        "requested_tenant_id": None if given.tenant_id is None else _shown(given.tenant_id, _MAX_NAME),
        "store_ids": stores,
        "read_only": bool(given.read_only),
        "admin": bool(given.admin),
        "rate_limit": given.rate_limit,
    }


def _shown(text: str, most: int) -> str:
    return text[:most].replace("\0", " ").encode(errors="replace").decode()
