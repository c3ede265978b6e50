"""Wire format of ingest requests and responses: camelCase wrapper, snake_case rejections (http-api 2.2)."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

import msgspec

from ves.bundles import SignatureBundle
from ves.codec import U32_MAX
from ves.encrypted import PayloadEncrypted
from ves.receipts import Receipt

Hash = Annotated[str, msgspec.Meta(pattern="^(0x)?[0-9a-fA-F]{64}$")]


class Rejection(msgspec.Struct, frozen=True):
    """Why one event was refused."""

    event_id: uuid.UUID
    reason: str
    message: str


class IngestResponse(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to an ingest call; `rejections` and `receipts` are left out when empty."""

    batch_id: uuid.UUID
    events_accepted: int
    events_rejected: int
    sequence_start: int | None
    sequence_end: int | None
    head_sequence: int
    rejections: list[Rejection] | msgspec.UnsetType = msgspec.UNSET
    receipts: list[Receipt] | msgspec.UnsetType = msgspec.UNSET


class VesEvent(msgspec.Struct, omit_defaults=True):
    """A signed event as a client sends it (VES 3); for the OpenAPI document.

    The server reads requests with `ves.envelope`, which keeps the payload's text.
    """

    ves_version: int
    event_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    source_agent_id: uuid.UUID
    agent_key_id: Annotated[int, msgspec.Meta(ge=0, le=U32_MAX)]
    entity_type: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    entity_id: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    event_type: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    created_at: str
    payload_kind: Literal[0, 1]
    payload_plain_hash: Hash
    payload_cipher_hash: Hash
    agent_signature: Annotated[str, msgspec.Meta(pattern="^(0x)?[0-9a-fA-F]{128}$")]
    payload: Any = None
    payload_encrypted: PayloadEncrypted | None = None
    agent_signature_scheme: int | None = None
    agent_signature_bundle: SignatureBundle | None = None
    command_id: uuid.UUID | None = None
    base_version: Annotated[int, msgspec.Meta(ge=0)] | None = None


class IngestRequest(msgspec.Struct, rename="camel"):
    """One to 1,000 events of one agent for one stream."""

    agent_id: uuid.UUID
    events: Annotated[list[VesEvent], msgspec.Meta(min_length=1, max_length=1000)]
