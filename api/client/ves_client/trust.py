"""Trust in sequencers: the public keys that a receipt may verify under, and the check itself (VES 11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves import digests, receipts

if TYPE_CHECKING:
    from uuid import UUID

    from ves.receipts import Receipt


@dataclass(frozen=True, slots=True)
class Trust:
    """Sequencer public keys (32 bytes each); none means that only the receipt's hash can be checked."""

    keys: tuple[bytes, ...]

    def check(self, receipt: Receipt, tenant_id: UUID, store_id: UUID, signing_hash: bytes) -> list[str]:
        """Findings about a receipt for the event with this signing hash; none when one key accepts it."""
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
