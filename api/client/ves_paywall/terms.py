"""What a resource costs, and the payment that a request carries (x402 B1 to B3)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

SCHEME = "exact"
EIP155 = "eip155:"
_BAZAAR = "bazaar"
# Names of version 1 that stock clients know (x402 B3), of networks that payment intents know too.
V1_NETWORKS = {"base": 8453, "base-sepolia": 84532, "ethereum": 1}
_V1_NAMES = {chain_id: name for name, chain_id in V1_NETWORKS.items()}


class MalformedPaymentError(Exception):
    """A payment header is not base64 of the standard's JSON."""


@dataclass(frozen=True, slots=True)
class Terms:
    """One way to pay: `amount` in the smallest unit of an EIP-3009 token; `name`, `version`: the token's EIP-712 domain."""

    chain_id: int
    asset: str
    amount: int
    pay_to: str
    name: str
    version: str
    seconds: int = 60

    def network(self, version: int) -> str | None:
        """The chain in a version's spelling; None for one that version 1 has no name for."""
        return _V1_NAMES.get(self.chain_id) if version == 1 else f"{EIP155}{self.chain_id}"

    def requirement(self) -> dict[str, Any]:
        """PaymentRequirements of version 2."""
        return {
            "scheme": SCHEME,
            "network": self.network(2),
            "asset": self.asset,
            "amount": str(self.amount),
            "payTo": self.pay_to,
            "maxTimeoutSeconds": self.seconds,
            "extra": {"name": self.name, "version": self.version},
        }

    def requirement_v1(self, url: str, offer: Offer) -> dict[str, Any]:
        """PaymentRequirements of version 1."""
        given = self.requirement()
        given |= {"network": self.network(1), "maxAmountRequired": given.pop("amount")}
        return given | {"resource": url, "description": offer.description, "mimeType": offer.mime_type}


@dataclass(frozen=True, slots=True)
class Offer:
    """A paid resource: the terms among which the client chooses, and what catalogues say about it.

    `url` is told instead of the requested one; `extensions` go to clients of version 2 as they are.
    """

    terms: tuple[Terms, ...]
    description: str = ""
    mime_type: str = "application/json"
    url: str | None = None
    extensions: dict[str, Any] | None = None

    def required(self, url: str, error: str) -> dict[str, Any]:
        """PaymentRequired of version 2."""
        accepts = [terms.requirement() for terms in self.terms]
        told = {"x402Version": 2, "error": error, "resource": self._resource(url), "accepts": accepts}
        return told if self.extensions is None else told | {"extensions": self.extensions}

    def required_v1(self, url: str, error: str) -> dict[str, Any]:
        """The body for clients of version 1."""
        accepts = [terms.requirement_v1(url, self) for terms in self.terms if terms.network(1)]
        return {"x402Version": 1, "error": error, "accepts": accepts}

    def _resource(self, url: str) -> dict[str, Any]:
        return {"url": url, "description": self.description, "mimeType": self.mime_type}

    def _completed(self, payload: dict[str, Any], url: str) -> dict[str, Any]:
        """A payload of version 2 with the resource and the declaration that catalogues list (x402 B5), as this server has them.

        Clients copy both from the 402, or leave them out. Other extensions stay the client's: it adds members to them.
        """
        declared = (self.extensions or {}).get(_BAZAAR)
        if declared is None:
            return payload | {"resource": self._resource(url)}
        sent = payload.get("extensions")
        extensions = (sent if isinstance(sent, dict) else {}) | {_BAZAAR: declared}
        return payload | {"resource": self._resource(url), "extensions": extensions}

    def request(self, payment: SentPayment, url: str) -> dict[str, Any] | None:
        """What a facilitator is asked about a payment; None when it is for none of the terms.

        Requirement and resource are the server's own: of the client's copy nothing but the choice is used.
        """
        version = payment.version
        for terms in self.terms:
            if terms.network(version) is None:
                continue
            own = terms.requirement_v1(url, self) if version == 1 else terms.requirement()
            if all(payment.chosen.get(name) == own[name] for name in _CHOICE[version]):
                payload = payment.payload if version == 1 else self._completed(payment.payload, url)
                return {"x402Version": version, "paymentPayload": payload, "paymentRequirements": own}
        return None


# They bound the levels, without which a recursive decoder could overflow the stack: libraries raise the recursion limit.
_MOST_BRACKETS = 500
# Members of a payment that say which of the terms it is for.
_CHOICE = {1: ("scheme", "network"), 2: ("scheme", "network", "asset", "amount", "payTo")}


@dataclass(frozen=True, slots=True)
class SentPayment:
    """A payment as a request carries it; nothing of it is verified.

    `signed`: authorization and signature as JSON. Payer and nonce are public once the payment is sent to the chain, so that
    they alone do not show that a request comes from the payer.
    """

    version: int
    payload: dict[str, Any]
    chosen: dict[str, Any]
    payer: str
    nonce: str
    signed: str


def read_json(text: bytes) -> Any:
    """Decode JSON of a peer. Raises ValueError, also for more than 500 brackets."""
    if text.count(b"[") + text.count(b"{") > _MOST_BRACKETS:
        raise ValueError("too many brackets")
    return json.loads(text)


def read_payment(version: int, header: bytes) -> SentPayment:
    """Decode PAYMENT-SIGNATURE (version 2) or X-PAYMENT (version 1). Raises MalformedPaymentError."""
    try:
        text = base64.b64decode(header, validate=True)
        payload = read_json(text)
        authorization = payload["payload"]["authorization"]
        payer, nonce = authorization["from"], authorization["nonce"]
        signed = json.dumps(payload["payload"], sort_keys=True)
        chosen = payload if version == 1 else payload["accepted"]
        is_read = payload["x402Version"] == version and isinstance(chosen, dict)
        # It is sent on to the facilitator: NaN, Infinity and lone surrogates are no JSON (RFC 8259).
        json.dumps(payload, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError, KeyError):
        raise MalformedPaymentError from None
    if not (is_read and isinstance(payer, str) and isinstance(nonce, str)):
        raise MalformedPaymentError
    # Hex digits have two spellings, and both spell one authorization.
    return SentPayment(version, payload, chosen, payer.lower(), nonce.lower(), signed)


def encode(value: dict[str, Any]) -> bytes:
    """Base64 of JSON, the form of every header of the standard."""
    return base64.b64encode(json.dumps(value, separators=(",", ":")).encode())
