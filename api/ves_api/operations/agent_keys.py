"""Public keys of agents: register, list, rotate, revoke (http-api 7.2, VES 6.2)."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from typing import Annotated, Any, Literal

import msgspec

from ves.bundles import all_key_parts
from ves.codec import U32_MAX
from ves_api.auth.permission import in_own_tenant, in_tenant
from ves_api.operations.answers import answer
from ves_api.operations.kit import Area, Context
from ves_api.operations.parameters import (
    AgentId,
    KeyNumber,
    OwnTenantId,
    Parameter,
    Parameters,
    instant,
    text,
    word,
)
from ves_api.operations.public_keys import ProofBundle, PublicKey, PublicKeyBundle, read_public_key
from ves_api.times import parse_time_or_none, zulu
from ves_edge.gen import aio

operation = Area("Agents").operation
_I32 = 1 << 31
_MOST_GRACE_SECONDS = 3650 * 86400
_KEY_TYPES = ("signing", "encryption")
_NO_KEY = PublicKey(None, None)  # type: ignore[arg-type]

Algorithm = Annotated[int, msgspec.Meta(ge=-_I32, lt=_I32)]
KeyType = Annotated[str | None, word("Only keys for this use.", _KEY_TYPES)]
REASON = Parameter("Why; kept with the key.", {"type": "string", "maxLength": 1024}, text("").parse)
Reason = Annotated[str | None, REASON]


class RegisterKeyRequest(msgspec.Struct, rename="camel"):
    """A key to register; hex takes an optional `0x`, times are RFC 3339."""

    tenant_id: uuid.UUID
    agent_id: uuid.UUID
    key_id: Annotated[int, msgspec.Meta(ge=0, le=U32_MAX)]
    public_key: str
    valid_from: str | None = None
    valid_to: str | None = None
    key_algorithm: Algorithm | None = None
    public_key_bundle: PublicKeyBundle | None = None
    proof_of_possession: str | None = None
    proof_of_possession_bundle: ProofBundle | None = None


class RegisterKeyResponse(msgspec.Struct, rename="camel"):
    """The key is registered; `keyAlgorithm` is the number that was sent, 0 for none."""

    success: bool
    tenant_id: uuid.UUID
    agent_id: uuid.UUID
    key_id: int
    key_algorithm: int
    message: str


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
    key_algorithm: Algorithm | None = None
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


class KeysOfAgent(Parameters, kw_only=True, frozen=True):
    """The keys of one agent."""

    agent_id: AgentId
    tenant_id: OwnTenantId = msgspec.field(default=None, name="tenantId")
    key_type: KeyType = msgspec.field(default=None, name="keyType")
    at: Annotated[dt.datetime | None, instant("Judge at this instant; default now.")] = None


class RevokeKey(Parameters, kw_only=True, frozen=True):
    """One key of an agent, and why it is revoked."""

    agent_id: AgentId
    key_id: KeyNumber
    tenant_id: OwnTenantId = msgspec.field(default=None, name="tenantId")
    reason: Reason = None


class RotateKey(Parameters, kw_only=True, frozen=True):
    """One key of an agent and its successor."""

    agent_id: AgentId
    key_id: KeyNumber
    body: RotateKeyRequest


async def _checked(context: Context, sent: RegisterKeyRequest | RotateKeyRequest) -> PublicKey:
    """The key and its proofs, checked in a thread: an ML-DSA signature takes about a millisecond."""
    return await asyncio.to_thread(
        read_public_key,
        sent.public_key or "",
        sent.key_algorithm or 0,
        sent.public_key_bundle,
        sent.proof_of_possession,
        sent.proof_of_possession_bundle,
        context.services.settings.profile,
    )


@operation(
    permission=in_tenant("admin"),
    errors=("agent_key_exists", "invalid_public_key", "proof_of_possession_failed", "invalid_field"),
)
async def register_agent_key(context: Context, given: RegisterKeyRequest) -> RegisterKeyResponse:
    """Register a public key of an agent.

    A number that the agent already uses is refused with 409 and changes nothing.
    """
    key = await _checked(context, given)
    await aio.store_agent_key(
        context.database,
        tenant_id=context.tenant_id,
        agent_id=given.agent_id,
        key_id=given.key_id,
        **key._asdict(),
        valid_from=parse_time_or_none(given.valid_from, "validFrom"),
        valid_to=parse_time_or_none(given.valid_to, "validTo"),
        context=context.audit,
    )
    return RegisterKeyResponse(
        success=True,
        tenant_id=context.tenant_id,
        agent_id=given.agent_id,
        key_id=given.key_id,
        key_algorithm=given.key_algorithm or 0,
        message="Agent key registered",
    )


def _listed(key: Any) -> AgentKey:
    bundle = _bundle(key.public_key_bundle)
    return answer(AgentKey, key, reason=key.rotation_reason, public_key_bundle=bundle)


@operation(permission=in_own_tenant("read", "admin"), errors=("invalid_query", "tenant_access_denied"))
async def list_agent_keys(context: Context, given: KeysOfAgent) -> AgentKeyList:
    """List the public keys of an agent with their status.

    An unknown agent has none.
    """
    keys = await aio.list_agent_keys(
        context.database,
        tenant_id=context.tenant_id,
        agent_id=given.agent_id,
        key_type=given.key_type,
        at=given.at,
    )
    listed = await context.each(_listed, keys)
    return AgentKeyList(listed, len(listed))


@operation(
    permission=in_own_tenant("admin"),
    errors=("agent_key_not_found", "invalid_query", "invalid_field", "tenant_access_denied"),
)
async def revoke_agent_key(context: Context, given: RevokeKey) -> RevokeKeyResponse:
    """Revoke a public key of an agent; it holds at once in every process.

    A repeat answers the first instant.
    """
    revoked_at = await aio.revoke_agent_key(
        context.database,
        tenant_id=context.tenant_id,
        agent_id=given.agent_id,
        key_id=given.key_id,
        reason=given.reason,
        context=context.audit,
    )
    return RevokeKeyResponse(True, context.tenant_id, given.agent_id, given.key_id, zulu(revoked_at))


@operation(
    permission=in_own_tenant("admin"),
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
async def rotate_agent_key(context: Context, given: RotateKey) -> RotateKeyResponse:
    """Rotate a public key of an agent to a new one; the old one verifies for a grace period.

    Both keys change in one transaction.
    """
    sent = given.body
    is_registered = sent.public_key is None and sent.public_key_bundle is None
    key = _NO_KEY if is_registered else await _checked(context, sent)
    seconds = sent.grace_period_seconds
    done = await aio.store_agent_key_rotation(
        context.database,
        tenant_id=context.tenant_id,
        agent_id=given.agent_id,
        key_id=given.key_id,
        new_key_id=sent.new_key_id,
        **key._asdict(),
        valid_to=parse_time_or_none(sent.valid_to, "validTo"),
        grace_period=None if seconds is None else dt.timedelta(seconds=seconds),
        revoke_old=sent.revoke_old,
        reason=sent.reason,
        context=context.audit,
    )
    return answer(RotateKeyResponse, done, success=True, tenant_id=context.tenant_id, agent_id=given.agent_id)


def _bundle(stored: bytes | None) -> PublicKeyBundle | None:
    """The keys of a bundle in hex; None without a bundle."""
    if stored is None:
        return None
    return PublicKeyBundle(*(None if part is None else part.hex() for part in all_key_parts(stored)))
