"""Ingest of legacy events (VES 17): decode a request, check it, hash its payloads. Pure, like `ves.ingest`.

The checks of the batch as a whole are those of `ves.ingest`, in the same order; an empty batch is allowed.
"""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

import msgspec

from ves.bundles import Byte
from ves.canonical import plain
from ves.codec import parse_hex
from ves.envelope import U32, Counter, check_numbers
from ves.errors import ProtocolError, RequestRefused
from ves.ingest import decode_wire, judge_batch
from ves.merkle import HASH_BYTES
from ves.prepare import (
    ENTITY_ID_BYTES,
    ENTITY_TYPE_BYTES,
    EVENT_TYPE_BYTES,
    LEVELS_ABOVE_PAYLOAD,
    Limits,
)
from ves.repeats import QuoteCount
from ves.timestamps import rfc3339_micros
from ves.uuids import decoder

_NIL = UUID(int=0)
# Reason of an event whose payload fails its schema (operations 6.3).
SCHEMA_REASON = "SchemaValidation"
_DEFAULT_LIMITS = Limits()
# Years 1 to 9999: the range that every reader of stored timestamps supports.
_FIRST_MICROS = -62_135_596_800_000_000
_LAST_MICROS = 253_402_300_799_999_999


class LegacyEnvelope(msgspec.Struct, gc=False):
    """One event as sent (VES 17.1). Unknown members are ignored; `sequence_number` and `sequenced_at` are not used."""

    event_id: UUID
    tenant_id: UUID
    store_id: UUID
    entity_type: str
    entity_id: str
    event_type: str
    payload: msgspec.Raw
    payload_hash: str
    created_at: str
    source_agent_id: UUID = msgspec.field(name="source_agent")
    envelope_version: U32 | None = None
    command_id: UUID | None = None
    base_version: Counter | None = None
    signature: list[Byte] | None = None
    sequence_number: Counter | None = None
    sequenced_at: str | None = None


class LegacyBody(msgspec.Struct):
    """The request body that holds the events."""

    agent_id: UUID
    events: list[LegacyEnvelope]


class LegacyEvent(msgspec.Struct, gc=False):
    """An event ready for `ves.ingest_legacy_events`; `payload` is its text as received, `compact` its compact form.

    `refusal` is None or InvalidPayloadHash. `created_at_micros` counts from the Unix epoch.
    """

    event_id: UUID
    command_id: UUID | None
    entity_type: str
    entity_id: str
    event_type: str
    created_at_micros: int
    payload: bytes
    compact: bytes
    payload_hash: bytes
    base_version: int | None
    envelope_version: int | None
    signature: bytes | None
    refusal: str | None
    refusal_message: str | None


class LegacyRequest(msgspec.Struct):
    """A decoded request. `events` is empty when one of the refusals is set; ids are nil when `is_empty`."""

    agent_id: UUID
    tenant_id: UUID
    store_id: UUID
    events: list[LegacyEvent]
    is_empty: bool
    batch_refusal: RequestRefused | None = None
    source_agent_refusal: RequestRefused | None = None
    limit_refusal: RequestRefused | None = None


# Beside the events: two names and the agent.
_quotes = QuoteCount(LegacyEnvelope, 6)
_decode_body = decoder(LegacyBody, lambda raw, body: _quotes.is_exact(raw, body.events))


def parse_legacy_request(body: bytes, limits: Limits = _DEFAULT_LIMITS) -> LegacyRequest:
    """Decode a request; raises RequestRefused for malformed_json and invalid_shape.

    The result holds the other refusals, for `check_batch`, `check_source_agent` and `check_limits`.
    """
    wire = decode_wire(body, limits.max_depth, _decode_body)
    if not wire.events:
        return LegacyRequest(wire.agent_id, _NIL, _NIL, [], is_empty=True)
    first = wire.events[0]
    request = LegacyRequest(wire.agent_id, first.tenant_id, first.store_id, [], is_empty=False)
    # Shape errors take precedence, so events are prepared even when the batch is refused.
    events = [_prepare(event, request, limits) for event in wire.events]
    of_events, request.limit_refusal = request.limit_refusal, None
    judge_batch(request, wire.events, limits, "source_agent", "source_agent must equal agent_id")
    request.limit_refusal = request.limit_refusal or of_events
    if not (request.batch_refusal or request.source_agent_refusal or request.limit_refusal):
        request.events = events
    return request


def _prepare(wire: LegacyEnvelope, request: LegacyRequest, limits: Limits) -> LegacyEvent:
    """Return the prepared event; the first exceeded limit is recorded in the request."""
    payload = bytes(wire.payload)
    try:
        compact = plain(payload, max_depth=limits.max_depth - LEVELS_ABOVE_PAYLOAD)
    except ProtocolError as error:
        raise RequestRefused(error.reason, error.message) from None
    claimed, micros = _hash(wire.payload_hash), rfc3339_micros(wire.created_at)
    if micros is None or not _FIRST_MICROS <= micros <= _LAST_MICROS:
        raise _misshapen("created_at", "an RFC 3339 time with an offset")
    if request.limit_refusal is None:
        request.limit_refusal = _limit_refusal(wire, len(compact), limits)
    is_right = sha256(compact).digest() == claimed
    return LegacyEvent(
        wire.event_id,
        wire.command_id,
        wire.entity_type,
        wire.entity_id,
        wire.event_type,
        micros,
        payload,
        compact,
        claimed,
        check_numbers(wire),
        wire.envelope_version,
        None if wire.signature is None else bytes(wire.signature),
        None if is_right else "InvalidPayloadHash",
        None if is_right else "payload_hash does not match the payload",
    )


def _hash(text: str) -> bytes:
    try:
        if not text.startswith("0x"):
            return parse_hex(text, HASH_BYTES)
    except ProtocolError:
        pass
    raise _misshapen("payload_hash", "32 bytes of hexadecimal without 0x")


def _misshapen(field: str, rule: str) -> RequestRefused:
    return RequestRefused("invalid_shape", f"{field} must be {rule}", {"field": field})


def _limit_refusal(wire: LegacyEnvelope, compact_bytes: int, limits: Limits) -> RequestRefused | None:
    for field, text, most in (
        ("entity_type", wire.entity_type, ENTITY_TYPE_BYTES),
        ("entity_id", wire.entity_id, ENTITY_ID_BYTES),
        ("event_type", wire.event_type, EVENT_TYPE_BYTES),
    ):
        if not 1 <= len(text.encode()) <= most or "\0" in text:
            return _invalid(wire, field, f"1 to {most} bytes without NUL")
    if compact_bytes > limits.max_payload_bytes:
        return RequestRefused(
            "payload_too_large",
            f"payload has more than {limits.max_payload_bytes} bytes",
            {"event_id": str(wire.event_id), "limit": limits.max_payload_bytes},
        )
    return None


def _invalid(wire: LegacyEnvelope, field: str, rule: str) -> RequestRefused:
    details = {"event_id": str(wire.event_id), "field": field}
    return RequestRefused("invalid_field", f"{field} must be {rule}", details)
