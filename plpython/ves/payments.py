"""Payment intents and their batches, byte for byte (x402 A2 to A5, A9). Amounts are integers of the smallest unit."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from ves import domains, ed25519, legacy
from ves.codec import u64
from ves.errors import ProtocolError

# The chain id is never sent: it follows from the network's name (x402 A2).
CHAIN_IDS = {
    "set_chain": 84532001,
    "set_chain_testnet": 84532002,
    "arc": 5042001,
    "arc_testnet": 5042002,
    "base": 8453,
    "base_sepolia": 84532,
    "ethereum": 1,
    "ethereum_sepolia": 11155111,
    "arbitrum": 42161,
    "optimism": 10,
}
# Every accepted spelling of an asset, and the one that is hashed and stored (x402 A3).
ASSETS = {
    "usdc": "usdc",
    "usdt": "usdt",
    "ssusd": "ssusd",
    "ss_usd": "ssusd",
    "wssusd": "wssusd",
    "wss_usd": "wssusd",
    "dai": "dai",
    "eth": "eth",
}


def chain_id(network: str) -> int:
    """The chain of a network. Raises ProtocolError("unknown_network")."""
    try:
        return CHAIN_IDS[network]
    except KeyError:
        raise ProtocolError("unknown_network", "the network is not known") from None


def signing_preimage(
    *,
    payer_address: str,
    payee_address: str,
    amount: int,
    asset: str,
    network: str,
    valid_until: int,
    nonce: int,
) -> bytes:
    """The bytes whose hash the payer signs (x402 A4): addresses as sent, `valid_until` before `nonce`."""
    return b"".join(
        (
            domains.PAYMENT,
            payer_address.encode(),
            payee_address.encode(),
            u64(amount),
            asset.encode(),
            network.encode(),
            u64(chain_id(network)),
            u64(valid_until),
            u64(nonce),
        )
    )


def signing_hash(**fields: Any) -> bytes:
    """SHA-256 of `signing_preimage` with the same keyword arguments (x402 A4)."""
    return sha256(signing_preimage(**fields)).digest()


def verify_signature(public_key: bytes, signing_hash: bytes, signature: bytes) -> bool:
    """Whether the payer signed the 32 bytes of the hash (x402 A5)."""
    return ed25519.verify(public_key, signing_hash, signature)


def leaf(
    *,
    intent_id: UUID,
    sequence_number: int,
    payer_address: str,
    payee_address: str,
    amount: int,
    asset: str,
    network: str,
    nonce: int,
    valid_until: int,
    signing_hash: bytes,
    payer_signature: bytes,
) -> bytes:
    """The leaf of a sequenced intent (x402 A9): here `nonce` comes before `valid_until`."""
    return sha256(
        b"".join(
            (
                intent_id.bytes,
                u64(sequence_number),
                payer_address.encode(),
                payee_address.encode(),
                u64(amount),
                asset.encode(),
                network.encode(),
                u64(chain_id(network)),
                u64(nonce),
                u64(valid_until),
                signing_hash,
                payer_signature,
            )
        )
    ).digest()


def verify_inclusion(leaf: bytes, index: int, total_leaves: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof, with nothing missing or left over, leads from the leaf to the root (x402 A9)."""
    return legacy.verify_inclusion(leaf, index, total_leaves, proof, root)


def state_root(tenant_id: UUID, store_id: UUID, batch_id: UUID, merkle_root: bytes) -> bytes:
    """The `new_state_root` of a batch (x402 A9)."""
    return sha256(tenant_id.bytes + store_id.bytes + batch_id.bytes + merkle_root).digest()
