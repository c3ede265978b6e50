"""Trusted sequencer public keys, and the verification of receipts under them (VES 11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves import digests, receipts

if TYPE_CHECKING:
    from uuid import UUID

    from ves.receipts import Receipt


@dataclass(frozen=True, slots=True)
class Trust:
    """Trusted sequencer public keys (32 bytes each); without any, only the receipt's hash is checked."""

    keys: tuple[bytes, ...]

    def check(self, receipt: Receipt, tenant_id: UUID, store_id: UUID, signing_hash: bytes) -> list[str]:
        """Check a receipt for the event with this signing hash; no findings if it verifies under one key."""
        if not self.keys:
            expected = digests.receipt_hash(
                tenant_id, store_id, receipt.event_id, receipt.sequence_number, signing_hash
            )
            return [] if receipt.receipt_hash == expected.hex() else ["receipt hash does not match the event"]
        findings: list[str] = []
        for key in self.keys:
            findings = receipts.verify_receipt(receipt, tenant_id, store_id, signing_hash, key)
            if not findings:
                break
        return findings
