"""The ingest request on the wire (VES 3): names, types and required members.

Optional members may be `null`. Unknown members are ignored; a repeated one is refused, but not inside a payload.
"""

from __future__ import annotations

from typing import Annotated, Literal, Protocol
from uuid import UUID

import msgspec

from ves.bundles import SignatureBundle
from ves.codec import I64_MAX, U32_MAX, U64_MAX
from ves.errors import RequestRefused
from ves.repeats import QuoteCount
from ves.timestamps import rfc3339_micros
from ves.uuids import decoder

U32 = Annotated[int, msgspec.Meta(ge=0, le=U32_MAX)]
Counter = Annotated[int, msgspec.Meta(ge=0)]
I32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]

ABSENT = msgspec.Raw(b"null")


class SentNumbers(Protocol):
    """The numeric members of an event of either stream."""

    base_version: int | None
    sequence_number: int | None
    sequenced_at: str | None


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
    base_version: Counter | None = None
    # Response members of an event that a client sends back: type-checked, otherwise ignored.
    sequence_number: Counter | None = None
    sequenced_at: str | None = None


class IngestBody(msgspec.Struct):
    """The request body that holds the events."""

    agent_id: UUID = msgspec.field(name="agentId")
    events: list[Envelope] = msgspec.field()


# Beside the events: two names and the agent.
_quotes = QuoteCount(Envelope, 6)
decode_body = decoder(IngestBody, lambda raw, body: _quotes.is_exact(raw, body.events))


def check_numbers(event: SentNumbers) -> int | None:
    """Return base_version, capped at 2^63-1: a larger one conflicts with every stored version.

    Raises RequestRefused(invalid_shape) for a number beyond 64 bits and for a `sequenced_at` that is not a timestamp.
    """
    if event.base_version is None and event.sequence_number is None and event.sequenced_at is None:
        return None
    for field in ("base_version", "sequence_number"):
        if (getattr(event, field) or 0) > U64_MAX:
            raise RequestRefused("invalid_shape", f"{field} is beyond 64 bits", {"field": field})
    if event.sequenced_at is not None and rfc3339_micros(event.sequenced_at) is None:
        raise RequestRefused("invalid_shape", "sequenced_at is no time", {"field": "sequenced_at"})
    return None if event.base_version is None else min(event.base_version, I64_MAX)
