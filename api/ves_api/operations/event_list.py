"""The VES stream as a list of events with their receipts (VES 3, 11): what an agent pulls over HTTP."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from ves import json_decode
from ves.bundles import SignatureBundle
from ves.codec import I64_MAX
from ves.receipts import Receipt
from ves_api.auth.permission import in_stream
from ves_api.operations.answers import answer
from ves_api.operations.kit import Area, Context
from ves_api.operations.parameters import EventWindow, refuse
from ves_api.operations.ves_events import VesWindow, pull_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ves_edge.gen.records import EventParts

operation = Area("Events").operation


class EnvelopeStored(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An event as its agent signed it; hashes and signature in bare hex, `created_at` in the spelling that was signed.

    Members that the client did not send are left out, and a payload that was shredded.
    """

    ves_version: int
    event_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    source_agent_id: uuid.UUID
    agent_key_id: int
    entity_type: str
    entity_id: str
    event_type: str
    created_at: str
    payload_kind: int
    payload: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    payload_encrypted: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    payload_plain_hash: str
    payload_cipher_hash: str
    agent_signature: str
    agent_signature_scheme: int = 0
    agent_signature_bundle: SignatureBundle | None = None
    command_id: uuid.UUID | None = None
    base_version: int | None = None


class NumberedEvent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An event under its number. `receipt` is left out while no signature of it is stored or can be made; both together are evidence."""

    sequence_number: int
    event: EnvelopeStored
    receipt: Receipt | msgspec.UnsetType = msgspec.UNSET
    payload_shredded: bool = False


class VesEventList(msgspec.Struct):
    """The events of a window; the next one begins at `next_sequence`."""

    events: list[NumberedEvent]
    next_sequence: int
    head_sequence: int


@operation(permission=in_stream("read"), errors=("sequence_gap",))
async def list_ves_events(context: Context, given: EventWindow) -> VesEventList:
    """List the events of a stream numbered from `from` to `from + limit - 1`, with their receipts.

    At most 1,000 events and 3 MB of payloads (at least one event).
    """
    if given.limit == 0:
        raise refuse("limit", "must be at least 1")
    window = await pull_events.call(
        context,
        VesWindow(
            tenant_id=given.tenant_id,
            store_id=given.store_id,
            from_sequence=max(1, min(given.first, I64_MAX)),
            limit=given.limit,
        ),
    )
    events = await context.services.slices.parts(partial(_numbered, context, given.store_id), window.events)
    return VesEventList(events, window.next_sequence, window.head_sequence)


def _numbered(context: Context, store_id: uuid.UUID, events: Sequence[EventParts]) -> Iterable[NumberedEvent]:
    payloads = context.services.at_rest.event_payloads(context.tenant_id, store_id, events)
    return (
        _with_receipt(context, store_id, event, payload)
        for event, payload in zip(events, payloads, strict=True)
    )


def _with_receipt(
    context: Context, store_id: uuid.UUID, event: EventParts, payload: bytes | None
) -> NumberedEvent:
    bundle = event.agent_signature_bundle
    envelope = answer(
        EnvelopeStored,
        event,
        tenant_id=context.tenant_id,
        store_id=store_id,
        payload=msgspec.UNSET if payload is None else msgspec.Raw(payload),
        payload_encrypted=msgspec.UNSET
        if event.payload_encrypted is None
        else msgspec.Raw(event.payload_encrypted.encode()),
        agent_signature_bundle=None if bundle is None else json_decode.decode(bundle, type=SignatureBundle),
    )
    return NumberedEvent(
        sequence_number=event.sequence_number,
        event=envelope,
        receipt=context.services.ingest.signer.receipt_of(context.tenant_id, store_id, event)
        or msgspec.UNSET,
        payload_shredded=event.is_shredded,
    )
