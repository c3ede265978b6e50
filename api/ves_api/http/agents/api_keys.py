"""API keys of an agent: look, mint, list, change, revoke (http-api 7.3)."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.response.base import ASGIResponse

from ves_api.auth.context import audit_context
from ves_api.auth.credentials import hash_key, new_key
from ves_api.auth.minting import SCOPES, Scope, derive_changes, derive_grants
from ves_api.errors import ApiError
from ves_api.gateway import credentials as gateway
from ves_api.http.decode import path_uuid, read_struct
from ves_api.http.docs.operation import AGENT_PATH, KEY_PREFIX_PATH, Operation, operation_opt
from ves_api.http.encode import answer
from ves_api.services import identify, services_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from ves_api.auth.identity import Identity

_TAG = "Agents"
_NEEDS = "the agent's own credential, or admin"
_PREFIX_CHARACTERS = 16
_PREFIX = re.compile(r"[0-9a-f]{8,64}")
_I32_MAX = (1 << 31) - 1
_NO_LIMIT = 0


class AgentResponse(msgspec.Struct, rename="camel"):
    """An agent by its most recently changed key."""

    agent_id: uuid.UUID
    tenant_id: uuid.UUID
    active: bool
    permissions: str
    store_ids: list[uuid.UUID]
    rate_limit: int | None


class MintRequest(msgspec.Struct, rename="camel"):
    """Rights of the new key; what is left out is inherited from the caller.

    `scopes` names them in any combination; it excludes `readOnly` and `admin`.
    """

    store_ids: list[uuid.UUID] | None = None
    scopes: list[Scope] | None = None
    read_only: bool | None = None
    admin: bool | None = None
    rate_limit: Annotated[int, msgspec.Meta(ge=0, le=_I32_MAX)] | None = None


class MintResponse(msgspec.Struct, rename="camel"):
    """The new key; it is shown this once."""

    success: bool
    api_key: str
    key_hash_prefix: str
    permissions: str
    scopes: list[Scope]
    message: str


class UpdateRequest(msgspec.Struct, rename="camel"):
    """What the key is to become; what is left out stays. `rateLimit` null takes the limit away, `[]` stores mean all."""

    store_ids: list[uuid.UUID] | None = None
    scopes: list[Scope] | None = None
    rate_limit: Annotated[int, msgspec.Meta(ge=1, le=_I32_MAX)] | msgspec.UnsetType | None = msgspec.UNSET


class UpdateResponse(msgspec.Struct, rename="camel"):
    """The key after the change."""

    success: bool
    key_hash_prefix: str
    permissions: str
    scopes: list[Scope]
    store_ids: list[uuid.UUID]
    rate_limit: int | None


class ListedKey(msgspec.Struct, rename="camel"):
    """A key by the first 16 digits of its hash."""

    key_hash_prefix: str
    active: bool
    permissions: str
    scopes: list[Scope]
    rate_limit: int | None


class KeyList(msgspec.Struct):
    """The agent's keys, revoked ones too."""

    keys: list[ListedKey]
    count: int


class RevokeResponse(msgspec.Struct):
    """The key is revoked."""

    success: bool
    message: str


_GET = Operation(
    summary="Get an agent",
    tag=_TAG,
    needs=_NEEDS,
    response=AgentResponse,
    parameters=(AGENT_PATH,),
    errors=("agent_not_found",),
)
_MINT = Operation(
    summary="Mint an API key for an agent; never with more rights than the caller has",
    tag=_TAG,
    needs=_NEEDS,
    request=MintRequest,
    response=MintResponse,
    parameters=(AGENT_PATH,),
    errors=("agent_not_found", "store_access_denied", "invalid_field"),
)
_LIST = Operation(
    summary="List the API keys of an agent",
    tag=_TAG,
    needs=_NEEDS,
    response=KeyList,
    parameters=(AGENT_PATH,),
    errors=("agent_not_found",),
)
_UPDATE = Operation(
    summary="Change what an API key of an agent may do; it holds at once in every process",
    tag=_TAG,
    needs=_NEEDS,
    request=UpdateRequest,
    response=UpdateResponse,
    parameters=(AGENT_PATH, KEY_PREFIX_PATH),
    errors=("agent_not_found", "api_key_not_found", "store_access_denied", "invalid_field"),
)
_REVOKE = Operation(
    summary="Revoke an API key of an agent; it holds at once in every process",
    tag=_TAG,
    needs=_NEEDS,
    response=RevokeResponse,
    parameters=(AGENT_PATH, KEY_PREFIX_PATH),
    errors=("agent_not_found", "api_key_not_found"),
)
_mint_decoder = msgspec.json.Decoder(MintRequest)
_update_decoder = msgspec.json.Decoder(UpdateRequest)


@get("/api/v1/agents/{agent_id:str}", opt=operation_opt(_GET))
async def get_agent(request: Request[Any, Any, Any], agent_id: str) -> ASGIResponse:
    """The agent as its most recently changed key describes it."""
    identity = await identify(request)
    agent = path_uuid(agent_id, "agent_id")
    tenant, keys = await _keys_of(request, identity, agent)
    latest = max(keys, key=lambda k: k.updated_at)
    return answer(
        AgentResponse(agent, tenant, latest.active, _word(latest), latest.store_ids, latest.rate_limit)
    )


@post("/api/v1/agents/{agent_id:str}/api-keys", opt=operation_opt(_MINT))
async def mint_api_key(request: Request[Any, Any, Any], agent_id: str) -> ASGIResponse:
    """Mint a key; only its hash is stored."""
    identity = await identify(request)
    agent = path_uuid(agent_id, "agent_id")
    sent = await read_struct(request, _mint_decoder)
    tenant, _ = await _keys_of(request, identity, agent)
    grants = derive_grants(
        identity,
        store_ids=sent.store_ids,
        scopes=sent.scopes,
        read_only=sent.read_only,
        admin=sent.admin,
        rate_limit=sent.rate_limit,
    )
    key = new_key(tenant)
    key_hash = hash_key(key.encode())
    await gateway.create_api_key(
        services_of(request).database,
        key_hash=key_hash,
        tenant_id=tenant,
        store_ids=grants.store_ids,
        agent_id=agent,
        can_read="read" in grants.scopes,
        can_write="write" in grants.scopes,
        can_admin="admin" in grants.scopes,
        rate_limit=grants.rate_limit,
        context=audit_context(request, identity),
    )
    return answer(
        MintResponse(
            success=True,
            api_key=key,
            key_hash_prefix=key_hash[:_PREFIX_CHARACTERS],
            permissions=permissions_word(grants.scopes),
            scopes=[scope for scope in SCOPES if scope in grants.scopes],
            message="API key created; it is shown only once",
        )
    )


@get("/api/v1/agents/{agent_id:str}/api-keys", opt=operation_opt(_LIST))
async def list_api_keys(request: Request[Any, Any, Any], agent_id: str) -> ASGIResponse:
    """The agent's keys by hash prefix."""
    identity = await identify(request)
    _, keys = await _keys_of(request, identity, path_uuid(agent_id, "agent_id"))
    listed = [ListedKey(k.key_hash_prefix, k.active, _word(k), _scopes(k), k.rate_limit) for k in keys]
    return answer(KeyList(listed, len(listed)))


@delete(
    "/api/v1/agents/{agent_id:str}/api-keys/{key_prefix:str}", status_code=200, opt=operation_opt(_REVOKE)
)
async def revoke_api_key(request: Request[Any, Any, Any], agent_id: str, key_prefix: str) -> ASGIResponse:
    """Revoke the agent's first key whose hash starts with the prefix."""
    identity = await identify(request)
    agent = path_uuid(agent_id, "agent_id")
    _check_prefix(key_prefix)
    tenant, _ = await _keys_of(request, identity, agent)
    database, context = services_of(request).database, audit_context(request, identity)
    if not await gateway.revoke_api_key(database, key_prefix, tenant, agent, context):
        raise ApiError("api_key_not_found", resource_id=key_prefix)
    return answer(RevokeResponse(success=True, message="API key revoked"))


@patch("/api/v1/agents/{agent_id:str}/api-keys/{key_prefix:str}", opt=operation_opt(_UPDATE))
async def update_api_key(request: Request[Any, Any, Any], agent_id: str, key_prefix: str) -> ASGIResponse:
    """Change the agent's first active key whose hash starts with the prefix; a revoked key never comes back."""
    identity = await identify(request)
    agent = path_uuid(agent_id, "agent_id")
    _check_prefix(key_prefix)
    sent = await read_struct(request, _update_decoder)
    tenant, _ = await _keys_of(request, identity, agent)
    limit = None if sent.rate_limit is msgspec.UNSET else sent.rate_limit or _NO_LIMIT
    changes = derive_changes(identity, store_ids=sent.store_ids, scopes=sent.scopes, rate_limit=limit)
    key = await gateway.update_api_key(
        services_of(request).database, key_prefix, tenant, agent, changes, audit_context(request, identity)
    )
    if key is None:
        raise ApiError("api_key_not_found", resource_id=key_prefix)
    return answer(
        UpdateResponse(
            success=True,
            key_hash_prefix=key.key_hash_prefix,
            permissions=_word(key),
            scopes=_scopes(key),
            store_ids=key.store_ids,
            rate_limit=key.rate_limit,
        )
    )


def _check_prefix(key_prefix: str) -> None:
    if not _PREFIX.fullmatch(key_prefix):
        message = "key_prefix is not 8 to 64 lower-case hex digits"
        raise ApiError("invalid_query", message, details={"field": "key_prefix"})


async def _keys_of(
    request: Request[Any, Any, Any], identity: Identity, agent_id: uuid.UUID
) -> tuple[uuid.UUID, list[gateway.StoredKey]]:
    """The agent's tenant and keys, if the caller may see them. Raises 403, or agent_not_found."""
    if not identity.can_admin and identity.agent_id != agent_id:
        raise ApiError("insufficient_permissions", "Access denied")
    database = services_of(request).database
    tenant: uuid.UUID | None = identity.tenant_id
    if identity.is_bootstrap_admin:
        tenant = await gateway.find_agent_tenant(database, agent_id)
    keys = [] if tenant is None else await gateway.list_api_keys(database, tenant, agent_id)
    if tenant is None or not keys:
        raise ApiError("agent_not_found", resource_id=str(agent_id))
    return tenant, keys


def _scopes(key: gateway.StoredKey | gateway.ChangedKey) -> list[Scope]:
    held = {"read": key.can_read, "write": key.can_write, "admin": key.can_admin}
    return [scope for scope in SCOPES if held[scope]]


def _word(key: gateway.StoredKey | gateway.ChangedKey) -> str:
    return permissions_word(_scopes(key))


def permissions_word(scopes: Collection[Scope]) -> str:
    """The reference's word for a set of rights; `write` and `none` are those it has no word for."""
    if "admin" in scopes:
        return "admin"
    return "_".join(scope for scope in SCOPES if scope in scopes) or "none"


ROUTES = [get_agent, mint_api_key, list_api_keys, update_api_key, revoke_api_key]
