"""Following streams: where each subscription begins, and acknowledgements (grpc-api 2.2 and 3.4).

An operation here authorizes and answers a position; the transport then delivers the events with greater numbers.
"""

from __future__ import annotations

import uuid

import msgspec

from ves.codec import I64_MAX
from ves_api.auth.permission import ANY_CREDENTIAL, in_stream
from ves_api.operations.kit import Area, Context
from ves_api.operations.parameters import EntityId, EntityType, NoInput, Stream
from ves_api.operations.ves_events import EventFilter
from ves_edge.gen import aio

operation = Area("Subscriptions").operation
Positions = dict[tuple[uuid.UUID, uuid.UUID], int]


class EventsWanted(Stream, kw_only=True, frozen=True):
    """The events of a stream from `first` on if `has_history`, else those after its head."""

    first: int = 1
    has_history: bool = False
    wanted: EventFilter = EventFilter()


class EntityWanted(Stream, kw_only=True, frozen=True):
    """The events of one entity: all if `has_history`, else those after the stream's head."""

    entity_type: EntityType
    entity_id: EntityId
    has_history: bool = False


class Acknowledged(msgspec.Struct, frozen=True):
    """What an agent has processed."""

    tenant_id: uuid.UUID
    store_id: uuid.UUID
    agent_id: uuid.UUID
    done_to: int


@operation(permission=in_stream("read"), errors=("invalid_field",))
async def follow_events(context: Context, given: EventsWanted) -> int:
    """Send stored events from a number on if asked for, then each new one.

    Answers the number before the first event.
    """
    if given.has_history:
        return min(max(given.first, 1), I64_MAX) - 1
    return await _head(context, given)


@operation(permission=in_stream("read"))
async def follow_entity(context: Context, given: EntityWanted) -> int:
    """Send the stored events of an entity if asked for, then each new one.

    Answers the head: what is up to it is history.
    """
    return await _head(context, given)


@operation(permission=in_stream("read"), errors=("sequence_gap",))
async def follow_legacy_events(context: Context, given: Stream) -> int:
    """Send legacy events in windows of numbers, and new ones if asked for.

    Answers the head.
    """
    return await _head(context, given, legacy=True)


@operation(permission=ANY_CREDENTIAL)
async def follow_scope(context: Context, _: NoInput) -> Positions:
    """Answer messages, and send every new event of the streams in the credential's scope.

    Answers what the agent of the credential has acknowledged: of those streams the events after it are sent too.
    """
    agent_id, tenant_id = context.identity.agent_id, context.identity.tenant_id
    if agent_id is None:
        return {}
    found = await aio.list_agent_positions(context.database, tenant_id=tenant_id, agent_id=agent_id)
    return {(tenant_id, row.store_id): row.last_pulled_sequence for row in found}


@operation(permission=in_stream("read"), errors=("cursor_beyond_head", "agent_mismatch"))
async def acknowledge_events(context: Context, given: Acknowledged) -> int:
    """Record that an agent has processed a stream up to a number.

    An older acknowledgement changes nothing.
    """
    context.identity.require_agent(given.agent_id)
    return await aio.acknowledge_events(
        context.database,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        agent_id=given.agent_id,
        done_to=min(given.done_to, I64_MAX),
    )


async def _head(context: Context, given: Stream, *, legacy: bool = False) -> int:
    [state] = await aio.get_stream_state(
        context.database, tenant_id=context.tenant_id, store_id=given.store_id, legacy=legacy
    )
    return state.head_sequence
