"""A payer that signs payment intents (x402 A4 to A6), independent of how they travel."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.support.agents import SigningAgent
from ves import ed25519, payments
from ves.payment_requests import PaymentRequest, check_request, encode_rows, judge

SIGNED = ("payer_address", "payee_address", "amount", "asset", "network", "valid_until", "nonce")
PAYEE = "0x1f92D0A5E476508267EA962A24a64a60371C337D"


@dataclass
class Payer:
    """A payer whose address is its own Ed25519 key, as the original's clients have it."""

    tenant_id: uuid.UUID = field(default_factory=uuid.uuid4)
    store_id: uuid.UUID = field(default_factory=uuid.uuid4)
    agent_id: uuid.UUID = field(default_factory=uuid.uuid4)
    seed: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def public_key(self) -> bytes:
        return ed25519.public_key(self.seed)

    def intent(self, *, signed: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
        """A request; `members` are changed before signing, those of `signed` only in what is signed.

        A member that is None is left out.
        """
        fields = {
            "payer_address": "0x" + self.public_key.hex(),
            "payee_address": PAYEE,
            "amount": 1_000_000,
            "asset": "usdc",
            "network": "set_chain",
            "valid_until": int(time.time()) + 3600,
            "nonce": secrets.randbits(64),
            **{name: members[name] for name in SIGNED if name in members},
        }
        hashed = fields | (signed or {})
        hashed["asset"] = payments.ASSETS[hashed["asset"]]
        digest = payments.signing_hash(**hashed)
        request = {
            "tenant_id": str(self.tenant_id),
            "store_id": str(self.store_id),
            "agent_id": str(self.agent_id),
            **fields,
            "signing_hash": "0x" + digest.hex(),
            "payer_signature": "0x" + ed25519.sign(self.seed, digest).hex(),
            "payer_public_key": "0x" + self.public_key.hex(),
            **members,
        }
        return {name: value for name, value in request.items() if value is not None}


def payer_of(agent: SigningAgent) -> Payer:
    """A payer with the key and the stream of an agent."""
    return Payer(agent.tenant_id, agent.store_id, agent.agent_id, agent.seed)


def payment_rows(agent: SigningAgent, count: int, **members: Any) -> str:
    """New intents of an agent as `ves.append_payment_intents` takes them; `members` as of `Payer.intent`."""
    payer = payer_of(agent)
    requests = [msgspec.convert(payer.intent(**members), PaymentRequest) for _ in range(count)]
    for request in requests:
        check_request(request)
    return encode_rows([judge(request, agent.public_key) for request in requests])
