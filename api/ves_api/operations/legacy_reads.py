"""Reads of the legacy stream that only gRPC has (grpc-api 2.2)."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from ves.codec import I64_MAX
from ves_api.auth.permission import in_stream, where_found
from ves_api.operations.commitments import CommitmentById
from ves_api.operations.kit import Area, Context
from ves_api.operations.legacy_commitments import find_legacy_commitment
from ves_api.operations.parameters import Parameters, Stream
from ves_api.operations.ves_events import EntityVersions, cut
from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_edge.gen.records import InclusionProof, LegacyCommitment, LegacyEvent

operation = Area("Legacy").operation
_MAX_PAGE = 100


class LegacyState(NamedTuple):
    """Head of a stream, and its latest commitment, if any."""

    head_sequence: int
    commitment: LegacyCommitment | None


class EventInBatch(Parameters, kw_only=True, frozen=True):
    """An event of a commitment."""

    batch_id: uuid.UUID
    event_id: uuid.UUID


class ProvenLegacyEvent(NamedTuple):
    """An event, the commitment over it, and the path between them."""

    event: LegacyEvent
    proof: InclusionProof
    commitment: LegacyCommitment


class LegacyHistory(NamedTuple):
    """A page of an entity's events, and how many it has."""

    events: list[LegacyEvent]
    current_version: int


@operation(permission=in_stream("read"))
async def get_legacy_state(context: Context, given: Stream) -> LegacyState:
    """Get head and latest commitment of a legacy stream.

    Head 0 for an unknown stream.
    """
    [state] = await aio.get_stream_state(
        context.database, tenant_id=context.tenant_id, store_id=given.store_id, legacy=True
    )
    commitment = None if state.batch_id is None else await find_legacy_commitment(context, state.batch_id)
    return LegacyState(state.head_sequence, commitment)


@operation(permission=where_found("read", "its stream"), errors=("commitment_not_found",))
async def read_legacy_commitment(context: Context, given: CommitmentById) -> LegacyCommitment:
    """Get one legacy commitment.

    Another tenant's id is answered like one that does not exist.
    """
    return await find_legacy_commitment(context, given.batch_id)


@operation(permission=where_found("read", "its stream"), errors=("commitment_not_found", "event_not_found"))
async def prove_legacy_event(context: Context, given: EventInBatch) -> ProvenLegacyEvent:
    """Prove that a legacy event is in a commitment.

    The event with its path; an event of another stream or batch is not found.
    """
    commitment = await find_legacy_commitment(context, given.batch_id)
    stream = {"tenant_id": commitment.tenant_id, "store_id": commitment.store_id}
    number = await aio.find_event_number(context.database, **stream, event_id=given.event_id, legacy=True)
    if number is None:
        raise ApiError("event_not_found")
    if not commitment.sequence_start <= number <= commitment.sequence_end:
        raise ApiError("event_not_found", "event not in specified batch")
    proof = await aio.get_legacy_inclusion_proof(
        context.reads, **stream, sequence_number=number, batch_id=commitment.batch_id
    )
    [event] = await aio.list_legacy_events(
        context.reads, **stream, from_sequence=number, max_events=1, decrypt=False
    )
    return ProvenLegacyEvent(event, proof, commitment)


@operation(permission=in_stream("read"), errors=("invalid_field",))
async def read_legacy_history(context: Context, given: EntityVersions) -> LegacyHistory:
    """Read the legacy events of one entity by version.

    At most 100 events, each at its 1-based position in the entity's history.
    """
    first = given.first_version()
    most = min(given.to_version - first + 1, _MAX_PAGE) if given.to_version else _MAX_PAGE
    rows = await aio.get_entity_history(
        context.database,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        entity_type=given.entity_type,
        entity_id=given.entity_id,
        skip=min(first, I64_MAX) - 1,
        max_events=most,
        decrypt=False,
    )
    return LegacyHistory(cut([row.event for row in rows if row.event is not None]), rows[0].total)
