"""Typed data (EIP-712) that accounts sign, and who signed it: EIP-3009 transfers (x402 B4) and bindings of addresses to keys.

Pure; nothing here speaks to a node. Addresses are `0x` and 40 hex digits, amounts integers of the token's smallest unit.
Libraries are called directly, because a server does this for each payment: libsecp256k1 recovers a key in 40 us, where
eth-keys without it takes 20 ms, and eth-account's encoder takes five times as long as this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from coincurve import PublicKey
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

SIGNATURE_BYTES = 65
_ERC6492 = bytes.fromhex("6492" * 16)
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_V = {0: 27, 1: 28, 27: 27, 28: 28}
_TRANSFER = {
    "TransferWithAuthorization": [
        {"name": "from", "type": "address"},
        {"name": "to", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "validAfter", "type": "uint256"},
        {"name": "validBefore", "type": "uint256"},
        {"name": "nonce", "type": "bytes32"},
    ]
}
# UUIDs are strings so that a wallet shows them in the spelling in which everybody else does.
_BINDING = {
    "PayerBinding": [
        {"name": "payer", "type": "address"},
        {"name": "tenantId", "type": "string"},
        {"name": "agentId", "type": "string"},
        {"name": "keyId", "type": "uint256"},
        {"name": "publicKey", "type": "bytes32"},
    ]
}
_BINDING_DOMAIN = {"name": "StateSet Sequencer", "version": "1"}


@dataclass(frozen=True, slots=True)
class Token:
    """The EIP-712 domain of a token."""

    name: str
    version: str
    chain_id: int
    address: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """The message of an EIP-3009 authorization; times in unix seconds, both excluded."""

    payer: str
    payee: str
    value: int
    valid_after: int
    valid_before: int
    nonce: bytes


def transfer_data(token: Token, transfer: Transfer) -> dict[str, Any]:
    """The arguments of `encode_typed_data` and of a wallet's `sign_typed_data`: domain, types, message."""
    return {
        "domain_data": {
            "name": token.name,
            "version": token.version,
            "chainId": token.chain_id,
            "verifyingContract": token.address,
        },
        "message_types": _TRANSFER,
        "message_data": {
            "from": transfer.payer,
            "to": transfer.payee,
            "value": transfer.value,
            "validAfter": transfer.valid_after,
            "validBefore": transfer.valid_before,
            "nonce": transfer.nonce,
        },
    }


def binding_data(
    *, payer: str, tenant_id: str, agent_id: str, key_id: int, public_key: bytes
) -> dict[str, Any]:
    """What an address signs so that an agent's key (32 bytes, Ed25519) may sign payments from it; UUIDs in lower case.

    It names the key's bytes and no chain: the binding holds on every chain and cannot be moved to another key.
    """
    return {
        "domain_data": _BINDING_DOMAIN,
        "message_types": _BINDING,
        "message_data": {
            "payer": payer,
            "tenantId": tenant_id,
            "agentId": agent_id,
            "keyId": key_id,
            "publicKey": public_key,
        },
    }


def prepare() -> None:
    """Load what hashes now: 40 ms that whoever signed first would wait for."""
    keccak(b"")


_WORD_BYTES, _ADDRESS_BYTES = 32, 20
_DOMAIN_TYPES = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
}


def digest(data: dict[str, Any]) -> bytes:
    """The 32 bytes that are signed (EIP-712) of flat typed data. Raises ValueError or OverflowError for a value out of its type."""
    [(primary, fields)] = data["message_types"].items()
    types = tuple((field["name"], field["type"]) for field in fields)
    message = _type_hash(primary, types) + b"".join(
        _word(kind, data["message_data"][name]) for name, kind in types
    )
    domain = data["domain_data"].items()
    separator = _type_hash(
        "EIP712Domain", tuple((name, _DOMAIN_TYPES[name]) for name, _ in domain)
    ) + b"".join(_word(_DOMAIN_TYPES[name], value) for name, value in domain)
    return keccak(b"\x19\x01" + keccak(separator) + keccak(message))


@lru_cache
def _type_hash(name: str, types: tuple[tuple[str, str], ...]) -> bytes:
    return keccak(f"{name}({','.join(f'{kind} {field}' for field, kind in types)})".encode())


def _word(kind: str, value: Any) -> bytes:
    """A member of typed data as EIP-712 encodes it (encodeData)."""
    if kind == "string":
        return keccak(value.encode())
    if kind == "uint256":
        return int(value).to_bytes(_WORD_BYTES, "big")
    raw = bytes.fromhex(value.removeprefix("0x")) if kind == "address" else bytes(value)
    if len(raw) != (_ADDRESS_BYTES if kind == "address" else _WORD_BYTES):
        raise ValueError(f"no {kind}")
    return raw.rjust(_WORD_BYTES, b"\0")


def unwrap(signature: bytes) -> tuple[bytes, bool]:
    """A signature without the wrapper of ERC-6492, and whether that names a call that would deploy the wallet; any other one as it is.

    Raises ValueError for a wrapper that is none: (address, bytes, bytes) and 32 bytes that mark it.
    """
    if not signature.endswith(_ERC6492):
        return signature, False
    try:
        factory, deploying, inner = decode(("address", "bytes", "bytes"), signature[: -len(_ERC6492)])
    except (DecodingError, OverflowError) as error:  # the second of a place or a length beyond 2^63
        raise ValueError("no wrapper of ERC-6492") from error
    return inner, bool(deploying) and int(factory, 16) != 0


def canonical_signature(signature: bytes) -> bytes | None:
    """An account's signature (r, s, v) as contracts take it: v 27 or 28, s in the lower half. None for any other bytes."""
    if len(signature) != SIGNATURE_BYTES or signature[64] not in _V:
        return None
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        return None
    return signature[:64] + bytes([_V[signature[64]]])


def signer(signed: bytes, signature: bytes) -> str | None:
    """The address whose key signed a digest, in lower case; None for what is no canonical signature."""
    canonical = canonical_signature(signature)
    if canonical is None:
        return None
    try:
        key = PublicKey.from_signature_and_message(
            canonical[:64] + bytes([canonical[64] - 27]), signed, hasher=None
        )
    except ValueError:  # libsecp256k1 finds no point for it
        return None
    return "0x" + keccak(key.format(compressed=False)[1:])[-_ADDRESS_BYTES:].hex()
