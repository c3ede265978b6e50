"""The hot path of ingest (VES 3, 14): decode a request, check and hash its events, verify signatures.

Pure and without locks, so that it runs before any connection is taken; the API and PL/Python share it.
`parse_request` checks only syntax and shape. The three checks after it raise in the order of the
protocol's call-level checks, with the caller's credential checks between them; `decode_request` runs all
of them.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from ves import json_decode
from ves.canonical import malformed
from ves.codec import key_id_bits
from ves.envelope import ABSENT, decode_body
from ves.errors import ProtocolError, RequestRefused
from ves.json_scan import count_openings, is_deeper
from ves.prepare import Limits, PreparedEvent, Preparer
from ves.signatures import AgentKey, signature_error

__all__ = [
    "SCHEMA_REASON",
    "AgentKey",
    "Columns",
    "IngestRequest",
    "Limits",
    "PreparedEvent",
    "check_batch",
    "check_limits",
    "check_source_agent",
    "count_refusal",
    "decode_request",
    "decode_wire",
    "judge_batch",
    "parse_request",
    "require_json",
    "required_keys",
    "to_columns",
    "verify_signatures",
]

# Reason of an event whose payload fails its schema (operations 6.3).
SCHEMA_REASON = "schema_validation"
_DEFAULT_LIMITS = Limits()
_NIL = UUID(int=0)
_raw_decode = json_decode.decoder(msgspec.Raw)


class IngestRequest(msgspec.Struct):
    """A decoded request. `events` is empty when one of the refusals is set."""

    agent_id: UUID
    tenant_id: UUID
    store_id: UUID
    events: list[PreparedEvent]
    batch_refusal: RequestRefused | None = None
    source_agent_refusal: RequestRefused | None = None
    limit_refusal: RequestRefused | None = None


class Judged(Protocol):
    """The members of a decoded request of either stream that the batch checks read."""

    agent_id: UUID
    tenant_id: UUID
    store_id: UUID
    batch_refusal: RequestRefused | None
    source_agent_refusal: RequestRefused | None
    limit_refusal: RequestRefused | None


class SentEvent(Protocol):
    """The members of an event of either stream, as sent, that the batch checks read."""

    event_id: UUID
    tenant_id: UUID
    store_id: UUID
    source_agent_id: UUID
    payload: msgspec.Raw


class SentBody(Protocol):
    """A request of either stream as sent."""

    @property
    def events(self) -> Sequence[SentEvent]:
        """Return the events of the request."""


W = TypeVar("W", bound=SentBody)


def decode_request(body: bytes, limits: Limits = _DEFAULT_LIMITS) -> IngestRequest:
    """Decode a request and raise its first whole-request refusal, if it has one (VES 14.1).

    Raises RequestRefused with one of the names malformed_json, invalid_shape, empty_batch, mixed_streams,
    source_agent_mismatch, batch_too_large, payload_too_large, invalid_field.
    """
    request = parse_request(body, limits)
    check_batch(request)
    check_source_agent(request)
    check_limits(request)
    return request


def parse_request(body: bytes, limits: Limits = _DEFAULT_LIMITS) -> IngestRequest:
    """Decode a request; raises RequestRefused only for malformed_json and invalid_shape."""
    try:
        wire = decode_wire(body, limits.max_depth, decode_body)
        first = wire.events[0] if wire.events else None
        request = IngestRequest(
            wire.agent_id,
            _NIL if first is None else first.tenant_id,
            _NIL if first is None else first.store_id,
            [],
        )
        # Shape errors take precedence, so events are prepared even when the batch is refused.
        preparer = Preparer(limits, request.tenant_id, request.store_id)
        events = list(map(preparer.prepare, wire.events))
        judge_batch(request, wire.events, limits)
        request.limit_refusal = request.limit_refusal or preparer.limit_refusal
        if not (request.batch_refusal or request.source_agent_refusal or request.limit_refusal):
            request.events = events
    except RequestRefused:
        raise
    except ProtocolError as error:
        # Preparing an event raises otherwise only for a malformed payload_encrypted.
        details = {"field": "payload_encrypted"} if error.reason == "invalid_shape" else None
        raise RequestRefused(error.reason, error.message, details) from None
    return request


def check_batch(request: Judged) -> None:
    """Raise RequestRefused(empty_batch or mixed_streams) if that is the case."""
    if request.batch_refusal is not None:
        raise request.batch_refusal


def check_source_agent(request: Judged) -> None:
    """Raise RequestRefused(source_agent_mismatch) if an event comes from another agent."""
    if request.source_agent_refusal is not None:
        raise request.source_agent_refusal


def check_limits(request: Judged) -> None:
    """Raise RequestRefused for sizes, lengths and missing payloads (VES 3) if one is wrong."""
    if request.limit_refusal is not None:
        raise request.limit_refusal


def decode_wire(body: bytes, max_depth: int, decode: Callable[[bytes], W]) -> W:
    """Decode a request with `decode`; raises RequestRefused for malformed_json and invalid_shape.

    A leading byte order mark is ignored, as RFC 8259 8.1 allows.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        if not body.isascii():
            # The decoder does not validate the members that it skips.
            body.decode()
        wire = decode(body)
    except msgspec.ValidationError as error:
        require_json(body)
        raise RequestRefused("invalid_shape", str(error), {"field": _path(str(error))}) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestRefused("malformed_json", malformed(error, body).message) from None
    # Payload depth is checked for each payload later. Outside payloads each event opens at least one bracket
    # that does not add to the nesting of others, so this bound avoids the full scan for ordinary requests.
    openings = count_openings(body) - len(wire.events)
    if openings >= max_depth:
        openings -= sum(
            count_openings(bytes(event.payload)) for event in wire.events if event.payload != ABSENT
        )
        if openings >= max_depth and is_deeper(body, max_depth):
            raise RequestRefused("malformed_json", "not acceptable JSON: nested too deeply")
    return wire


def _path(message: str) -> str:
    """Return the location of the error in the notation of the decoder; ``$`` is the request."""
    return message.partition(" - at `")[2].rstrip("`") or "$"


def require_json(body: bytes) -> None:
    """Raise malformed_json for invalid JSON: it takes precedence over shape errors."""
    try:
        _raw_decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise RequestRefused("malformed_json", malformed(error, body).message) from None


def judge_batch(
    request: Judged,
    events: Sequence[SentEvent],
    limits: Limits,
    source_agent_field: str = "source_agent_id",
    source_agent_rule: str = "source_agent_id must equal agentId",
) -> None:
    """Set the refusals of the batch as a whole."""
    if not events:
        request.batch_refusal = RequestRefused("empty_batch", "the batch has no events")
        return
    tenant, store, agent = request.tenant_id.int, request.store_id.int, request.agent_id.int
    for event in events:
        if event.tenant_id.int != tenant or event.store_id.int != store:
            request.batch_refusal = RequestRefused(
                "mixed_streams", "all events of a batch must have one tenant_id and one store_id"
            )
            return
        if event.source_agent_id.int != agent and request.source_agent_refusal is None:
            request.source_agent_refusal = RequestRefused(
                "source_agent_mismatch",
                source_agent_rule,
                {"event_id": str(event.event_id), "field": source_agent_field},
            )
    request.limit_refusal = count_refusal(len(events), limits)


def count_refusal(events: int, limits: Limits) -> RequestRefused | None:
    """Return batch_too_large for too many events."""
    if events <= limits.max_events:
        return None
    return RequestRefused(
        "batch_too_large",
        f"the batch has {events} events, at most {limits.max_events} are allowed",
        {"limit": limits.max_events, "events": events},
    )


def required_keys(events: Iterable[PreparedEvent]) -> set[tuple[UUID, int]]:
    """(agent_id, key_id) of every event that still needs its signature verified."""
    return {(event.source_agent_id, event.agent_key_id) for event in events if event.refusal is None}


_UNCHECKED = "signature verification failed: the agent key was not known when the event arrived"


def verify_signatures(
    events: Iterable[PreparedEvent],
    keys: Mapping[tuple[UUID, int], AgentKey],
    profile: str = "legacy",
) -> None:
    """Set `refusal` on every event whose signature is invalid (VES 6.3).

    An event whose key is not given is refused too: its signature is unverified, and it must not pass even if
    the key is registered concurrently. The database replaces this refusal with the exact reason (no such key,
    revoked, not yet valid).
    """
    for event in events:
        if event.refusal is not None:
            continue
        key = keys.get((event.source_agent_id, event.agent_key_id))
        message = (
            _UNCHECKED
            if key is None
            else signature_error(
                key,
                event.signature_scheme,
                event.signing_hash,
                event.signature,
                event.signature_bundle,
                profile,
            )
        )
        if message is not None:
            event.refusal, event.refusal_message = "invalid_signature", message


@dataclass(frozen=True, slots=True)
class Columns:
    """The parallel columns of `ves.ingest_events`, in the order of its parameters.

    `agent_key_ids` are signed 32-bit patterns; `digests` holds 160 bytes an event: plain hash, cipher
    hash, signing hash (32 each), signature (64).
    """

    event_ids: list[UUID]
    command_ids: list[UUID | None]
    agent_ids: list[UUID]
    agent_key_ids: list[int]
    entity_types: list[str]
    entity_ids: list[str]
    event_types: list[str]
    created_at_texts: list[str]
    created_at_micros: list[int]
    payload_kinds: list[int]
    payloads: list[str]
    base_versions: list[int | None]
    signature_schemes: list[int]
    signature_bundles: list[bytes | None]
    digests: bytes
    refusals: list[str | None]
    refusal_messages: list[str | None]


def to_columns(events: Collection[PreparedEvent]) -> Columns:
    """Transpose the events into columns."""
    return Columns(
        [event.event_id for event in events],
        [event.command_id for event in events],
        [event.source_agent_id for event in events],
        [key_id_bits(event.agent_key_id) for event in events],
        [event.entity_type for event in events],
        [event.entity_id for event in events],
        [event.event_type for event in events],
        [event.created_at for event in events],
        [event.created_at_micros for event in events],
        [event.payload_kind for event in events],
        [event.payload.decode() for event in events],
        [event.base_version for event in events],
        [event.signature_scheme for event in events],
        [event.signature_bundle for event in events],
        b"".join(
            [event.plain_hash + event.cipher_hash + event.signing_hash + event.signature for event in events]
        ),
        [event.refusal for event in events],
        [event.refusal_message for event in events],
    )
