"""`POST /api/v1/agents/register`: an agent that registers itself gets a tenant of its own (http-api 7.1)."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.response.base import ASGIResponse

from ves_api.auth.addresses import budget_key
from ves_api.auth.context import request_context
from ves_api.auth.credentials import hash_key
from ves_api.auth.minting import new_key
from ves_api.errors import ApiError
from ves_api.gateway import credentials as gateway
from ves_api.http.decode import read_struct
from ves_api.http.docs.operation import Operation, operation_opt
from ves_api.http.encode import answer
from ves_api.services import Services, charge, services_of

_ACTION = "custom:agent_registered"
_MAX_NAME = 128
_MAX_DESCRIPTION = 1024
_MAX_STORES = 50
_MAX_RATE_LIMIT = 10_000
_U32_MAX = (1 << 32) - 1


class RegisterRequest(msgspec.Struct, rename="camel"):
    """Who registers and what the key is to be allowed; `tenantId` and `admin` are refused."""

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


_REGISTER = Operation(
    summary="Register an agent of one's own in a tenant of its own; off unless the operator switched it on",
    tag="Agents",
    needs="nothing",
    request=RegisterRequest,
    response=RegisterResponse,
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
    public=True,
)
_decoder = msgspec.json.Decoder(RegisterRequest)


@post("/api/v1/agents/register", opt=operation_opt(_REGISTER))
async def register_agent(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Check in the order of http-api 7.1, then mint a tenant, an agent and a key; every attempt is audited."""
    services = services_of(request)
    try:
        await _let_in(request, services)
    except ApiError as error:
        services.journal.note(_ACTION, error, request)
        raise
    sent = await read_struct(request, _decoder)
    context = {"actor": "self_service", "actor_type": "public", **request_context(request)}
    try:
        _check(sent)
    except ApiError as error:
        await _audit_refusal(services, sent, error, context)
        raise
    tenant, agent = uuid.uuid4(), uuid.uuid4()
    key = new_key(tenant)
    await gateway.register_agent(
        services.database,
        key_hash=hash_key(key.encode()),
        tenant_id=tenant,
        agent_id=agent,
        store_ids=tuple(dict.fromkeys(sent.store_ids or ())),
        can_write=not sent.read_only,
        rate_limit=sent.rate_limit,
        details=_details(sent),
        context=context,
    )
    return answer(
        RegisterResponse(
            success=True,
            agent_id=agent,
            tenant_id=tenant,
            api_key=key,
            permissions="read" if sent.read_only else "read_write",
            message="Agent registered; the API key is shown only once",
        )
    )


async def _let_in(request: Request[Any, Any, Any], services: Services) -> None:
    if services.settings.auth.registration is None:
        raise ApiError("registration_disabled")
    await charge(request, services.limiter.charges_of_registration(budget_key(request)))


def _check(sent: RegisterRequest) -> None:
    """Raise the first refusal of http-api 7.1 that fits; lengths are bytes of UTF-8."""
    name = sent.name.strip()
    if not name:
        raise ApiError("invalid_name")
    if len(name.encode()) > _MAX_NAME:
        raise ApiError("name_too_long", details={"limit": _MAX_NAME})
    if len((sent.description or "").encode()) > _MAX_DESCRIPTION:
        raise ApiError("description_too_long", details={"limit": _MAX_DESCRIPTION})
    if len(sent.store_ids or ()) > _MAX_STORES:
        raise ApiError("too_many_stores", details={"limit": _MAX_STORES})
    if sent.rate_limit is not None and not 1 <= sent.rate_limit <= _MAX_RATE_LIMIT:
        raise ApiError("rate_limit_invalid", details={"limit": _MAX_RATE_LIMIT})
    if sent.tenant_id is not None:
        raise ApiError("tenant_id_not_allowed")
    if sent.admin:
        raise ApiError("admin_not_allowed")


async def _audit_refusal(
    services: Services, sent: RegisterRequest, refusal: ApiError, context: dict[str, str | None]
) -> None:
    """Write the attempt down. Its budget has let it through, so the log cannot be flooded with these."""
    await gateway.record_audit(
        services.database,
        action=_ACTION,
        tenant_id=None,
        resource=("agent", None),
        details=_details(sent),
        error=refusal.code,
        context=context,
    )


def _details(sent: RegisterRequest) -> dict[str, Any]:
    """What was asked for, as operations 8 lists it; a NUL, which the database cannot store, is shown as a blank."""
    stores = [str(store) for store in (sent.store_ids or ())[:_MAX_STORES]]
    return {
        "name": _shown(sent.name, _MAX_NAME),
        "description": None if sent.description is None else _shown(sent.description, _MAX_DESCRIPTION),
        "requested_tenant_id": None if sent.tenant_id is None else _shown(sent.tenant_id, _MAX_NAME),
        "store_ids": stores,
        "read_only": bool(sent.read_only),
        "admin": bool(sent.admin),
        "rate_limit": sent.rate_limit,
    }


def _shown(text: str, most: int) -> str:
    return text[:most].replace("\0", " ").encode(errors="replace").decode()


ROUTES = [register_agent]
