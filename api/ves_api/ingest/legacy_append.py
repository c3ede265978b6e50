"""`ves.ingest_legacy_events`: columns, and optimistic encryption of payloads under predicted sequence numbers.

The protocol binds an encrypted legacy payload to its sequence number (VES 16), which is known only under the stream's
lock. So the number is predicted from the last head seen by this process. On a misprediction (another process appended,
an event was rejected) nothing is stored, the engine returns the right numbers, and the batch is encrypted again.
Appends of one process to one stream are serialized, so that they do not invalidate each other's predictions.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from ves.stored_payloads import predicted_numbers, seal_legacy_events
from ves_api.cache import Cache
from ves_api.ingest.answer import IngestAnswer, read_outcomes
from ves_api.settings import CacheLimits
from ves_edge import arrays
from ves_edge.errors import ApiError
from ves_edge.gen import aio

if TYPE_CHECKING:
    import uuid
    from collections.abc import AsyncIterator, Sequence

    from ves.keyring import Key
    from ves.legacy_ingest import LegacyEvent, LegacyRequest
    from ves_api.database import Database

_Stream = tuple["uuid.UUID", "uuid.UUID"]
_ATTEMPTS = 50
_STREAMS = CacheLimits(max_entries=10_000, ttl_seconds=3600)


class LegacyHeads:
    """Last known heads of legacy streams, and a mutex per stream. Owned by one event loop."""

    def __init__(self) -> None:
        self._heads: Cache[_Stream, int] = Cache(_STREAMS)
        self._locks: WeakValueDictionary[_Stream, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def alone(self, stream: _Stream) -> AsyncIterator[None]:
        """Hold the stream's mutex: one append of this process at a time."""
        lock = self._locks.setdefault(stream, asyncio.Lock())
        async with lock:
            yield

    def guess(self, stream: _Stream, events: Sequence[LegacyEvent]) -> list[int | None]:
        """Predict the numbers of the events: those without a refusal follow the last known head."""
        return predicted_numbers(self._heads.get(stream) or 0, events)

    def learn(self, stream: _Stream, head: int) -> None:
        """Remember the head after an append."""
        self._heads.put(stream, head)


def encode_legacy(events: Sequence[LegacyEvent]) -> dict[str, Any]:
    """Encode the array parameters of `ves.ingest_legacy_events` except payloads and verdicts."""
    return {
        "event_ids": arrays.UuidArray([e.event_id for e in events]),
        "command_ids": arrays.UuidArray([e.command_id for e in events]),
        "entity_types": arrays.TextArray([e.entity_type for e in events]),
        "entity_ids": arrays.TextArray([e.entity_id for e in events]),
        "event_types": arrays.TextArray([e.event_type for e in events]),
        "created_at_micros": arrays.Int8Array([e.created_at_micros for e in events]),
        "payload_hashes": b"".join([e.payload_hash for e in events]),
        "base_versions": arrays.Int8Array([e.base_version for e in events]),
        "envelope_versions": arrays.Int8Array([e.envelope_version for e in events]),
        "signatures": arrays.BytesArray([e.signature for e in events]),
    }


async def append_legacy_events(
    database: Database,
    heads: LegacyHeads,
    key: Key | None,
    request: LegacyRequest,
    columns: dict[str, Any],
    auth_epoch: int | None,
) -> IngestAnswer:
    """Append a batch in one transaction. Raises stale_credentials, stale_schemas (nothing was stored).

    `columns` are those of `encode_legacy` and the verdicts. `key` encrypts the payloads; without one they are stored as
    received. Not retried after a lost connection: a batch that was stored would be rejected as duplicates.
    """
    stream = (request.tenant_id, request.store_id)

    async def append(payloads: dict[str, Any]) -> IngestAnswer:
        result = await aio.ingest_legacy_events(
            database,
            tenant_id=request.tenant_id,
            store_id=request.store_id,
            auth_epoch=auth_epoch,
            source_agent=request.agent_id,
            **columns,
            **payloads,
        )
        outcomes = read_outcomes(result.exceptions)
        accepted = len(request.events) - len(outcomes)
        return IngestAnswer(
            accepted, result.first_sequence, result.head_sequence, result.sequenced_at, outcomes
        )

    if key is None:
        return await append(_payloads(request.events))
    async with heads.alone(stream):
        numbers = heads.guess(stream, request.events)
        for _ in range(_ATTEMPTS):
            blobs = seal_legacy_events(key, *stream, request.events, numbers)
            try:
                answer = await append(_sealed(blobs, key.key_id, numbers))
            except ApiError as error:
                if error.name != "numbers_moved" or error.details is None:
                    raise
                numbers = error.details["sequence_numbers"]
                continue
            heads.learn(stream, answer.head_sequence)
            return answer
    raise ApiError("overloaded", retry_after=1)


def _payloads(events: Sequence[LegacyEvent]) -> dict[str, Any]:
    return {
        "payloads": arrays.JsonArray([e.payload for e in events]),
        "payloads_at_rest": arrays.BytesArray(()),
        "payload_key_ids": arrays.BytesArray(()),
        "sealed_for": arrays.Int8Array(()),
    }


def _sealed(blobs: Sequence[bytes | None], key_id: bytes, numbers: Sequence[int | None]) -> dict[str, Any]:
    return {
        "payloads": arrays.JsonArray(()),
        "payloads_at_rest": arrays.BytesArray(blobs),
        "payload_key_ids": arrays.BytesArray([None if blob is None else key_id for blob in blobs]),
        # An array of nulls, not a null: it tells the engine that no event is expected to be stored.
        "sealed_for": arrays.Int8Array(numbers, keeps_nulls=True),
    }
