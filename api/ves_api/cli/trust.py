"""Which sequencer keys a receipt may verify under, and the check itself (VES 11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves import digests, receipts
from ves_api.cli.admin import open_admin
from ves_api.cli.settings import layers

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


def offline_trust(flag: str | None) -> Trust:
    """Keys from `--public-key`, VES_SEQUENCER_PUBLIC_KEY or `.ves/env`; no connection is made."""
    return Trust(layers().public_keys(flag))


class LazyTrust:
    """Keys looked up when the first receipt is there: a sequencer may register its key with its first event."""

    def __init__(self, flag: str | None) -> None:
        self._flag = flag
        self._found: Trust | None = None

    def get(self) -> Trust:
        """Look the keys up, once."""
        if self._found is None:
            self._found = find_trust(self._flag)
        return self._found


def find_trust(flag: str | None) -> Trust:
    """Keys as in `offline_trust`, else those of the signers that the database lists, if one is configured."""
    trust = offline_trust(flag)
    if trust.keys or layers().get("VES_DATABASE_URL") is None:
        return trust
    with open_admin(None) as admin:
        return Trust(tuple(bytes(row["public_key"]) for row in admin.list_signers() if row["public_key"]))
