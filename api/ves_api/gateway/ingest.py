"""`ves.ingest_events`: columns of prepared events, the call, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ves_api.errors import ApiError
from ves_edge import arrays
from ves_edge.arrays import ArrayParameter, Column

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Sequence

    from ves.ingest import PreparedEvent
    from ves_api.gateway.database import Database

# Parameter name and array type, in the order of `encode_columns`.
_ARRAYS: tuple[tuple[str, type[ArrayParameter]], ...] = (
    ("event_ids", arrays.UuidArray),
    ("command_ids", arrays.UuidArray),
    ("agent_ids", arrays.UuidArray),
    ("agent_key_ids", arrays.Int4Array),
    ("entity_types", arrays.TextArray),
    ("entity_ids", arrays.TextArray),
    ("event_types", arrays.TextArray),
    ("created_at_texts", arrays.TextArray),
    ("created_at_micros", arrays.Int8Array),
    ("payload_kinds", arrays.Int2Array),
    ("payloads", arrays.JsonArray),
    ("base_versions", arrays.Int8Array),
    ("signature_schemes", arrays.Int2Array),
    ("signature_bundles", arrays.BytesArray),
    ("payloads_at_rest", arrays.BytesArray),
    ("payload_key_ids", arrays.BytesArray),
    ("refusals", arrays.TextArray),
    ("refusal_messages", arrays.TextArray),
)


@dataclass(frozen=True, slots=True)
class EncodedEvents:
    """The columns of some events, ready to be joined with those of others; `digests` has 160 bytes an event.

    `schema_epoch` is the epoch of the schemas that the refusals take into account, None if none do.
    """

    count: int
    columns: tuple[Column, ...]
    digests: bytes
    schema_epoch: int | None = None

    def at_schema_epoch(self, schema_epoch: int | None) -> EncodedEvents:
        """The same events, whose payloads the schemas of this epoch accept."""
        return EncodedEvents(self.count, self.columns, self.digests, schema_epoch)

    def with_refusals(
        self, refusals: Sequence[str | None], messages: Sequence[str | None], schema_epoch: int | None
    ) -> EncodedEvents:
        """The same events with other refusals; those are the last two columns."""
        columns = (
            *self.columns[:-2],
            *(arrays.nullable(list(c), arrays.texts) for c in (refusals, messages)),
        )
        return EncodedEvents(self.count, columns, self.digests, schema_epoch)


@dataclass(frozen=True, slots=True)
class IngestAnswer:
    """What the engine decided; events that `exceptions` does not name were accepted, in input order."""

    first_sequence: int | None
    last_sequence: int | None
    head_sequence: int
    sequenced_at: dt.datetime
    exceptions: list[dict[str, Any]]


def encode_columns(
    events: Sequence[PreparedEvent],
    blobs: Sequence[bytes | None] = (),
    key_id: bytes | None = None,
) -> EncodedEvents:
    """Encode once, in whatever thread; costs about 2 µs an event.

    `blobs` are the payloads encrypted under the key `key_id` (None for an event whose payload is stored as it
    came); empty when nothing is encrypted.
    """
    blobs = blobs or [None] * len(events)
    payloads = [e.payload if blob is None else None for e, blob in zip(events, blobs, strict=True)]
    return EncodedEvents(
        count=len(events),
        columns=(
            arrays.uuids([e.event_id for e in events]),
            arrays.nullable([e.command_id for e in events], arrays.uuids),
            arrays.uuids([e.source_agent_id for e in events]),
            arrays.int4s([e.agent_key_id for e in events]),
            arrays.texts([e.entity_type for e in events]),
            arrays.texts([e.entity_id for e in events]),
            arrays.texts([e.event_type for e in events]),
            arrays.texts([e.created_at for e in events]),
            arrays.int8s([e.created_at_micros for e in events]),
            arrays.int2s([e.payload_kind for e in events]),
            arrays.nullable(payloads, arrays.blobs),
            arrays.nullable([e.base_version for e in events], arrays.int8s),
            arrays.int2s([e.signature_scheme for e in events]),
            arrays.nullable([e.signature_bundle for e in events], arrays.blobs),
            arrays.nullable(blobs, arrays.blobs),
            arrays.nullable([None if blob is None else key_id for blob in blobs], arrays.blobs),
            arrays.nullable([e.refusal for e in events], arrays.texts),
            arrays.nullable([e.refusal_message for e in events], arrays.texts),
        ),
        digests=b"".join([e.plain_hash + e.cipher_hash + e.signing_hash + e.signature for e in events]),
    )


async def ingest_events(
    database: Database,
    *,
    tenant_id: uuid.UUID,
    store_id: uuid.UUID,
    signer_id: int,
    auth_epoch: int | None,
    events: Sequence[EncodedEvents],
) -> IngestAnswer:
    """Append `events`, in order, in one transaction; all have one schema epoch.

    Raises stale_credentials and stale_schemas (nothing was stored).
    """
    parameters: dict[str, Any] = {
        "tenant_id": tenant_id,
        "store_id": store_id,
        "signer_id": signer_id,
        "auth_epoch": auth_epoch,
        "digests": b"".join([e.digests for e in events]),
        "schema_epoch": events[0].schema_epoch,
        "event_count": sum(e.count for e in events),
    }
    for index, (name, kind) in enumerate(_ARRAYS):
        # A column of nulls goes as a null of its type: the engine then skips what nobody asked for.
        parameters[name] = kind([e.columns[index] for e in events])
    row = await database.fetch_one("ingest_events", parameters, idempotent=True)
    if row is None:
        raise ApiError("internal_error")
    first, last, head, sequenced_at, exceptions = row
    return IngestAnswer(first, last, head, sequenced_at, exceptions or [])
