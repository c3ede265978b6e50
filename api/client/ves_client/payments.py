"""Payment intents that an agent signs (x402 A4, A6); `Sequencer.submit_payment` sends them."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

import orjson

from ves import ed25519, payments
from ves.errors import ProtocolError
from ves_client.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from ves_client.agent import AgentKey

VALIDITY_SECONDS = 3600


def sign_payment(
    key: AgentKey,
    tenant_id: UUID,
    store_id: UUID,
    *,
    payee_address: str,
    amount: int,
    asset: str,
    network: str,
    payer_address: str | None = None,
    valid_until: int | None = None,
    idempotency_key: str | None = None,
    **more: Any,
) -> bytes:
    """Sign a payment intent: returns the request as JSON text, which may be stored and sent any number of times.

    `amount` is in the asset's smallest unit; the payer is the agent's own key, or an address that is bound to it. `valid_until` is in Unix seconds, an hour
    from now by default. `idempotency_key` is a fresh version-7 UUID by default. `more` are unsigned members:
    `resource_uri`, `description`, `order_id`, `merchant_id`, `metadata`. ProtocolError for an unknown asset or network.
    """
    if asset not in payments.ASSETS:
        raise ProtocolError("invalid_shape", "the asset is not known")
    signed = {
        "payer_address": payer_address or "0x" + key.public_key.hex(),
        "payee_address": payee_address,
        "amount": amount,
        "network": network,
        "valid_until": int(time.time()) + VALIDITY_SECONDS if valid_until is None else valid_until,
        "nonce": secrets.randbits(63),
    }
    digest = payments.signing_hash(asset=payments.ASSETS[asset], **signed)
    return orjson.dumps(
        {
            "tenant_id": tenant_id,
            "store_id": store_id,
            "agent_id": key.agent_id,
            "agent_key_id": key.key_id,
            **signed,
            "asset": asset,
            "signing_hash": "0x" + digest.hex(),
            "payer_signature": "0x" + ed25519.sign(key.seed, digest).hex(),
            "idempotency_key": idempotency_key or str(new_id()),
            **more,
        }
    )
