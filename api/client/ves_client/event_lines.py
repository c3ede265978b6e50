"""Input format of `ves push`: one event per line, unsigned or as a signed envelope (VES 3)."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from ves import json_decode
from ves.errors import ProtocolError
from ves_client.agent import AgentKey, Event, Signed, sign_event
from ves_client.errors import usage
from ves_client.evidence import Envelope

NAMESPACE = uuid.UUID("6f1f5a0e-6b7c-5b53-9a55-2f1d0c5e7a11")


class Facts(msgspec.Struct, frozen=True):
    """An unsigned event. `event_id` and `created_at` are derived deterministically when left out."""

    entity_type: str
    entity_id: str
    event_type: str
    payload: msgspec.Raw
    command_id: uuid.UUID | None = None
    base_version: int | None = None
    event_id: uuid.UUID | None = None
    created_at: str | None = None


class _Kind(msgspec.Struct, frozen=True):
    agent_signature: str | None = None


class Line(msgspec.Struct, frozen=True):
    """A signed event with the stream and the agent it belongs to."""

    tenant_id: uuid.UUID
    store_id: uuid.UUID
    agent_id: uuid.UUID
    signed: Signed


class LineSigner:
    """Turns lines into signed events.

    Deterministic: the same line, stream, key and time give the same bytes, which makes a push idempotent. A line that
    occurs several times gives as many events.
    """

    def __init__(self, key: AgentKey, tenant_id: uuid.UUID, store_id: uuid.UUID, created_at: str) -> None:
        self._key = key
        self._tenant_id = tenant_id
        self._store_id = store_id
        self._created_at = created_at
        self._namespace = uuid.uuid5(NAMESPACE, f"{tenant_id}/{store_id}/{key.agent_id}/{key.key_id}")
        self._seen: Counter[bytes] = Counter()

    def read(self, lines: Iterable[bytes]) -> Iterator[Line]:
        """Sign each line; empty lines are skipped. Exit code 2 with the line number of an invalid event."""
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield self._line(line.strip())
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ProtocolError) as error:
                    raise usage(f"line {number}: {error}") from error

    def _line(self, line: bytes) -> Line:
        if json_decode.decode(line, type=_Kind).agent_signature is not None:
            envelope = json_decode.decode(line, type=Envelope)
            signed = Signed(
                envelope.event_id, envelope.agent_key_id, line, envelope.signing_hash(), envelope.signature()
            )
            return Line(envelope.tenant_id, envelope.store_id, envelope.source_agent_id, signed)
        facts = json_decode.decode(line, type=Facts)
        event = Event(
            event_id=facts.event_id or self._event_id(line),
            entity_type=facts.entity_type,
            entity_id=facts.entity_id,
            event_type=facts.event_type,
            created_at=facts.created_at or self._created_at,
            payload=bytes(facts.payload),
            command_id=facts.command_id,
            base_version=facts.base_version,
        )
        signed = sign_event(self._key, self._tenant_id, self._store_id, event)
        return Line(self._tenant_id, self._store_id, self._key.agent_id, signed)

    def _event_id(self, line: bytes) -> uuid.UUID:
        digest = hashlib.sha256(line).digest()
        self._seen[digest] += 1
        return uuid.uuid5(self._namespace, f"{digest.hex()}/{self._seen[digest]}")


def batches(lines: Iterable[Line], *, max_events: int, max_bytes: int) -> Iterator[list[Line]]:
    """Group consecutive lines of one stream and agent into requests within both limits."""
    batch: list[Line] = []
    size = 0
    for line in lines:
        length = len(line.signed.text)
        if batch and (
            len(batch) >= max_events
            or size + length > max_bytes
            or (line.tenant_id, line.store_id, line.agent_id)
            != (batch[0].tenant_id, batch[0].store_id, batch[0].agent_id)
        ):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += length
    if batch:
        yield batch
