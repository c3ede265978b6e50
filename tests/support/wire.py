"""Wire forms that only tests make, built from the types that the product encodes and decodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ves.bundles import SignatureBundle
from ves.receipts import Receipt

if TYPE_CHECKING:
    from uuid import UUID


def receipt_members(
    *,
    sequencer_id: UUID,
    event_id: UUID,
    sequence_number: int,
    sequenced_at: str,
    receipt_hash: bytes,
    signature: bytes,
) -> dict[str, Any]:
    """A receipt as JSON members (VES 11); with an empty signature it is an unsigned one."""
    members: dict[str, Any] = msgspec.to_builtins(
        Receipt(
            sequencer_id=sequencer_id,
            event_id=event_id,
            sequence_number=sequence_number,
            sequenced_at=sequenced_at,
            receipt_hash=receipt_hash.hex(),
            signature_alg="ed25519" if signature else "none",
            sequencer_signature=signature.hex(),
            sequencer_key_version=0,
            receipt_signature_scheme=1 if signature else 0,
        )
    )
    return members


def signature_bundle(ed25519: bytes | None, ml_dsa_65: bytes | None) -> bytes:
    """JSON text of the two halves of a hybrid signature (VES 6.3); None where absent."""
    halves = [None if half is None else list(half) for half in (ed25519, ml_dsa_65)]
    return msgspec.json.encode(SignatureBundle(*halves))
