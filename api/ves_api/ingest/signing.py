"""Receipts: signed after commit, byte-identical on every replay (VES 11)."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ves.digests import receipt_hash, receipt_hashes
from ves.ed25519 import Signer as Ed25519Signer
from ves.receipts import Receipt
from ves.timestamps import micros_text
from ves_api.times import micros
from ves_edge.errors import ApiError
from ves_edge.gen import aio

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Sequence

    from ves.ingest import IngestRequest, PreparedEvent
    from ves_api.database import Database
    from ves_api.ingest.answer import EventOutcome, IngestAnswer
    from ves_edge.gen.records import EventParts, ListSignersRow

_SCHEME_ED25519 = 1


class _Signer(NamedTuple):
    """What a receipt says of its signer."""

    sequencer_id: uuid.UUID
    key_version: int
    algorithm: str


class SignedBatch:
    """Receipts of one request's accepted events, and the fields to store."""

    __slots__ = ("hashes", "receipts", "sequence_numbers", "signatures")

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.sequence_numbers: list[int] = []
        self.hashes = b""
        self.signatures = b""


class ReceiptSigner:
    """The signing key of this process, and the cached public keys of all signers. Owned by one event loop."""

    def __init__(
        self, database: Database, sequencer_id: uuid.UUID, seed: bytes | None, key_version: int
    ) -> None:
        self._database = database
        self._sequencer_id = sequencer_id
        self._key_version = key_version
        self._key = None if seed is None else Ed25519Signer(seed)
        self._own: int | None = None
        self._signers: dict[int, ListSignersRow] = {}
        self._registering = asyncio.Lock()

    async def own_id(self) -> int:
        """Return this process's signer number; registered on first use, as the database may be down at start-up."""
        if self._own is None:
            async with self._registering:
                if self._own is None:
                    public_key = None if self._key is None else self._key.public_key
                    algorithm = "none" if self._key is None else "ed25519"
                    self._own = await aio.register_signer(
                        self._database,
                        sequencer_id=self._sequencer_id,
                        key_version=self._key_version,
                        algorithm=algorithm,
                        public_key=public_key,
                    )
        return self._own

    def sign_accepted(
        self,
        tenant_id: uuid.UUID,
        store_id: uuid.UUID,
        events: Sequence[PreparedEvent],
        first_sequence: int,
        sequenced_at: str,
    ) -> SignedBatch:
        """Sign the receipts of newly sequenced events. Pure and thread-safe; called without a lock."""
        batch = SignedBatch()
        batch.sequence_numbers = list(range(first_sequence, first_sequence + len(events)))
        hashes = receipt_hashes(
            tenant_id,
            store_id,
            [e.event_id for e in events],
            batch.sequence_numbers,
            [e.signing_hash for e in events],
        )
        key = self._key
        signatures = [b""] * len(events) if key is None else [key.sign(digest) for digest in hashes]
        signer = _Signer(self._sequencer_id, self._key_version, "none" if key is None else "ed25519")
        batch.receipts = [
            _receipt(signer, event.event_id, number, sequenced_at, digest, signature.hex())
            for event, number, digest, signature in zip(
                events, batch.sequence_numbers, hashes, signatures, strict=True
            )
        ]
        if key is not None:
            batch.hashes = b"".join(hashes)
            batch.signatures = b"".join(signatures)
        return batch

    async def replay(self, request: IngestRequest, event: PreparedEvent, stored: EventOutcome) -> Receipt:
        """Rebuild the original receipt of a replayed event from its stored fields.

        Ed25519 is deterministic, so a signature that is not stored yet is recreated with the same key. Raises
        overloaded (503) when this process has neither the signature nor the key.
        """
        signer = await self._signer(stored.signer_id)
        digest = receipt_hash(
            request.tenant_id, request.store_id, event.event_id, stored.sequence_number, event.signing_hash
        )
        signature = await self._stored_or_same(request.tenant_id, event, signer, stored.signature, digest)
        return _receipt(
            _Signer(signer.sequencer_id, signer.key_version, signer.algorithm),
            event.event_id,
            stored.sequence_number,
            micros_text(stored.sequenced_at_micros),
            digest,
            signature,
        )

    def signature_of(self, event: EventParts, digest: bytes) -> bytes | None:
        """Return the receipt signature of a stored event with this receipt hash; empty if receipts are not signed.

        A signature that is not stored yet is recreated with the same key; None if this process has not that key.
        """
        if event.receipt_signature is not None:
            return event.receipt_signature
        own = (self._sequencer_id, self._key_version)
        if self._key is None or (event.sequencer_id, event.sequencer_key_version) != own:
            return None
        return self._key.sign(digest)

    def receipt_of(self, tenant_id: uuid.UUID, store_id: uuid.UUID, event: EventParts) -> Receipt | None:
        """Return the receipt of a stored event; None while no signature of it is stored or can be made."""
        digest = receipt_hash(
            tenant_id, store_id, event.event_id, event.sequence_number, event.event_signing_hash
        )
        signature = self.signature_of(event, digest)
        if signature is None:
            return None
        return _receipt(
            _Signer(event.sequencer_id, event.sequencer_key_version, event.receipt_algorithm),
            event.event_id,
            event.sequence_number,
            micros_text(micros(event.sequenced_at)),
            digest,
            signature.hex(),
        )

    async def _stored_or_same(
        self,
        tenant_id: uuid.UUID,
        event: PreparedEvent,
        signer: ListSignersRow,
        stored: str | None,
        digest: bytes,
    ) -> str:
        if signer.algorithm == "none":
            return ""
        if stored:
            return stored
        if self._key is not None and self._key.public_key == signer.public_key:
            return self._key.sign(digest).hex()
        receipt = await aio.get_receipt(self._database, tenant_id=tenant_id, event_id=event.event_id)
        signature = str((receipt or {}).get("sequencerSignature") or "")
        if not signature:
            raise ApiError("overloaded", "The receipt of a stored event is not available yet", retry_after=1)
        return signature

    async def _signer(self, signer_id: int) -> ListSignersRow:
        if signer_id not in self._signers:
            rows = await aio.list_signers(self._database)
            self._signers = {row.signer_id: row for row in rows}
        return self._signers[signer_id]


def _receipt(
    signer: _Signer, event_id: uuid.UUID, number: int, sequenced_at: str, digest: bytes, signature: str
) -> Receipt:
    return Receipt(
        sequencer_id=signer.sequencer_id,
        event_id=event_id,
        sequence_number=number,
        sequenced_at=sequenced_at,
        receipt_hash=digest.hex(),
        signature_alg=signer.algorithm,
        sequencer_signature=signature,
        sequencer_key_version=signer.key_version,
        receipt_signature_scheme=_SCHEME_ED25519 if signature else 0,
    )


def sequenced_at_text(answer: IngestAnswer) -> str:
    """`sequencedAt` of the answer's accepted events: RFC 3339, `+00:00`, at most microseconds."""
    return _text_of(answer.sequenced_at)


@lru_cache(64)  # The requests of a call have one time.
def _text_of(moment: dt.datetime) -> str:
    return micros_text(micros(moment))
