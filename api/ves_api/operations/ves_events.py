"""Reads of the VES stream and of entities in it (grpc-api 3.3). `event_list` binds them to HTTP."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from ves.at_rest import plaintext_bytes
from ves.codec import I64_MAX
from ves_api.auth.permission import in_stream, where_found
from ves_api.operations.commitments import find_commitment
from ves_api.operations.fields import invalid
from ves_api.operations.kit import Area, Context
from ves_api.operations.parameters import EntityId, EntityType, Parameters, Stream
from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_edge.gen.records import Commitment, EventParts, InclusionProof

operation = Area("Events").operation
_DEFAULT_EVENTS = 100
_MAX_WINDOW = 1000
_MAX_PAGE = 100
# Bytes of payloads in one answer: clients of gRPC take messages of 4 MiB unless they are told otherwise.
PAGE_BYTES = 3_000_000


class EventFilter(NamedTuple):
    """Which events are wanted: of any of the named kinds; an empty set means every one."""

    entity_types: frozenset[str] = frozenset()
    entity_ids: frozenset[str] = frozenset()
    event_types: frozenset[str] = frozenset()
    agents: frozenset[uuid.UUID] = frozenset()

    def matches(self, entity_type: str, entity_id: str, event_type: str, agent: uuid.UUID) -> bool:
        """Whether an event is wanted: AND across the kinds, OR inside each."""
        return (
            (not self.entity_types or entity_type in self.entity_types)
            and (not self.entity_ids or entity_id in self.entity_ids)
            and (not self.event_types or event_type in self.event_types)
            and (not self.agents or agent in self.agents)
        )

    def wants(self, event: EventParts) -> bool:
        """Whether a VES event is wanted."""
        return self.matches(event.entity_type, event.entity_id, event.event_type, event.source_agent_id)


class VesWindow(Stream, kw_only=True, frozen=True):
    """The numbers `from_sequence` to `from_sequence + limit - 1` of a stream; 0 counts as a number."""

    from_sequence: int = 0
    limit: int = _DEFAULT_EVENTS
    wanted: EventFilter = EventFilter()


class Window(NamedTuple):
    """The wanted events of a window, the number after it, and the stream's head."""

    events: list[EventParts]
    next_sequence: int
    head_sequence: int


class StreamState(NamedTuple):
    """Head of a stream, and its latest commitment, if any."""

    head_sequence: int
    commitment: Commitment | None


class CommitmentSelector(Parameters, kw_only=True, frozen=True):
    """A commitment by its id, or by a number that it covers in the one store of the credential."""

    batch_id: uuid.UUID | None = None
    sequence_number: int | None = None


class EventSelector(Stream, kw_only=True, frozen=True):
    """An event by its id or its number; a proof of it must have the root, if one is given."""

    event_id: uuid.UUID | None = None
    sequence_number: int | None = None
    expected_root: bytes = b""


class ProvenEvent(NamedTuple):
    """An event, the commitment over it, and the path between them."""

    event: EventParts
    proof: InclusionProof
    commitment: Commitment


class EntityVersions(Stream, kw_only=True, frozen=True):
    """The events of an entity from one version to another: 1-based positions, 0 is the first and the last."""

    entity_type: EntityType
    entity_id: EntityId
    from_version: int = 0
    to_version: int = 0

    def first_version(self) -> int:
        """The first version of the range, at least 1. Raises invalid_field when the range is empty."""
        first = max(self.from_version, 1)
        if self.to_version and first > self.to_version:
            raise invalid("from_version", "is beyond to_version")
        return first


class EntityVersionPage(EntityVersions, kw_only=True, frozen=True):
    """The first `limit` events of such a range."""

    limit: int = _DEFAULT_EVENTS


class EntityPage(NamedTuple):
    """A page of an entity's events, and how many it has."""

    events: list[EventParts]
    current_version: int


def cut(events: list[Any]) -> list[Any]:
    """The first events whose payloads fit into one answer; at least one, if there is one."""
    size = 0
    for place, event in enumerate(events):
        size += payload_bytes(event)
        if size > PAGE_BYTES and place:
            return events[:place]
    return events


def payload_bytes(event: Any) -> int:
    """Length of an event's payload, plain or sealed, when it is no longer encrypted at rest."""
    shown = sum(len(part) for part in (event.payload, _encrypted(event)) if part is not None)
    return shown + plaintext_bytes(event.payload_at_rest or b"")


def _encrypted(event: Any) -> str | None:
    found: str | None = getattr(event, "payload_encrypted", None)
    return found


async def read_page(
    context: Context, tenant_id: uuid.UUID, store_id: uuid.UUID, after: int, most: int, **of_entity: str
) -> list[EventParts]:
    """The next events of a stream, at most so many and as many as fit into one answer. Raises sequence_gap."""
    found = await aio.read_event_parts(
        context.database,
        tenant_id=tenant_id,
        store_id=store_id,
        after=after,
        max_events=most,
        **of_entity,
    )
    return cut(found)


@operation(permission=in_stream("read"), errors=("invalid_field", "sequence_gap"))
async def pull_events(context: Context, given: VesWindow) -> Window:
    """Read a window of numbers of a stream.

    A window; filters apply to it after it was read, so fewer events than numbers is normal.
    """
    state = await _state(context, given)
    first = max(given.from_sequence, 1)
    last = min(
        given.from_sequence + min(given.limit or _DEFAULT_EVENTS, _MAX_WINDOW) - 1, state.head_sequence
    )
    if last < first:
        return Window(
            [], state.head_sequence + 1 if last >= state.head_sequence else last + 1, state.head_sequence
        )
    events = await read_page(context, context.tenant_id, given.store_id, first - 1, last - first + 1)
    return Window([e for e in events if given.wanted.wants(e)], first + len(events), state.head_sequence)


@operation(permission=in_stream("read"))
async def get_sync_state(context: Context, given: Stream) -> StreamState:
    """Get head and latest commitment of a stream.

    Head 0 for an unknown stream.
    """
    state = await _state(context, given)
    commitment = None if state.batch_id is None else await find_commitment(context, state.batch_id)
    return StreamState(state.head_sequence, commitment)


@operation(permission=where_found("read", "its stream"), errors=("commitment_not_found", "invalid_field"))
async def select_commitment(context: Context, given: CommitmentSelector) -> Commitment:
    """Get a commitment by its id or by a number that it covers.

    Another tenant's id is answered like one that does not exist.
    """
    if given.batch_id is not None:
        return await find_commitment(context, given.batch_id)
    if given.sequence_number is None:
        raise invalid("selector", "is required")
    stores = context.identity.stores
    if context.identity.is_bootstrap_admin or len(stores) != 1:
        raise invalid("sequence_number", "needs a credential for exactly one store of one tenant")
    proof = await _covering(context, context.tenant_id, next(iter(stores)), given.sequence_number)
    return await find_commitment(context, proof.batch_id)


@operation(
    permission=in_stream("read"),
    errors=("event_not_found", "commitment_not_found", "root_mismatch", "invalid_field"),
)
async def prove_event(context: Context, given: EventSelector) -> ProvenEvent:
    """Prove that an event is in the commitment that covers it.

    The event with its path; an event of another stream is not found.
    """
    number = given.sequence_number
    if given.event_id is not None:
        number = await aio.find_event_number(
            context.database, tenant_id=context.tenant_id, store_id=given.store_id, event_id=given.event_id
        )
    elif number is None:
        raise invalid("selector", "is required")
    events = []
    if number is not None and 0 < number <= I64_MAX:
        events = await read_page(context, context.tenant_id, given.store_id, number - 1, 1)
    if not events or events[0].sequence_number != number:
        raise ApiError("event_not_found")
    proof = await _covering(context, context.tenant_id, given.store_id, number)
    if given.expected_root and given.expected_root != proof.merkle_root:
        raise ApiError("root_mismatch")
    return ProvenEvent(events[0], proof, await find_commitment(context, proof.batch_id))


@operation(permission=in_stream("read"), errors=("invalid_field",))
async def get_entity_events(context: Context, given: EntityVersionPage) -> EntityPage:
    """Read the events of one entity by version.

    At most 100 events, each at its 1-based position in the entity's history.
    """
    first = given.first_version()
    [found] = await aio.find_entity_version(
        context.database,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        entity_type=given.entity_type,
        entity_id=given.entity_id,
        version=min(first, I64_MAX),
    )
    if found.sequence_number is None:
        return EntityPage([], found.current_version)
    wanted = min(given.to_version or found.current_version, found.current_version) - first + 1
    events = await read_page(
        context,
        context.tenant_id,
        given.store_id,
        found.sequence_number - 1,
        min(wanted, given.limit or _DEFAULT_EVENTS, _MAX_PAGE),
        entity_type=given.entity_type,
        entity_id=given.entity_id,
    )
    return EntityPage(events, found.current_version)


async def _state(context: Context, given: Stream) -> Any:
    [state] = await aio.get_stream_state(
        context.database, tenant_id=context.tenant_id, store_id=given.store_id
    )
    return state


async def _covering(
    context: Context, tenant_id: uuid.UUID, store_id: uuid.UUID, number: int
) -> InclusionProof:
    """The path to the commitment that covers a number. Raises commitment_not_found."""
    try:
        return await aio.get_inclusion_proof(
            context.database, tenant_id=tenant_id, store_id=store_id, sequence_number=min(number, I64_MAX)
        )
    except ApiError as error:
        if error.name != "sequence_outside_commitment":
            raise
        raise ApiError("commitment_not_found", "No commitment covers the number") from error
