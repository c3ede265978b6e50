"""Array parameters of `ves.ingest_events`: the events of all requests of a call are encoded together.

Encoding each request by itself took a tenth of the API's time for a single event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_edge import arrays
from ves_edge.gen import aio

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from ves.ingest import PreparedEvent
    from ves_api.ingest.verdicts import Verdicts
    from ves_edge.calls import AsyncDatabase
    from ves_edge.gen.records import IngestResult


@dataclass(frozen=True, slots=True)
class SealedEvents:
    """A request's events, and their payloads encrypted under the key `key_id`.

    A blob is None where the payload is stored as received; there are no blobs if nothing is encrypted.
    """

    events: Sequence[PreparedEvent]
    blobs: Sequence[bytes | None] = ()
    key_id: bytes | None = None


async def append_events(
    database: AsyncDatabase,
    streams: Sequence[tuple[uuid.UUID, uuid.UUID]],
    requests: Sequence[Sequence[SealedEvents]],
    verdicts: Sequence[Sequence[Verdicts]],
    auth_epochs: Sequence[int | None],
    admin_epoch: int | None,
    *,
    signer_id: int,
    lock_wait_ms: int | None,
) -> list[IngestResult]:
    """Append requests by stream (tenant, store), in order, in one transaction; one result per stream.

    All verdicts of a stream (one per request) have the same schema epoch. If `lock_wait_ms` is None, stale_credentials
    and stale_schemas are raised (nothing was stored); otherwise they are outcomes. About 5 µs for each event.
    """
    flat = [request for parts in requests for request in parts]
    events = [event for request in flat for event in request.events]
    blobs = [blob for request in flat for blob in request.blobs or [None] * len(request.events)]
    key_ids = [request.key_id for request in flat for _ in request.events]
    judged = [verdict for parts in verdicts for verdict in parts]
    return await aio.ingest_events(
        database,
        tenant_ids=arrays.UuidArray([stream[0] for stream in streams]),
        store_ids=arrays.UuidArray([stream[1] for stream in streams]),
        event_counts=arrays.Int4Array([sum([len(r.events) for r in parts]) for parts in requests]),
        auth_epochs=arrays.Int8Array(auth_epochs),
        schema_epochs=arrays.Int8Array([parts[0].schema_epoch for parts in verdicts]),
        signer_id=signer_id,
        digests=b"".join([e.plain_hash + e.cipher_hash + e.signing_hash + e.signature for e in events]),
        refusals=arrays.TextArray([refusal for verdict in judged for refusal in verdict.refusals]),
        refusal_messages=arrays.TextArray([message for verdict in judged for message in verdict.messages]),
        lock_wait_ms=lock_wait_ms,
        admin_epoch=admin_epoch,
        event_ids=arrays.UuidArray([e.event_id for e in events]),
        command_ids=arrays.UuidArray([e.command_id for e in events]),
        agent_ids=arrays.UuidArray([e.source_agent_id for e in events]),
        agent_key_ids=arrays.KeyNumberArray([e.agent_key_id for e in events]),
        entity_types=arrays.TextArray([e.entity_type for e in events]),
        entity_ids=arrays.TextArray([e.entity_id for e in events]),
        event_types=arrays.TextArray([e.event_type for e in events]),
        created_at_texts=arrays.TextArray([e.created_at for e in events]),
        created_at_micros=arrays.Int8Array([e.created_at_micros for e in events]),
        payload_kinds=arrays.Int2Array([e.payload_kind for e in events]),
        payloads=arrays.JsonArray(
            [event.payload if blob is None else None for event, blob in zip(events, blobs, strict=True)]
        ),
        base_versions=arrays.Int8Array([e.base_version for e in events]),
        signature_schemes=arrays.Int2Array([e.signature_scheme for e in events]),
        signature_bundles=arrays.BytesArray([e.signature_bundle for e in events]),
        payloads_at_rest=arrays.BytesArray(blobs),
        payload_key_ids=arrays.BytesArray(
            [None if blob is None else key_id for blob, key_id in zip(blobs, key_ids, strict=True)]
        ),
    )
