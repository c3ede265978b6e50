"""Signers and stored receipts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ves_edge.arrays import Int8Array, int8s

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from ves_api.gateway.database import Database


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs receipts: `algorithm` is `ed25519` or `none` (then there is no public key)."""

    signer_id: int
    sequencer_id: uuid.UUID
    key_version: int
    algorithm: str
    public_key: bytes | None


async def register_signer(
    database: Database, sequencer_id: uuid.UUID, key_version: int, algorithm: str, public_key: bytes | None
) -> int:
    """The signer's number; made when new. Raises signer_key_conflict."""
    value = await database.fetch_value(
        "register_signer",
        {
            "sequencer_id": sequencer_id,
            "key_version": key_version,
            "algorithm": algorithm,
            "public_key": public_key,
        },
        idempotent=True,
    )
    return int(value)


async def list_signers(database: Database) -> dict[int, Signer]:
    """Every signer by its number."""
    rows = await database.fetch("list_signers", {}, idempotent=True)
    return {row[0]: Signer(*row) for row in rows}


async def store_receipts(
    database: Database,
    tenant_id: uuid.UUID,
    store_id: uuid.UUID,
    sequence_numbers: Sequence[int],
    receipt_hashes: bytes,
    signatures: bytes,
) -> None:
    """Keep signatures that were handed out; 32 and 64 bytes a receipt, at least one. Repeating is harmless."""
    await database.fetch(
        "store_receipts",
        {
            "tenant_id": tenant_id,
            "store_id": store_id,
            "sequence_numbers": Int8Array([int8s(sequence_numbers)]),
            "receipt_hashes": receipt_hashes,
            "signatures": signatures,
        },
        idempotent=True,
    )


async def get_receipt(database: Database, tenant_id: uuid.UUID, event_id: uuid.UUID) -> dict[str, Any] | None:
    """A stored receipt in its wire form (VES 11), or None."""
    value = await database.fetch_value(
        "get_receipt", {"tenant_id": tenant_id, "event_id": event_id}, idempotent=True
    )
    return value if isinstance(value, dict) else None
