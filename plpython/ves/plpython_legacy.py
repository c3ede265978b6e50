"""PL/Python adapter of `ves.legacy_ingest`."""

from __future__ import annotations

from typing import Any, NamedTuple

from ves.ingest import check_batch, check_limits, check_source_agent
from ves.legacy_ingest import SCHEMA_REASON, LegacyRequest, parse_legacy_request
from ves.plpython import check_payloads, nullable, uuids
from ves.plpython_functions import Bigint, Integer, Json, Server, UuidText, plan, sql_function
from ves.prepare import Limits

_HEAD = "select ves.get_legacy_head($1, $2) as head"
_PLAIN: dict[str, Any] = {"payloads_at_rest": None, "payload_key_ids": None, "sealed_for": None}


class LegacyBatch(NamedTuple):
    """The arrays of `ves.ingest_legacy_events` for one request."""

    source_agent: UuidText
    tenant_id: UuidText
    store_id: UuidText
    event_ids: list[UuidText | None]
    command_ids: list[UuidText | None] | None
    entity_types: list[str]
    entity_ids: list[str]
    event_types: list[str]
    created_at_micros: list[Bigint]
    payloads: list[Json] | None
    payload_hashes: bytes
    base_versions: list[Bigint | None] | None
    envelope_versions: list[Bigint | None] | None
    signatures: list[bytes | None] | None
    refusals: list[str | None] | None
    refusal_messages: list[str | None] | None
    schema_epoch: Bigint | None
    payloads_at_rest: list[bytes | None] | None
    payload_key_ids: list[bytes | None] | None
    sealed_for: list[Bigint | None] | None


@sql_function("volatile called on null input parallel unsafe cost 50000")
def prepare_legacy_events(
    plpy: Server,
    request: str,
    max_events: Integer,
    max_payload_bytes: Integer,
    sequence_numbers: list[Bigint | None] | None,
) -> LegacyBatch:
    """Decode and hash a legacy request (VES 17.2) and check its schemas: the arrays of ves.ingest_legacy_events.

    Payloads are encrypted (VES 16) under sequence_numbers, by default those after the head of the stream. Null stands for
    an array of nulls; event_ids is empty for an empty batch; schema_epoch is null if schemas are not checked. Errors:
    VE510 no usable key ring, VE511, the whole-request refusals of VES 17.2.
    """
    decoded = parse_legacy_request(request.encode(), Limits(max_events, max_payload_bytes))
    check_batch(decoded)
    check_source_agent(decoded)
    check_limits(decoded)
    events = decoded.events
    schema_epoch = check_payloads(plpy, decoded.tenant_id, SCHEMA_REASON, events)
    sealed = _sealed(plpy, decoded, sequence_numbers) if events else _PLAIN
    return LegacyBatch(
        source_agent=str(decoded.agent_id),
        tenant_id=str(decoded.tenant_id),
        store_id=str(decoded.store_id),
        event_ids=uuids([e.event_id for e in events]) or [],
        command_ids=uuids([e.command_id for e in events]),
        entity_types=[e.entity_type for e in events],
        entity_ids=[e.entity_id for e in events],
        event_types=[e.event_type for e in events],
        created_at_micros=[e.created_at_micros for e in events],
        payloads=[e.payload.decode() for e in events] if sealed is _PLAIN else None,
        payload_hashes=b"".join([e.payload_hash for e in events]),
        base_versions=nullable([e.base_version for e in events]),
        envelope_versions=nullable([e.envelope_version for e in events]),
        signatures=nullable([e.signature for e in events]),
        refusals=nullable([e.refusal for e in events]),
        refusal_messages=nullable([e.refusal_message for e in events]),
        schema_epoch=schema_epoch,
        **sealed,
    )


def _sealed(plpy: Server, request: LegacyRequest, numbers: list[int | None] | None) -> dict[str, Any]:
    """The encrypted payloads under the key ring of the server, the id of their key, and the numbers they are bound to."""
    # Lazy import: only backends that ingest need the key ring.
    from ves import plpython_at_rest, stored_payloads  # noqa: PLC0415

    key = plpython_at_rest.ring().current(request.tenant_id)
    if key is None:
        return _PLAIN
    stream = request.tenant_id, request.store_id
    if numbers is None:
        [row] = plpy.execute(plan(plpy, _HEAD, "uuid", "uuid"), list(map(str, stream)))
        numbers = stored_payloads.predicted_numbers(row["head"], request.events)
    blobs = stored_payloads.seal_legacy_events(key, *stream, request.events, numbers)
    return {
        "payloads_at_rest": blobs,
        "payload_key_ids": [None if blob is None else key.key_id for blob in blobs],
        "sealed_for": numbers,
    }
