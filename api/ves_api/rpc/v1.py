"""`stateset.sequencer.v1.Sequencer`: the unary methods (grpc-api 2)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ves_api.operations.commitments import CommitmentById
from ves_api.operations.events import ingest_legacy_events
from ves_api.operations.legacy_reads import (
    EventInBatch,
    get_legacy_state,
    prove_legacy_event,
    read_legacy_commitment,
    read_legacy_history,
)
from ves_api.operations.parameters import Stream
from ves_api.operations.ves_events import EntityVersions
from ves_api.rpc.binding import Rpc
from ves_api.rpc.fields import read_uuid
from ves_api.rpc.gen import v1_pb2 as v1
from ves_api.rpc.sent_events import legacy_body
from ves_api.rpc.stored_events import legacy_commitment, legacy_event
from ves_api.rpc.v2 import read_stream, read_versions

if TYPE_CHECKING:
    from ves_api.ingest.legacy_wire import LegacyIngestResponse
    from ves_api.operations.kit import Context
    from ves_api.operations.legacy_reads import LegacyHistory, LegacyState, ProvenLegacyEvent
    from ves_edge.gen.records import LegacyCommitment

SERVICE = v1.DESCRIPTOR.services_by_name["Sequencer"].full_name


def _push_response(_: Context, __: object, done: LegacyIngestResponse) -> v1.PushResponse:
    return v1.PushResponse(
        batch_id=str(done.batch_id),
        events_accepted=done.events_accepted,
        events_rejected=[
            v1.RejectedEvent(event_id=str(r.event_id), reason_code=r.reason, message=r.message)
            for r in done.rejections or ()
        ],
        assigned_sequence_start=done.assigned_sequence_start or 0,
        assigned_sequence_end=done.assigned_sequence_end or 0,
        head_sequence=done.head_sequence,
    )


def _head(_: Context, __: object, state: LegacyState) -> v1.GetHeadResponse:
    commitment = state.commitment
    return v1.GetHeadResponse(
        head_sequence=state.head_sequence,
        latest_commitment=None if commitment is None else legacy_commitment(commitment),
    )


def _proof(context: Context, _: object, found: ProvenLegacyEvent) -> v1.GetInclusionProofResponse:
    return v1.GetInclusionProofResponse(
        event=legacy_event(found.event, context.services.at_rest),
        proof=v1.InclusionProof(
            merkle_root=found.proof.merkle_root,
            leaf_index=found.proof.leaf_index,
            proof_hashes=found.proof.proof_path,
            leaf_count=found.commitment.event_count,
        ),
        commitment=legacy_commitment(found.commitment),
    )


def _commitment(_: Context, __: object, commitment: LegacyCommitment) -> v1.GetCommitmentResponse:
    return v1.GetCommitmentResponse(commitment=legacy_commitment(commitment))


async def _history(context: Context, _: object, page: LegacyHistory) -> v1.GetEntityHistoryResponse:
    write = partial(legacy_event, at_rest=context.services.at_rest)
    return v1.GetEntityHistoryResponse(
        events=await context.each(write, page.events), current_version=page.current_version
    )


METHODS = (
    Rpc(
        name="Push",
        operation=ingest_legacy_events,
        request=v1.PushRequest,
        read=legacy_body,
        write=_push_response,
    ),
    Rpc(
        name="GetHead",
        operation=get_legacy_state,
        request=v1.GetHeadRequest,
        read=lambda request: Stream(**read_stream(request)),
        write=_head,
    ),
    Rpc(
        name="GetInclusionProof",
        operation=prove_legacy_event,
        request=v1.GetInclusionProofRequest,
        read=lambda request: EventInBatch(
            batch_id=read_uuid(request.batch_id, "batch_id"),
            event_id=read_uuid(request.event_id, "event_id"),
        ),
        write=_proof,
    ),
    Rpc(
        name="GetCommitment",
        operation=read_legacy_commitment,
        request=v1.GetCommitmentRequest,
        read=lambda request: CommitmentById(batch_id=read_uuid(request.batch_id, "batch_id")),
        write=_commitment,
    ),
    Rpc(
        name="GetEntityHistory",
        operation=read_legacy_history,
        request=v1.GetEntityHistoryRequest,
        read=lambda request: EntityVersions(**read_versions(request)),
        write=_history,
    ),
)
