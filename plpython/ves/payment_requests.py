"""Submission of payment intents (x402 A6): decode, check, hash and verify. Pure; what needs rows is left to the database."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Literal
from uuid import UUID

import msgspec

from ves import payments
from ves.canonical import plain
from ves.codec import I64_MAX, U64_MAX, key_id_bits, parse_hex, trim
from ves.envelope import ABSENT, U32, Counter
from ves.errors import ProtocolError, RequestRefused
from ves.ingest import require_json
from ves.uuids import decoder

Network = Literal[
    "set_chain",
    "set_chain_testnet",
    "arc",
    "arc_testnet",
    "base",
    "base_sepolia",
    "ethereum",
    "ethereum_sepolia",
    "arbitrum",
    "optimism",
]
Asset = Literal["usdc", "usdt", "ssusd", "ss_usd", "wssusd", "wss_usd", "dai", "eth"]

_NIL = UUID(int=0)
_ADDRESS_BYTES = 66
_MERCHANT_CHARACTERS = 255
# Longest texts in bytes, in the order of the checks (x402 A1, A6).
_TEXTS = {"idempotency_key": 255, "resource_uri": 4096, "description": 8192, "merchant_id": 1024}
_HEX_PAIRS = re.compile(r"(?:[0-9a-fA-F]{2})+")
_EVM_ADDRESS = re.compile(r"(?:0x)?([0-9a-fA-F]{40})")
_SIGNATURE_BYTES = 64


class PaymentRequest(msgspec.Struct, kw_only=True):
    """A payment intent as sent; `nonce` uses the full unsigned 64 bits, a null member counts as absent."""

    tenant_id: UUID
    store_id: UUID
    agent_id: UUID
    payer_address: str
    payee_address: str
    amount: Counter
    asset: Asset
    network: Network
    valid_until: Counter
    nonce: Counter
    signing_hash: str
    payer_signature: str
    payer_public_key: str | None = None
    agent_key_id: U32 | None = None
    idempotency_key: str | None = None
    resource_uri: str | None = None
    description: str | None = None
    order_id: UUID | None = None
    merchant_id: str | None = None
    metadata: msgspec.Raw = msgspec.field(default_factory=lambda: ABSENT)

    def __post_init__(self) -> None:
        """Raise ValueError, which a decoder reports as a wrong shape, for a number beyond 64 bits."""
        for member in ("amount", "valid_until", "nonce"):
            if getattr(self, member) > U64_MAX:
                raise ValueError(f"Beyond 64 bits: `{member}`")

    @property
    def key_id(self) -> int:
        """Number of the agent's key."""
        return 1 if self.agent_key_id is None else self.agent_key_id


class PaymentRow(msgspec.Struct):
    """An intent as `ves.append_payment_intents` takes it (type ves_int.payment_request); bytes as PostgreSQL spells them.

    `refusal` is the name of the error that was found, or None; the database gives an idempotent repeat precedence.
    """

    agent_id: UUID
    agent_key_id: int
    payer_address: str
    payer_key: str
    payee_address: str
    amount: int
    asset: str
    network: str
    valid_until: int
    nonce: int
    idempotency_key: str | None
    fingerprint: str
    resource_uri: str | None
    description: str | None
    order_id: UUID | None
    merchant_id: str | None
    signing_hash: str
    payer_signature: str
    payer_public_key: str | None
    metadata: str | None
    refusal: str | None
    auth_epoch: int | None = None
    admin_epoch: int | None = None


_decode_body = decoder(PaymentRequest)


def decode_request(body: bytes) -> PaymentRequest:
    """Decode a request; a leading byte order mark is ignored. Raises RequestRefused(malformed_json or invalid_shape)."""
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        return _decode_body(body)
    except msgspec.ValidationError as error:
        require_json(body)
        raise RequestRefused("invalid_shape", str(error)) from None
    except (msgspec.DecodeError, RecursionError):
        raise RequestRefused("malformed_json", "the request is not JSON") from None


def check_request(request: PaymentRequest) -> None:
    """Raise the first refusal of steps 2 to 4 (x402 A6): invalid_field or field_too_long."""
    for member in ("tenant_id", "store_id", "agent_id"):
        if getattr(request, member) == _NIL:
            raise _invalid(member, "is the nil UUID")
    if not 1 <= request.amount <= I64_MAX:
        raise _invalid("amount", f"is not 1 to {I64_MAX}")
    for member in ("payer_address", "payee_address"):
        _check_address(member, getattr(request, member))
    if payer_key(request.payer_address) == payer_key(request.payee_address):
        raise _invalid("payee_address", "is the payer")
    if request.agent_key_id == 0:
        raise _invalid("agent_key_id", "is 0")
    for member, most in _TEXTS.items():
        _check_text(member, getattr(request, member), most)
    if len(request.merchant_id or "") > _MERCHANT_CHARACTERS:
        raise _too_long("merchant_id", _MERCHANT_CHARACTERS)


def judge(request: PaymentRequest, agent_key: bytes | None) -> PaymentRow:
    """Hash and verify a checked request (x402 A6 steps 7, 9, 10).

    `agent_key` is the registered Ed25519 key `key_id` of the agent, None without one; a key in the request takes its place.
    Raises RequestRefused(invalid_field) for what is no hex of its length.
    """
    signing_hash = _hex(request, "signing_hash", 32)
    # A 65th byte is dropped (x402 A5).
    signature = _hex(request, "payer_signature", _SIGNATURE_BYTES, _SIGNATURE_BYTES + 1)[:_SIGNATURE_BYTES]
    sent_key = None if request.payer_public_key is None else _hex(request, "payer_public_key", 32)
    key = agent_key if sent_key is None else sent_key
    row = PaymentRow(
        agent_id=request.agent_id,
        agent_key_id=key_id_bits(request.key_id),
        payer_address=request.payer_address,
        payer_key=payer_key(request.payer_address),
        payee_address=request.payee_address,
        amount=request.amount,
        asset=payments.ASSETS[request.asset],
        network=request.network,
        valid_until=min(request.valid_until, I64_MAX),
        nonce=request.nonce if request.nonce <= I64_MAX else request.nonce - U64_MAX - 1,
        idempotency_key=request.idempotency_key,
        fingerprint="",
        resource_uri=request.resource_uri,
        description=request.description,
        order_id=request.order_id,
        merchant_id=request.merchant_id,
        signing_hash=_bytea(signing_hash),
        payer_signature=_bytea(signature),
        payer_public_key=None if sent_key is None else _bytea(sent_key),
        metadata=None if request.metadata == ABSENT else bytes(request.metadata).decode(),
        refusal=_refusal(request, signing_hash, signature, key),
    )
    row.fingerprint = _bytea(_fingerprint(row))
    return row


def payer_key(address: str) -> str:
    """The payer by which nonces are counted: an address of 20 bytes in one spelling, any other text as sent (x402 T5).

    White space around an address is part of what is signed, and is accepted (x402 A6.1).
    """
    match = _EVM_ADDRESS.fullmatch(trim(address))
    return address if match is None else "0x" + match[1].lower()


def encode_rows(rows: Sequence[PaymentRow]) -> str:
    """The rows as the JSON array that `ves.append_payment_intents` takes."""
    return msgspec.json.encode(rows).decode()


def _refusal(request: PaymentRequest, signing_hash: bytes, signature: bytes, key: bytes | None) -> str | None:
    recomputed = payments.signing_hash(
        payer_address=request.payer_address,
        payee_address=request.payee_address,
        amount=request.amount,
        asset=payments.ASSETS[request.asset],
        network=request.network,
        valid_until=request.valid_until,
        nonce=request.nonce,
    )
    if recomputed != signing_hash:
        return "signing_hash_mismatch"
    if key is None:
        return "agent_key_not_found"
    return None if payments.verify_signature(key, signing_hash, signature) else "payment_signature_invalid"


def _fingerprint(row: PaymentRow) -> bytes:
    """SHA-256 over every member of a request; a repeat of its idempotency key must have the same one (x402 T3)."""
    names = PaymentRow.__struct_fields__
    # Members before metadata; the fingerprint itself is still empty.
    sent = [getattr(row, name) for name in names[: names.index("metadata")]]
    metadata = None if row.metadata is None else plain(row.metadata.encode()).decode()
    return sha256(msgspec.json.encode([*sent, metadata])).digest()


def _check_address(member: str, text: str) -> None:
    if len(text.encode(errors="surrogatepass")) > _ADDRESS_BYTES:
        raise _too_long(member, _ADDRESS_BYTES)
    if _HEX_PAIRS.fullmatch(trim(text).removeprefix("0x")) is None:
        raise _invalid(member, "is not an even number of hex digits")


def _check_text(member: str, text: str | None, most: int) -> None:
    if text is None:
        return
    if len(text.encode(errors="surrogatepass")) > most:
        raise _too_long(member, most)
    if not trim(text) or "\0" in text:
        raise _invalid(member, "is blank or holds NUL")


def _hex(request: PaymentRequest, member: str, *lengths: int) -> bytes:
    for length in lengths:
        try:
            return parse_hex(getattr(request, member), length)
        except ProtocolError:
            continue
    raise _invalid(member, f"is not {lengths[0]} bytes of hex")


def _bytea(data: bytes) -> str:
    return "\\x" + data.hex()


def _invalid(field: str, problem: str) -> RequestRefused:
    return RequestRefused("invalid_field", f"{field} {problem}", {"field": field})


def _too_long(field: str, limit: int) -> RequestRefused:
    return RequestRefused(
        "field_too_long", f"{field} has more than {limit} bytes", {"field": field, "limit": limit}
    )
