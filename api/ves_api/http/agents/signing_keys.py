"""`POST /api/v1/agents/keys`: register a public key of an agent (http-api 7.2)."""

from __future__ import annotations

import asyncio
import uuid
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.response.base import ASGIResponse

from ves.codec import U32_MAX
from ves_api.auth.context import audit_context
from ves_api.gateway.agent_keys import store_agent_key
from ves_api.http.agents.material import ProofBundle, PublicKeyBundle, read_material
from ves_api.http.decode import read_struct, time_field
from ves_api.http.docs.operation import Operation, operation_opt
from ves_api.http.encode import answer
from ves_api.services import identify, services_of

_I32 = 1 << 31


class RegisterKeyRequest(msgspec.Struct, rename="camel"):
    """A key to register; hex takes an optional `0x`, times are RFC 3339."""

    tenant_id: uuid.UUID
    agent_id: uuid.UUID
    key_id: Annotated[int, msgspec.Meta(ge=0, le=U32_MAX)]
    public_key: str
    valid_from: str | None = None
    valid_to: str | None = None
    key_algorithm: Annotated[int, msgspec.Meta(ge=-_I32, lt=_I32)] | None = None
    public_key_bundle: PublicKeyBundle | None = None
    proof_of_possession: str | None = None
    proof_of_possession_bundle: ProofBundle | None = None


class RegisterKeyResponse(msgspec.Struct, rename="camel"):
    """The key is registered."""

    success: bool
    tenant_id: uuid.UUID
    agent_id: uuid.UUID
    key_id: int
    key_algorithm: int
    message: str


_REGISTER = Operation(
    summary="Register a public key of an agent",
    tag="Agents",
    needs="admin, and the tenant in scope",
    request=RegisterKeyRequest,
    response=RegisterKeyResponse,
    errors=("agent_key_exists", "invalid_public_key", "proof_of_possession_failed", "invalid_field"),
)
_decoder = msgspec.json.Decoder(RegisterKeyRequest)


@post("/api/v1/agents/keys", opt=operation_opt(_REGISTER))
async def register_key(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Register a key; a number that the agent already uses is refused with 409 and changes nothing."""
    identity = await identify(request)
    sent = await read_struct(request, _decoder)
    identity.require("admin")
    identity.require_scope(sent.tenant_id)
    services = services_of(request)
    material = await asyncio.to_thread(
        read_material,
        sent.public_key,
        sent.key_algorithm or 0,
        sent.public_key_bundle,
        sent.proof_of_possession,
        sent.proof_of_possession_bundle,
        services.settings.profile,
    )
    await store_agent_key(
        services.database,
        tenant_id=sent.tenant_id,
        agent_id=sent.agent_id,
        key_id=sent.key_id,
        material=material,
        valid_from=time_field(sent.valid_from, "validFrom"),
        valid_to=time_field(sent.valid_to, "validTo"),
        context=audit_context(request, identity),
    )
    return answer(
        RegisterKeyResponse(
            success=True,
            tenant_id=sent.tenant_id,
            agent_id=sent.agent_id,
            key_id=sent.key_id,
            key_algorithm=material.algorithm,
            message="Agent key registered",
        )
    )


ROUTES = [register_key]
