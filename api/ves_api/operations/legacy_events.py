"""Reads of the legacy stream (http-api 3): snake_case everywhere."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from ves.bundles import Byte
from ves.codec import I64_MAX
from ves_api.auth.permission import in_stream
from ves_api.operations.answers import answer
from ves_api.operations.kit import Area, Context
from ves_api.operations.parameters import (
    EntityId,
    EntityType,
    EventWindow,
    FromOffset,
    Limit,
    Parameters,
    StoreId,
    Stream,
    TenantId,
    refuse,
)
from ves_api.times import zulu, zulu_or_none
from ves_edge.gen import aio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ves_api.at_rest import AtRest
    from ves_edge.gen.records import LegacyEvent

operation = Area("Legacy").operation
_DEFAULT_EVENTS = 100
_MAX_WINDOW = 1000
_MAX_PAGE = 100
# Characters or bytes that a window which the engine cut at 16 MiB holds at least: a character has up to 4 bytes.
_FULL_BYTES = 4 << 20


class EntityPage(Parameters, kw_only=True, frozen=True):
    """A page of the events of one entity."""

    entity_type: EntityType
    entity_id: EntityId
    tenant_id: TenantId
    store_id: StoreId
    skip: FromOffset = msgspec.field(default=0, name="from")
    limit: Limit = _DEFAULT_EVENTS


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


class EventList(msgspec.Struct, omit_defaults=True):
    """The events of a window of numbers; `has_more` when it ended early because of its size."""

    events: list[SequencedEvent]
    count: int
    has_more: bool = False


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


@operation(permission=in_stream("read"), errors=("sequence_gap",))
async def list_legacy_events(context: Context, given: EventWindow) -> EventList:
    """List the events numbered from `from` to `from + limit - 1`, at most 16 MiB of payloads.

    It ends `limit - 1` after `from` even when `from` is 0. The next window starts after the last event.
    """
    if given.limit == 0:
        raise refuse("limit", "must be at least 1")
    found = await aio.list_legacy_events(
        context.reads,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        from_sequence=min(given.first, I64_MAX),
        max_events=min(given.limit, _MAX_WINDOW),
        decrypt=False,
    )
    events = await context.each(partial(_sequenced, context.services.at_rest), found)
    return EventList(events, len(events), await _ended_early(context, given, found))


async def _ended_early(context: Context, given: EventWindow, found: Sequence[LegacyEvent]) -> bool:
    """Whether the window was cut by its size. The head is only asked for when that is possible."""
    if sum(len(e.payload or e.payload_at_rest or b"") for e in found) < _FULL_BYTES:
        return False
    last = found[-1].sequence_number
    if last >= given.first + min(given.limit, _MAX_WINDOW) - 1:
        return False
    return last < await aio.get_legacy_head(
        context.database, tenant_id=context.tenant_id, store_id=given.store_id
    )


@operation(permission=in_stream("read"))
async def get_legacy_head(context: Context, given: Stream) -> Head:
    """Get the highest number of a legacy stream.

    The VES stream has its own numbers.
    """
    return Head(
        await aio.get_legacy_head(context.database, tenant_id=context.tenant_id, store_id=given.store_id)
    )


@operation(permission=in_stream("read"))
async def get_entity_history(context: Context, given: EntityPage) -> EntityHistory:
    """Page through the legacy events of one entity."""
    skip = min(given.skip, I64_MAX)
    rows = await aio.get_entity_history(
        context.database,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        entity_type=given.entity_type,
        entity_id=given.entity_id,
        skip=skip,
        max_events=min(given.limit or _DEFAULT_EVENTS, _MAX_PAGE),
        decrypt=False,
    )
    total = rows[0].total
    events = await context.each(
        partial(_sequenced, context.services.at_rest), [row.event for row in rows if row.event is not None]
    )
    return EntityHistory(
        entity_type=given.entity_type,
        entity_id=given.entity_id,
        events=events,
        count=len(events),
        total=total,
        has_more=skip + len(events) < total,
    )


def _sequenced(at_rest: AtRest, event: LegacyEvent) -> SequencedEvent:
    """A stored event in its wire form. Raises payload_not_readable."""
    payload = at_rest.legacy_payload(event)
    envelope = answer(
        LegacyEnvelopeStored,
        event,
        payload=msgspec.UNSET if payload is None else msgspec.Raw(payload),
        signature=None if event.signature is None else list(event.signature),
    )
    return SequencedEvent(envelope, zulu(event.sequenced_at), zulu_or_none(event.shredded_at))
