"""`stateset.sequencer.v2.Sequencer`: the unary methods (grpc-api 3.3)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
from google.protobuf import empty_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from ves import json_decode
from ves.codec import I64_MAX
from ves_api.ingest.wire import Rejection
from ves_api.operations.events import ingest_events
from ves_api.operations.health import get_health_for_clients
from ves_api.operations.parameters import ENTITY_ID, ENTITY_TYPE, NoInput, Stream
from ves_api.operations.ves_events import (
    CommitmentSelector,
    EntityVersionPage,
    EventFilter,
    EventSelector,
    VesWindow,
    get_entity_events,
    get_sync_state,
    prove_event,
    pull_events,
    select_commitment,
)
from ves_api.rpc.binding import Rpc
from ves_api.rpc.fields import read_bytes, read_texts, read_uuid, read_uuids
from ves_api.rpc.gen import v2_pb2 as v2
from ves_api.rpc.sent_events import ves_body
from ves_api.rpc.stored_events import ves_commitment, ves_events

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from ves_api.operations.health import HealthResponse
    from ves_api.operations.kit import Context
    from ves_api.operations.ves_events import EntityPage, ProvenEvent, StreamState, Window
    from ves_edge.gen.records import Commitment, EventParts

SERVICE = v2.DESCRIPTOR.services_by_name["Sequencer"].full_name
_HASH_BYTES = 32
_REASONS = {
    "invalid_signature": v2.REJECTION_REASON_INVALID_SIGNATURE,
    "agent_key_invalid": v2.REJECTION_REASON_UNKNOWN_KEY,
    "duplicate_event_id": v2.REJECTION_REASON_DUPLICATE_EVENT,
    "duplicate_command_id": v2.REJECTION_REASON_DUPLICATE_COMMAND,
    "invalid_payload_hash": v2.REJECTION_REASON_INVALID_HASH,
    "invalid_cipher_hash": v2.REJECTION_REASON_INVALID_HASH,
    "version_conflict": v2.REJECTION_REASON_VERSION_CONFLICT,
    "unsupported_version": v2.REJECTION_REASON_INVALID_FORMAT,
    "schema_validation": v2.REJECTION_REASON_INVALID_FORMAT,
}


class Appended(msgspec.Struct, rename="camel"):
    """The members of the answer to an append that a PushResponse has; receipts are not among them."""

    batch_id: str
    events_accepted: int
    events_rejected: int
    sequence_start: int | None
    sequence_end: int | None
    head_sequence: int
    rejections: list[Rejection] = []


_decode = json_decode.decoder(Appended)


def now() -> Timestamp:
    """The current time in whole seconds."""
    return Timestamp(seconds=int(dt.datetime.now(dt.UTC).timestamp()))


def read_window(request: v2.PullEventsRequest) -> VesWindow:
    """The window that a request asks for. Raises invalid_field."""
    wanted = EventFilter(
        entity_types=frozenset([request.entity_type_filter] if request.entity_type_filter else []),
        entity_ids=frozenset([request.entity_id_filter] if request.entity_id_filter else []),
        event_types=read_texts(request.event_type_filter, "event_type_filter"),
        agents=read_uuids(request.agent_filter, "agent_filter"),
    )
    if request.entity_type_filter:
        ENTITY_TYPE.parse(request.entity_type_filter, "entity_type_filter")
    if request.entity_id_filter:
        ENTITY_ID.parse(request.entity_id_filter, "entity_id_filter")
    return VesWindow(
        **read_stream(request), from_sequence=request.from_sequence, limit=request.limit, wanted=wanted
    )


def read_stream(request: Any) -> dict[str, uuid.UUID]:
    """Tenant and store of a request. Raises invalid_field."""
    return {name: read_uuid(getattr(request, name), name) for name in ("tenant_id", "store_id")}


def _reason(reason: str) -> v2.RejectionReason:
    word = reason.partition(":")[0]
    if word == "agent_key_invalid" and "revoked" in reason:
        return v2.REJECTION_REASON_REVOKED_KEY
    return _REASONS.get(word, v2.REJECTION_REASON_UNSPECIFIED)


def _push_response(_: Context, request: v2.PushRequest, body: bytes) -> v2.PushResponse:
    done = _decode(body)
    return v2.PushResponse(
        batch_id=done.batch_id,
        request_id=request.request_id,
        events_accepted=done.events_accepted,
        events_rejected=done.events_rejected,
        sequence_start=done.sequence_start or 0,
        sequence_end=done.sequence_end or 0,
        head_sequence=done.head_sequence,
        rejections=[
            v2.RejectedEvent(event_id=str(r.event_id), reason=_reason(r.reason), message=r.message)
            for r in done.rejections
        ],
    )


async def _events(context: Context, request: Any, events: Sequence[EventParts]) -> list[v2.SequencedEvent]:
    services, stream = context.services, read_stream(request)

    def write(part: Sequence[EventParts]) -> list[v2.SequencedEvent]:
        return ves_events(part, **stream, at_rest=services.at_rest, signer=services.ingest.signer)

    return await services.slices.parts(write, events)


async def _window(context: Context, request: v2.PullEventsRequest, window: Window) -> v2.PullEventsResponse:
    return v2.PullEventsResponse(
        events=await _events(context, request, window.events),
        next_sequence=window.next_sequence,
        has_more=window.next_sequence <= window.head_sequence,
        head_sequence=window.head_sequence,
    )


def _sync_state(_: Context, request: v2.GetSyncStateRequest, state: StreamState) -> v2.SyncState:
    commitment = state.commitment
    return v2.SyncState(
        tenant_id=request.tenant_id,
        store_id=request.store_id,
        head_sequence=state.head_sequence,
        state_root=b"" if commitment is None else commitment.new_state_root,
        latest_commitment=None if commitment is None else ves_commitment(commitment),
        timestamp=now(),
    )


def _read_event_selector(request: v2.GetInclusionProofRequest) -> EventSelector:
    root = request.expected_root
    selector = request.WhichOneof("selector")
    return EventSelector(
        **read_stream(request),
        event_id=read_uuid(request.event_id, "event_id") if selector == "event_id" else None,
        sequence_number=request.sequence_number if selector == "sequence_number" else None,
        expected_root=read_bytes(root, _HASH_BYTES, "expected_root") if root else b"",
    )


async def _proof(
    context: Context, request: v2.GetInclusionProofRequest, found: ProvenEvent
) -> v2.GetInclusionProofResponse:
    [event] = await _events(context, request, [found.event])
    return v2.GetInclusionProofResponse(
        included=True,
        proof=v2.InclusionProof(
            merkle_root=found.proof.merkle_root,
            leaf_index=found.proof.leaf_index,
            proof_hashes=found.proof.proof_path,
            leaf_count=found.commitment.leaf_count,
            leaf_hash=found.proof.leaf_hash,
        ),
        event=event,
    )


def _read_commitment_selector(request: v2.GetCommitmentRequest) -> CommitmentSelector:
    selector = request.WhichOneof("selector")
    return CommitmentSelector(
        batch_id=read_uuid(request.batch_id, "batch_id") if selector == "batch_id" else None,
        sequence_number=request.sequence_number if selector == "sequence_number" else None,
    )


def _write_commitment(_: Context, __: object, commitment: Commitment) -> v2.BatchCommitment:
    return ves_commitment(commitment)


def read_versions(request: Any) -> dict[str, Any]:
    """The members of `EntityVersions` in a request of either service. Raises invalid_field."""
    return read_stream(request) | {
        "entity_type": ENTITY_TYPE.parse(request.entity_type, "entity_type"),
        "entity_id": ENTITY_ID.parse(request.entity_id, "entity_id"),
        "from_version": min(request.from_version, I64_MAX),
        "to_version": min(request.to_version, I64_MAX),
    }


async def _history(
    context: Context, request: v2.GetEntityHistoryRequest, page: EntityPage
) -> v2.GetEntityHistoryResponse:
    return v2.GetEntityHistoryResponse(
        events=await _events(context, request, page.events), current_version=page.current_version
    )


def _health(_: Context, __: object, health: HealthResponse) -> v2.HealthResponse:
    return v2.HealthResponse(healthy=health.status == "healthy", version=health.version, timestamp=now())


PUSH = Rpc(name="Push", operation=ingest_events, request=v2.PushRequest, read=ves_body, write=_push_response)
PULL = Rpc(
    name="PullEvents",
    operation=pull_events,
    request=v2.PullEventsRequest,
    read=read_window,
    write=_window,
)
METHODS = (
    PUSH,
    PULL,
    Rpc(
        name="GetSyncState",
        operation=get_sync_state,
        request=v2.GetSyncStateRequest,
        read=lambda request: Stream(**read_stream(request)),
        write=_sync_state,
    ),
    Rpc(
        name="GetInclusionProof",
        operation=prove_event,
        request=v2.GetInclusionProofRequest,
        read=_read_event_selector,
        write=_proof,
    ),
    Rpc(
        name="GetCommitment",
        operation=select_commitment,
        request=v2.GetCommitmentRequest,
        read=_read_commitment_selector,
        write=_write_commitment,
    ),
    Rpc(
        name="GetEntityHistory",
        operation=get_entity_events,
        request=v2.GetEntityHistoryRequest,
        read=lambda request: EntityVersionPage(**read_versions(request), limit=request.limit),
        write=_history,
    ),
    Rpc(
        name="GetHealth",
        operation=get_health_for_clients,
        request=empty_pb2.Empty,
        read=lambda _: NoInput(),
        write=_health,
    ),
)
