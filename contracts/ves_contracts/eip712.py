"""Typed data (EIP-712) that accounts sign, and who signed it: EIP-3009 transfers (x402 B4) and bindings of addresses to keys.

Pure; nothing here speaks to a node. Addresses are `0x` and 40 hex digits, amounts integers of the token's smallest unit.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

SIGNATURE_BYTES = 65
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


def _load_libraries() -> None:
    """Import what takes 0.4 s, and commands and most servers never use; it must not raise the recursion limit (py_ecc does)."""
    limit = sys.getrecursionlimit()
    import eth_account.messages  # noqa: F401, PLC0415

    sys.setrecursionlimit(limit)


def digest(data: dict[str, Any]) -> bytes:
    """The 32 bytes that are signed (EIP-712)."""
    _load_libraries()
    from eth_account.messages import encode_typed_data  # noqa: PLC0415 - see _load_libraries
    from eth_utils.crypto import keccak  # noqa: PLC0415 - see _load_libraries

    message = encode_typed_data(**data)
    return bytes(keccak(b"\x19" + message.version + message.header + message.body))


def canonical_signature(signature: bytes) -> bytes | None:
    """An account's signature (r, s, v) as contracts take it: v 27 or 28, s in the lower half. None for any other bytes."""
    if len(signature) != SIGNATURE_BYTES or signature[64] not in _V:
        return None
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        return None
    return signature[:64] + bytes([_V[signature[64]]])


def signer(data: dict[str, Any], signature: bytes) -> str | None:
    """The address that made the signature, in lower case; None for what is no canonical signature."""
    _load_libraries()
    from eth_keys.datatypes import Signature  # noqa: PLC0415 - see _load_libraries
    from eth_keys.exceptions import BadSignature  # noqa: PLC0415 - see _load_libraries
    from eth_utils.exceptions import ValidationError  # noqa: PLC0415 - see _load_libraries

    canonical = canonical_signature(signature)
    if canonical is None:
        return None
    try:
        found = Signature(canonical[:64] + bytes([canonical[64] - 27])).recover_public_key_from_msg_hash(
            digest(data)
        )
    except (BadSignature, ValidationError):
        return None
    return found.to_address()
