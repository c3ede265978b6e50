"""Public keys of agents after their registration: list, rotate, revoke (VES 6.2)."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from litestar import Request, delete, get, post
from litestar.response.base import ASGIResponse

from ves.bundles import all_key_parts
from ves.codec import U32_MAX
from ves_api.auth.context import audit_context
from ves_api.auth.identity import NIL
from ves_api.errors import ApiError
from ves_api.gateway import agent_keys as gateway
from ves_api.http.agents.material import ProofBundle, PublicKeyBundle, read_material
from ves_api.http.decode import Query, path_key_number, path_uuid, read_struct, time_field
from ves_api.http.docs.operation import (
    AGENT_PATH,
    KEY_NUMBER_PATH,
    TENANT_QUERY,
    Operation,
    Parameter,
    operation_opt,
)
from ves_api.http.encode import answer, zulu
from ves_api.services import identify, services_of

if TYPE_CHECKING:
    from ves_api.auth.identity import Identity

_TAG = "Agents"
_I32 = 1 << 31
_MOST_GRACE_SECONDS = 3650 * 86400
_KEY_TYPES = ("signing", "encryption")


class AgentKey(msgspec.Struct, rename="camel", omit_defaults=True):
    """A public key; hex without `0x`, times in UTC. `status` is the effective one at the asked instant."""

    key_id: int
    key_type: str
    key_algorithm: int
    public_key: str
    status: str
    created_at: str
    usage_count: int
    valid_from: str | None = None
    valid_to: str | None = None
    revoked_at: str | None = None
    grace_until: str | None = None
    reason: str | None = None
    last_used_at: str | None = None
    public_key_bundle: PublicKeyBundle | None = None


class AgentKeyList(msgspec.Struct):
    """The keys by number, revoked ones too, at most 1,000."""

    keys: list[AgentKey]
    count: int


class RevokeKeyResponse(msgspec.Struct, rename="camel"):
    """The key is revoked since `revokedAt`."""

    success: bool
    tenant_id: uuid.UUID
    agent_id: uuid.UUID
    key_id: int
    revoked_at: str


class RotateKeyRequest(msgspec.Struct, rename="camel"):
    """The key that takes over: its bytes as at registration, or only the number of a registered one."""

    new_key_id: Annotated[int, msgspec.Meta(ge=0, le=U32_MAX)]
    tenant_id: uuid.UUID | None = None
    public_key: str | None = None
    key_algorithm: Annotated[int, msgspec.Meta(ge=-_I32, lt=_I32)] | None = None
    public_key_bundle: PublicKeyBundle | None = None
    proof_of_possession: str | None = None
    proof_of_possession_bundle: ProofBundle | None = None
    valid_to: str | None = None
    grace_period_seconds: Annotated[int, msgspec.Meta(ge=0, le=_MOST_GRACE_SECONDS)] | None = None
    revoke_old: bool = False
    reason: Literal["manual", "compromise", "age_limit", "usage_limit", "expiry", "policy_change"] = "manual"


class RotateKeyResponse(msgspec.Struct, rename="camel"):
    """The old key with its status now; `graceUntil` is null when it verifies no more."""

    success: bool
    tenant_id: uuid.UUID
    agent_id: uuid.UUID
    old_key_id: int
    old_status: str
    new_key_id: int
    rotated_at: str
    grace_until: str | None


_AT = Parameter(
    "at", "query", {"type": "string", "format": "date-time"}, "Judge at this instant; default now.", False
)
_KEY_TYPE = Parameter(
    "keyType",
    "query",
    {"type": "string", "enum": list(_KEY_TYPES)},
    "Only keys for this use.",
    required=False,
)
_REASON = Parameter(
    "reason", "query", {"type": "string", "maxLength": 1024}, "Why; kept with the key.", required=False
)
_LIST = Operation(
    summary="List the public keys of an agent with their status",
    tag=_TAG,
    needs="read or admin, and the tenant in scope",
    response=AgentKeyList,
    parameters=(AGENT_PATH, TENANT_QUERY, _KEY_TYPE, _AT),
    errors=("invalid_query", "tenant_access_denied"),
)
_REVOKE = Operation(
    summary="Revoke a public key of an agent; it holds at once in every process",
    tag=_TAG,
    needs="admin, and the tenant in scope",
    response=RevokeKeyResponse,
    parameters=(AGENT_PATH, KEY_NUMBER_PATH, TENANT_QUERY, _REASON),
    errors=("agent_key_not_found", "invalid_query", "invalid_field", "tenant_access_denied"),
)
_ROTATE = Operation(
    summary="Rotate a public key of an agent to a new one; the old one verifies for a grace period",
    tag=_TAG,
    needs="admin, and the tenant in scope",
    request=RotateKeyRequest,
    response=RotateKeyResponse,
    parameters=(AGENT_PATH, KEY_NUMBER_PATH),
    errors=(
        "agent_key_not_found",
        "agent_key_not_active",
        "agent_key_exists",
        "invalid_public_key",
        "proof_of_possession_failed",
        "invalid_field",
        "tenant_access_denied",
    ),
)
_rotate_decoder = msgspec.json.Decoder(RotateKeyRequest)


@get("/api/v1/agents/{agent_id:str}/keys", opt=operation_opt(_LIST))
async def list_agent_keys(request: Request[Any, Any, Any], agent_id: str) -> ASGIResponse:
    """The agent's keys; an unknown agent has none."""
    identity = await identify(request)
    agent = path_uuid(agent_id, "agent_id")
    query = Query(request)
    identity.require_read_or_admin()
    tenant = tenant_of(identity, query.optional_uuid("tenantId"))
    key_type = query.choice("keyType", {word: word for word in _KEY_TYPES}, None)
    at = query.optional_time("at")
    keys = await gateway.list_agent_keys(
        services_of(request).database, tenant_id=tenant, agent_id=agent, key_type=key_type, at=at
    )
    return answer(AgentKeyList([_listed(key) for key in keys], len(keys)))


@delete("/api/v1/agents/{agent_id:str}/keys/{key_id:str}", status_code=200, opt=operation_opt(_REVOKE))
async def revoke_agent_key(request: Request[Any, Any, Any], agent_id: str, key_id: str) -> ASGIResponse:
    """Revoke a key; a repeat answers the first instant."""
    identity = await identify(request)
    agent, number, query = path_uuid(agent_id, "agent_id"), path_key_number(key_id), Query(request)
    identity.require("admin")
    tenant = tenant_of(identity, query.optional_uuid("tenantId"))
    revoked_at = await gateway.revoke_agent_key(
        services_of(request).database,
        tenant_id=tenant,
        agent_id=agent,
        key_id=number,
        reason=query.optional_text("reason"),
        context=audit_context(request, identity),
    )
    return answer(RevokeKeyResponse(True, tenant, agent, number, zulu(revoked_at)))


@post("/api/v1/agents/{agent_id:str}/keys/{key_id:str}/rotate", status_code=200, opt=operation_opt(_ROTATE))
async def rotate_agent_key(request: Request[Any, Any, Any], agent_id: str, key_id: str) -> ASGIResponse:
    """Rotate an active key: both ends of it in one transaction."""
    identity = await identify(request)
    agent, number = path_uuid(agent_id, "agent_id"), path_key_number(key_id)
    sent = await read_struct(request, _rotate_decoder)
    identity.require("admin")
    tenant = tenant_of(identity, sent.tenant_id)
    services = services_of(request)
    seconds = sent.grace_period_seconds
    done = await gateway.rotate_agent_key(
        services.database,
        tenant_id=tenant,
        agent_id=agent,
        key_id=number,
        new_key_id=sent.new_key_id,
        material=await _material(sent, services.settings.profile),
        valid_to=time_field(sent.valid_to, "validTo"),
        grace_period=None if seconds is None else dt.timedelta(seconds=seconds),
        revoke_old=sent.revoke_old,
        reason=sent.reason,
        context=audit_context(request, identity),
    )
    return answer(
        RotateKeyResponse(
            success=True,
            tenant_id=tenant,
            agent_id=agent,
            old_key_id=done.old_key_id,
            old_status=done.old_status,
            new_key_id=done.new_key_id,
            rotated_at=zulu(done.rotated_at),
            grace_until=_time(done.grace_until),
        )
    )


def tenant_of(identity: Identity, wanted: uuid.UUID | None) -> uuid.UUID:
    """The tenant that a call is about. Raises invalid_query without one, 403 for one that is not the caller's."""
    tenant = identity.tenant_id if wanted is None else wanted
    if tenant == NIL:
        raise ApiError("invalid_query", "tenantId is required", details={"field": "tenantId"})
    identity.require_scope(tenant)
    return tenant


async def _material(sent: RotateKeyRequest, profile: str) -> gateway.KeyMaterial | None:
    """The new key's bytes and proofs, judged; None when it is registered already."""
    if sent.public_key is None and sent.public_key_bundle is None:
        return None
    return await asyncio.to_thread(
        read_material,
        sent.public_key or "",
        sent.key_algorithm or 0,
        sent.public_key_bundle,
        sent.proof_of_possession,
        sent.proof_of_possession_bundle,
        profile,
    )


def _listed(key: gateway.ListedKey) -> AgentKey:
    return AgentKey(
        key_id=key.key_id,
        key_type=key.key_type,
        key_algorithm=key.algorithm,
        public_key=key.public_key.hex(),
        status=key.status,
        created_at=zulu(key.created_at),
        usage_count=key.usage_count,
        valid_from=_time(key.valid_from),
        valid_to=_time(key.valid_to),
        revoked_at=_time(key.revoked_at),
        grace_until=_time(key.grace_until),
        reason=key.rotation_reason,
        last_used_at=_time(key.last_used_at),
        public_key_bundle=_bundle(key.bundle),
    )


def _bundle(stored: bytes | None) -> PublicKeyBundle | None:
    """The keys of a bundle in hex; None without a bundle."""
    if stored is None:
        return None
    return PublicKeyBundle(*(None if part is None else part.hex() for part in all_key_parts(stored)))


def _time(moment: dt.datetime | None) -> str | None:
    return None if moment is None else zulu(moment)


ROUTES = [list_agent_keys, revoke_agent_key, rotate_agent_key]
