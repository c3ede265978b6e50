"""Wire format of the legacy stream, all members in snake_case (http-api 2.1, 3, 4)."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import msgspec

from ves.bundles import Byte
from ves.codec import U32_MAX
from ves_api.ingest.wire import Rejection

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
