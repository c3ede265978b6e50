"""The ingest request as it comes over the wire (VES 3): names, types and required members.

Optional members may be `null`. Unknown members are ignored, of repeated ones the last counts.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from ves.bundles import SignatureBundle
from ves.codec import U32_MAX

U32 = Annotated[int, msgspec.Meta(ge=0, le=U32_MAX)]
I32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]

ABSENT = msgspec.Raw(b"null")


class Envelope(msgspec.Struct, gc=False):
    """One signed event as sent. Hashes and signatures are hex text; payloads are raw JSON text."""

    ves_version: U32
    event_id: UUID
    tenant_id: UUID
    store_id: UUID
    source_agent_id: UUID
    agent_key_id: U32
    entity_type: str
    entity_id: str
    event_type: str
    created_at: str
    payload_kind: Literal[0, 1]
    payload_plain_hash: str
    payload_cipher_hash: str
    agent_signature: str
    payload: msgspec.Raw = ABSENT
    payload_encrypted: msgspec.Raw = ABSENT
    agent_signature_scheme: I32 | None = None
    agent_signature_bundle: SignatureBundle | None = None
    command_id: UUID | None = None
    base_version: Annotated[int, msgspec.Meta(ge=0)] | None = None


class IngestBody(msgspec.Struct):
    """The request around the events."""

    agent_id: UUID = msgspec.field(name="agentId")
    events: list[Envelope] = msgspec.field()


decode_body = msgspec.json.Decoder(IngestBody).decode
