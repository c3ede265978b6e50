"""Binding of EVM addresses to agents' keys, without which their payments cannot be settled on a chain (x402 T2)."""

from __future__ import annotations

import uuid
from typing import Annotated

import msgspec

from ves_api.auth.permission import in_own_tenant
from ves_api.operations.fields import hex_field
from ves_api.operations.kit import Area, Context
from ves_api.operations.parameters import AgentId, KeyNumber, OwnTenantId, Parameters
from ves_contracts import eip712
from ves_edge.errors import ApiError
from ves_edge.gen import aio

operation = Area("Agents").operation

Address = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{40}$")]
_ED25519_BYTES = 32


class PayerBindingRequest(msgspec.Struct, rename="camel"):
    """The address, and its EIP-712 signature (65 bytes in hex) over the binding."""

    payer_address: Address
    signature: str


class BindPayer(Parameters, kw_only=True, frozen=True):
    """One key of an agent and the address that lets it sign payments."""

    agent_id: AgentId
    key_id: KeyNumber
    tenant_id: OwnTenantId = msgspec.field(default=None, name="tenantId")
    body: PayerBindingRequest


class PayerBinding(msgspec.Struct, rename="camel"):
    """The address is bound; `isNew` is false when it was bound before."""

    tenant_id: uuid.UUID
    agent_id: uuid.UUID
    key_id: int
    payer_address: str
    is_new: bool


@operation(
    permission=in_own_tenant("admin"),
    errors=(
        "agent_key_not_found",
        "invalid_field",
        "invalid_query",
        "payment_signature_invalid",
        "tenant_access_denied",
    ),
)
async def bind_payer_address(context: Context, given: BindPayer) -> PayerBinding:
    """Bind an EVM address to an agent's key, which may then sign payments from it.

    The signature is the address's over the typed data `PayerBinding`. A contract cannot sign it: only its own chain could
    check.
    """
    name = (given.agent_id, given.key_id)
    keys = await context.services.ingest.agent_keys.load(context.tenant_id, [name])
    if name not in keys:
        raise ApiError("agent_key_not_found")
    data = eip712.binding_data(
        payer=given.body.payer_address,
        tenant_id=str(context.tenant_id),
        agent_id=str(given.agent_id),
        key_id=given.key_id,
        public_key=keys[name].public_key[:_ED25519_BYTES],
    )
    signature = hex_field(given.body.signature, eip712.SIGNATURE_BYTES, "signature")
    if eip712.signer(eip712.digest(data), signature) != given.body.payer_address.lower():
        raise ApiError("payment_signature_invalid", "signature is not the payer address's over the binding")
    is_new = await aio.bind_payer_address(
        context.database,
        tenant_id=context.tenant_id,
        agent_id=given.agent_id,
        key_id=given.key_id,
        payer_address=given.body.payer_address,
        context=context.audit,
    )
    return PayerBinding(
        context.tenant_id, given.agent_id, given.key_id, given.body.payer_address.lower(), is_new
    )
