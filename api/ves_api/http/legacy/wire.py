"""The legacy stream on the wire (http-api 2.1, 3, 4): snake_case everywhere."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from ves.bundles import Byte
from ves.codec import U32_MAX
from ves_api.http.encode import zulu
from ves_api.http.ingest.wire import Rejection

if TYPE_CHECKING:
    from ves_api.at_rest import AtRest
    from ves_api.gateway.legacy import LegacyCommitment, StoredEvent

BareHash = Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F]{64}$")]


class LegacyEventSent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A legacy event as a client sends it; for the OpenAPI document (`ves.legacy_ingest` reads requests)."""

    envelope_version: Annotated[int, msgspec.Meta(ge=0, le=U32_MAX)] | None = None
    event_id: uuid.UUID
    command_id: uuid.UUID | None = None
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    entity_type: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    entity_id: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    event_type: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    payload: Any
    payload_hash: BareHash
    base_version: Annotated[int, msgspec.Meta(ge=0)] | None = None
    created_at: str
    source_agent: uuid.UUID
    signature: list[Byte] | None = None


class LegacyIngestRequest(msgspec.Struct):
    """Up to 1,000 events of one agent for one stream; none is allowed."""

    agent_id: uuid.UUID
    events: Annotated[list[LegacyEventSent], msgspec.Meta(max_length=1000)]


class LegacyIngestResponse(msgspec.Struct, frozen=True):
    """The answer to a legacy ingest call; `rejections` is left out when empty."""

    batch_id: uuid.UUID
    events_accepted: int
    events_rejected: int
    assigned_sequence_start: int | None
    assigned_sequence_end: int | None
    head_sequence: int
    rejections: list[Rejection] | msgspec.UnsetType = msgspec.UNSET


class LegacyEnvelopeStored(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A stored legacy event; members that the client did not send are left out, and a payload that was shredded."""

    envelope_version: int
    event_id: uuid.UUID
    command_id: uuid.UUID | None = None
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    entity_type: str
    entity_id: str
    event_type: str
    payload: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    payload_hash: str
    base_version: int | None = None
    created_at: str
    sequence_number: int
    source_agent: uuid.UUID
    signature: list[Byte] | None = None


class SequencedEvent(msgspec.Struct, omit_defaults=True):
    """An event with the time of its number, and when its payload was destroyed, if it was."""

    envelope: LegacyEnvelopeStored
    sequenced_at: str
    payload_shredded_at: str | None = None


class EventList(msgspec.Struct):
    """The events of a window of numbers."""

    events: list[SequencedEvent]
    count: int


class EntityHistory(msgspec.Struct):
    """A page of an entity's events."""

    entity_type: str
    entity_id: str
    events: list[SequencedEvent]
    count: int
    total: int
    has_more: bool


class Head(msgspec.Struct):
    """Highest number of a stream."""

    head_sequence: int


class LegacyCommitmentCreated(msgspec.Struct):
    """A commitment as the call that made it answers; roots in bare hex."""

    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    prev_state_root: str
    new_state_root: str
    events_root: str
    event_count: int
    sequence_start: int
    sequence_end: int
    committed_at: str


class LegacyCommitmentListed(msgspec.Struct):
    """A commitment in a list; roots in bare hex."""

    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    events_root: str
    event_count: int
    sequence_start: int
    sequence_end: int
    committed_at: str
    is_anchored: bool


class LegacyCommitmentList(msgspec.Struct):
    """Commitments of a legacy stream that are not on a chain yet, oldest first."""

    commitments: list[LegacyCommitmentListed]
    count: int


class LegacyCommitmentDetail(msgspec.Struct):
    """One commitment; here hashes are arrays of 32 numbers."""

    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    prev_state_root: list[Byte]
    new_state_root: list[Byte]
    events_root: list[Byte]
    event_count: int
    sequence_range: tuple[int, int]
    committed_at: str
    chain_tx_hash: list[Byte] | None


def sequenced(
    event: StoredEvent, tenant_id: uuid.UUID, store_id: uuid.UUID, at_rest: AtRest
) -> SequencedEvent:
    """A stored event in its wire form. Raises payload_not_readable."""
    payload = at_rest.legacy_payload(event, tenant_id, store_id)
    envelope = LegacyEnvelopeStored(
        envelope_version=event.envelope_version,
        event_id=event.event_id,
        command_id=event.command_id,
        tenant_id=tenant_id,
        store_id=store_id,
        entity_type=event.entity_type,
        entity_id=event.entity_id,
        event_type=event.event_type,
        payload=msgspec.UNSET if payload is None else msgspec.Raw(payload),
        payload_hash=event.payload_hash.hex(),
        base_version=event.base_version,
        created_at=zulu(event.created_at),
        sequence_number=event.sequence_number,
        source_agent=event.source_agent,
        signature=None if event.signature is None else list(event.signature),
    )
    gone = None if event.shredded_at is None else zulu(event.shredded_at)
    return SequencedEvent(envelope, zulu(event.sequenced_at), gone)


def created(commitment: LegacyCommitment) -> LegacyCommitmentCreated:
    """As the call that made it answers."""
    return LegacyCommitmentCreated(
        commitment.batch_id,
        commitment.tenant_id,
        commitment.store_id,
        commitment.prev_state_root.hex(),
        commitment.new_state_root.hex(),
        commitment.events_root.hex(),
        commitment.event_count,
        commitment.sequence_start,
        commitment.sequence_end,
        zulu(commitment.committed_at),
    )


def listed(commitment: LegacyCommitment) -> LegacyCommitmentListed:
    """As an element of a list."""
    return LegacyCommitmentListed(
        commitment.batch_id,
        commitment.tenant_id,
        commitment.store_id,
        commitment.events_root.hex(),
        commitment.event_count,
        commitment.sequence_start,
        commitment.sequence_end,
        zulu(commitment.committed_at),
        commitment.anchored_at is not None,
    )


def detail(commitment: LegacyCommitment) -> LegacyCommitmentDetail:
    """As the reference shows one commitment."""
    chain = commitment.chain_tx_hash
    return LegacyCommitmentDetail(
        commitment.batch_id,
        commitment.tenant_id,
        commitment.store_id,
        list(commitment.prev_state_root),
        list(commitment.new_state_root),
        list(commitment.events_root),
        commitment.event_count,
        (commitment.sequence_start, commitment.sequence_end),
        zulu(commitment.committed_at),
        None if chain is None else list(chain),
    )
