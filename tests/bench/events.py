"""Signed events of about 1 KB, the requests that carry them, and unsigned rows for the trusted caller. Seeded."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ves.canonical import jcs
from ves.codec import ZERO_HASH
from ves.digests import payload_plain_hash, signing_hash
from ves.ed25519 import Signer
from ves.prepare import PreparedEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOAD_BYTES = 1016
EVENT_TYPE = "order.created"
CREATED_AT = "2026-01-02T03:04:05.678Z"
CREATED_AT_MICROS = 1_767_323_045_678_000
INGEST_PATH = "/api/v1/ves/events/ingest"
_WORDS = (
    "blue",
    "cotton",
    "mug",
    "lamp",
    "oak",
    "chair",
    "desk",
    "linen",
    "steel",
    "brass",
    "green",
    "glass",
)


@dataclass(frozen=True)
class Agent:
    """One agent of one stream, made from a number."""

    number: int
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    agent_id: uuid.UUID = field(init=False)
    seed: bytes = field(init=False)

    def __post_init__(self) -> None:
        source = random.Random(f"agent {self.number}")
        object.__setattr__(self, "agent_id", random_uuid(source))
        object.__setattr__(self, "seed", source.randbytes(32))

    @property
    def public_key(self) -> bytes:
        return Signer(self.seed).public_key


def random_uuid(source: random.Random) -> uuid.UUID:
    """A version 4 id: what most clients send, and the dearest for an index."""
    return uuid.UUID(int=source.getrandbits(128), version=4)


def make_agents(streams: int, agents_per_stream: int, label: str) -> list[Agent]:
    """Agents of several streams, each stream a tenant of its own; those of one stream are far apart in the list."""
    source = random.Random(label)
    places = [(random_uuid(source), random_uuid(source)) for _ in range(streams)]
    base = source.getrandbits(48)
    return [Agent(base + number, *places[number % streams]) for number in range(streams * agents_per_stream)]


def payload(source: random.Random) -> bytes:
    """An order as JSON text of PAYLOAD_BYTES bytes: members unsorted, two fractions, otherwise texts and integers."""
    lines = ",".join(
        f'{{"sku":"SKU-{source.randrange(10**8):08d}","name":"{source.choice(_WORDS)} {source.choice(_WORDS)}",'
        f'"quantity":{source.randrange(1, 9)},"cents":{source.randrange(100, 99999)}}}'
        for _ in range(8)
    )
    head = (
        f'{{"order":"O-{source.randrange(10**10):010d}","customer_id":"C-{source.randrange(10**8):08d}",'
        f'"currency":"EUR","total":{source.randrange(100, 9999)}.{source.randrange(1, 10)}5,'
        f'"rate":0.{source.randrange(1, 10)}9,"paid":true,"coupon":null,"lines":[{lines}],"note":"'
    )
    filler = " ".join(source.choices(_WORDS, k=120))
    return (head + filler[: PAYLOAD_BYTES - len(head) - 2] + '"}').encode()


@dataclass(frozen=True)
class Batch:
    """One request: its body, and what its receipts are checked against."""

    agent: Agent
    body: bytes
    signing_hashes: dict[bytes, bytes]  # by the 16 bytes of event_id

    @property
    def count(self) -> int:
        return len(self.signing_hashes)


def sign_batches(agent: Agent, batches: int, size: int, label: str) -> list[Batch]:
    """Requests of `size` signed events each; every second event carries a command id."""
    source, signer = random.Random(f"{label} {agent.number}"), Signer(agent.seed)
    return [_sign_batch(agent, signer, size, source) for _ in range(batches)]


def _sign_batch(agent: Agent, signer: Signer, size: int, source: random.Random) -> Batch:
    texts, digests = [], {}
    for index in range(size):
        event_id, entity_id, raw = random_uuid(source), f"O-{source.randrange(10**12)}", payload(source)
        plain = payload_plain_hash(jcs(raw))
        digest = signing_hash(
            ves_version=1,
            tenant_id=agent.tenant_id,
            store_id=agent.store_id,
            event_id=event_id,
            source_agent_id=agent.agent_id,
            agent_key_id=1,
            entity_type="order",
            entity_id=entity_id,
            event_type=EVENT_TYPE,
            created_at=CREATED_AT,
            payload_kind=0,
            payload_plain_hash=plain,
            payload_cipher_hash=ZERO_HASH,
        )
        command = f'"command_id":"{random_uuid(source)}",' if index % 2 else ""
        texts.append(
            f'{{"ves_version":1,"event_id":"{event_id}","tenant_id":"{agent.tenant_id}",'
            f'"store_id":"{agent.store_id}","source_agent_id":"{agent.agent_id}","agent_key_id":1,{command}'
            f'"entity_type":"order","entity_id":"{entity_id}","event_type":"{EVENT_TYPE}",'
            f'"created_at":"{CREATED_AT}","payload_kind":0,"payload":{raw.decode()},'
            f'"payload_plain_hash":"0x{plain.hex()}","payload_cipher_hash":"0x{ZERO_HASH.hex()}",'
            f'"agent_signature":"0x{signer.sign(digest).hex()}"}}'
        )
        digests[event_id.bytes] = digest
    body = f'{{"agentId":"{agent.agent_id}","events":[{",".join(texts)}]}}'
    return Batch(agent, body.encode(), digests)


def http_request(body: bytes, key: str, path: str = INGEST_PATH) -> bytes:
    """The bytes of one POST on a kept-alive HTTP/1.1 connection."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def unsigned_events(
    agent: Agent, count: int, source: random.Random, raw: bytes | None = None
) -> list[PreparedEvent]:
    """Rows for `ves.ingest_events` with random digests: the trusted caller's word is taken for them."""
    return list(_unsigned(agent, count, source, raw))


def _unsigned(agent: Agent, count: int, source: random.Random, raw: bytes | None) -> Iterator[PreparedEvent]:
    for index in range(count):
        yield PreparedEvent(
            event_id=random_uuid(source),
            command_id=random_uuid(source) if index % 2 else None,
            source_agent_id=agent.agent_id,
            agent_key_id=1,
            entity_type="order",
            entity_id=f"O-{source.randrange(10**12)}",
            event_type=EVENT_TYPE,
            created_at=CREATED_AT,
            created_at_micros=CREATED_AT_MICROS,
            payload_kind=0,
            payload=raw or payload(source),
            base_version=None,
            signature_scheme=0,
            signature_bundle=None,
            plain_hash=source.randbytes(32),
            cipher_hash=ZERO_HASH,
            signing_hash=source.randbytes(32),
            signature=source.randbytes(64),
        )
