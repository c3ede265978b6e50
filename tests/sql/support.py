"""Agents that sign events, and `ves.ingest_events` called as an edge does, its answer told event by event."""

from __future__ import annotations

import dataclasses
import json
import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.agents import CREATED_AT, SigningAgent, signing_hash
from tests.support.processes import SEQUENCER_ID, SEQUENCER_PUBLIC_KEY, SEQUENCER_SEED
from ves import codec, digests, ed25519, ingest, receipts
from ves_edge.calls import records
from ves_edge.gen.records import VerifyStreamRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from ves.ingest import IngestRequest

LIMITS = ingest.Limits(max_events=100_000)
_EVENTS = """ %(signer_id)s,
  %(event_ids)s::uuid[], %(command_ids)s::uuid[], %(agent_ids)s::uuid[], %(agent_key_ids)s::int[],
  %(entity_types)s::text[], %(entity_ids)s::text[], %(event_types)s::text[],
  %(created_at_texts)s::text[], %(created_at_micros)s::bigint[], %(payload_kinds)s::smallint[],
  %(payloads)s::text[]::json[], %(base_versions)s::bigint[], %(signature_schemes)s::smallint[],
  %(signature_bundles)s::bytea[], %(digests)s, %(refusals)s::text[], %(refusal_messages)s::text[]
) as r
"""
CALL = (
    """
select r.first_sequence, r.last_sequence, r.head_sequence, r.sequenced_at, r.exceptions
from ves.ingest_events(
  array[%(tenant_id)s::uuid], array[%(store_id)s::uuid], array[cardinality(%(event_ids)s::uuid[])],
  array[%(auth_epoch)s::bigint], array[%(schema_epoch)s::bigint],"""
    + _EVENTS
)
CALL_STREAMS = """
select r.outcome, r.first_sequence, r.last_sequence, r.head_sequence, r.sequenced_at, r.exceptions
from ves.ingest_events(
  %(tenant_ids)s::uuid[], %(store_ids)s::uuid[], %(event_counts)s::int[], %(auth_epochs)s::bigint[],
  %(schema_epochs)s::bigint[],""" + _EVENTS.replace(
    ") as r", ", lock_wait_ms => 0, admin_epoch => %(admin_epoch)s) as r"
)


@dataclass(frozen=True)
class Event:
    """A signed envelope with its payload's JSON text."""

    envelope: dict[str, Any]
    payload: str

    @property
    def event_id(self) -> uuid.UUID:
        return uuid.UUID(self.envelope["event_id"])

    @property
    def text(self) -> str:
        return f'{json.dumps(self.envelope)[:-1]},"payload":{self.payload}}}'

    def but(self, **changes: Any) -> Event:
        """The same envelope with members changed after signing."""
        return Event({**self.envelope, **changes}, self.payload)

    @property
    def signing_hash(self) -> bytes:
        return signing_hash(self.envelope)


@dataclass
class Agent(SigningAgent):
    """An agent whose events are envelopes with the payload's text, registered and sent through SQL."""

    def register(self, connection: psycopg.Connection[Any], **named: Any) -> None:
        extra = "".join(f", {name} => %({name})s" for name in named)
        connection.execute(
            f"select ves.register_agent_key(%(tenant)s, %(agent)s, %(key)s, %(public)s{extra})",
            {
                "tenant": self.tenant_id,
                "agent": self.agent_id,
                "key": codec.key_id_bits(self.key_id),
                "public": self.public_key,
                **named,
            },
        )

    def event(
        self,
        payload: str = '{"n":1}',
        *,
        command_id: uuid.UUID | None = None,
        base_version: int | None = None,
        **changes: Any,
    ) -> Event:
        """A signed event; `changes` are members changed before signing."""
        envelope = self.envelope(payload.encode(), **changes)
        if command_id is not None:
            envelope["command_id"] = str(command_id)
        if base_version is not None:
            envelope["base_version"] = base_version
        return Event(envelope, payload)

    def events(self, count: int) -> list[Event]:
        return [self.event(json.dumps({"n": number})) for number in range(count)]

    def body(self, *events: Event) -> str:
        """The request of the REST route."""
        return f'{{"agentId":"{self.agent_id}","events":[{",".join(event.text for event in events)}]}}'

    def prepare(self, *events: Event) -> ingest.IngestRequest:
        """The request decoded, hashed and with its signatures verified under this agent's key."""
        request = ingest.decode_request(self.body(*events).encode(), LIMITS)
        key = ingest.AgentKey(self.agent_id, self.key_id, 1, self.public_key, None)
        ingest.verify_signatures(request.events, {(self.agent_id, self.key_id): key})
        return request


@dataclass(frozen=True)
class Outcome:
    """What became of one event of a call."""

    kind: str
    sequence_number: int | None = None
    reason: str | None = None
    signature: str | None = None
    phase: int | None = None
    message: str | None = None


@dataclass(frozen=True)
class Answer:
    """The answer of one call, with an outcome for each event in input order."""

    first: int | None
    last: int | None
    head: int
    sequenced_at: Any
    outcomes: tuple[Outcome, ...]

    @property
    def numbers(self) -> list[int | None]:
        return [outcome.sequence_number for outcome in self.outcomes]

    @property
    def reasons(self) -> list[str | None]:
        return [outcome.reason for outcome in self.outcomes]

    @property
    def kinds(self) -> list[str]:
        return [outcome.kind for outcome in self.outcomes]


def read_answer(row: Sequence[Any], count: int) -> Answer:
    first, last, head, sequenced_at, exceptions = row
    outcomes: list[Outcome | None] = [None] * count
    for item in exceptions or ():
        at = item["ord"] - 1
        assert outcomes[at] is None
        if item["outcome"] == "replayed":
            outcomes[at] = Outcome("replayed", item["sequence_number"], signature=item["signature"])
        else:
            outcomes[at] = Outcome(
                "rejected", reason=item["reason"], phase=item["phase"], message=item["message"]
            )
    numbers: Iterator[int] = iter(range(first, last + 1)) if first is not None else iter(())
    told = tuple(outcome or Outcome("accepted", next(numbers)) for outcome in outcomes)
    assert next(numbers, None) is None, "more numbers than accepted events"
    return Answer(first, last, head, sequenced_at, told)


@dataclass
class Edge:
    """A connection that may call `ves.ingest_events`, with a signer."""

    connection: psycopg.Connection[Any]
    signer_id: int

    @classmethod
    def open(cls, connection: psycopg.Connection[Any], seed: bytes | None = SEQUENCER_SEED) -> Edge:
        """With the tests' signer, one of another seed, or one that does not sign."""
        own = seed == SEQUENCER_SEED
        row = connection.execute(
            "select ves.register_signer(%s, 0, %s, %s)",
            [
                SEQUENCER_ID if own else uuid.uuid4(),
                "ed25519" if seed else "none",
                ed25519.public_key(seed) if seed else None,
            ],
        ).fetchone()
        assert row is not None
        return cls(connection, row[0])

    def ingest(self, agent: Agent, *events: Event, auth_epoch: int | None = None, **columns: Any) -> Answer:
        """One call with these events; `columns` replace columns of the call."""
        request = agent.prepare(*events)
        row = self.connection.execute(
            CALL, {**self.parameters(request), "auth_epoch": auth_epoch, **columns}
        ).fetchone()
        assert row is not None
        return read_answer(row, len(events))

    def ingest_streams(
        self, *batches: tuple[Agent, list[Event]], **columns: Any
    ) -> list[tuple[str, Answer | None]]:
        """One call with events of several streams: outcome and answer of each."""
        requests = [agent.prepare(*events) for agent, events in batches]
        together = self.parameters(requests[0])
        for request in requests[1:]:
            for name, column in self.parameters(request).items():
                if name in {"event_ids", "digests"} or isinstance(column, list):
                    together[name] = together[name] + column
        rows = self.connection.execute(
            CALL_STREAMS,
            {
                **together,
                "tenant_ids": [agent.tenant_id for agent, _ in batches],
                "store_ids": [agent.store_id for agent, _ in batches],
                "event_counts": [len(events) for _, events in batches],
                "auth_epochs": None,
                "schema_epochs": None,
                "admin_epoch": None,
                **columns,
            },
        ).fetchall()
        return [
            (row[0], read_answer(row[1:], len(events)) if row[0] == "appended" else None)
            for row, (_, events) in zip(rows, batches, strict=True)
        ]

    def parameters(self, request: IngestRequest) -> dict[str, Any]:
        columns = ingest.to_columns(request.events)
        return {
            "tenant_id": request.tenant_id,
            "store_id": request.store_id,
            "signer_id": self.signer_id,
            "auth_epoch": None,
            "schema_epoch": None,
            **{item.name: getattr(columns, item.name) for item in dataclasses.fields(columns)},
        }

    def seal(self, agent: Agent) -> int:
        """Sign and store every receipt of the agent's stream; how many were new."""
        rows = self.connection.execute(
            "select sequence_number, event_id, event_signing_hash from ves.get_receipts(%s, %s, 1, 10000)",
            [agent.tenant_id, agent.store_id],
        ).fetchall()
        hashes = [
            digests.receipt_hash(agent.tenant_id, agent.store_id, event_id, number, bytes(signing_hash))
            for number, event_id, signing_hash in rows
        ]
        stored = self.connection.execute(
            "select ves.store_receipts(%s, %s, %s, %s, %s)",
            [
                [agent.tenant_id] * len(rows),
                [agent.store_id] * len(rows),
                [row[0] for row in rows],
                b"".join(hashes),
                b"".join(ed25519.sign(SEQUENCER_SEED, digest) for digest in hashes),
            ],
        ).fetchone()
        assert stored is not None
        return int(stored[0])


def synthetic(agent: Agent, count: int, signer_id: int) -> dict[str, Any]:
    """Columns of `count` new events with random digests: the engine trusts its caller, so nothing is signed."""
    return {
        "tenant_id": agent.tenant_id,
        "store_id": agent.store_id,
        "signer_id": signer_id,
        "auth_epoch": None,
        "event_ids": [uuid.uuid4() for _ in range(count)],
        "command_ids": [uuid.uuid4() for _ in range(count)],
        "agent_ids": [agent.agent_id] * count,
        "agent_key_ids": [agent.key_id] * count,
        "entity_types": ["order"] * count,
        "entity_ids": [secrets.token_hex(8) for _ in range(count)],
        "event_types": ["order.created"] * count,
        "created_at_texts": [CREATED_AT] * count,
        "created_at_micros": [1_766_253_070_243_000] * count,
        "payload_kinds": [0] * count,
        "payloads": ['{"n":1}'] * count,
        "base_versions": [None] * count,
        "signature_schemes": [0] * count,
        "signature_bundles": None,
        "digests": secrets.token_bytes(160 * count),
        "refusals": None,
        "refusal_messages": None,
        "schema_epoch": None,
    }


def scalar(connection: psycopg.Connection[Any], statement: Any, parameters: Any = None) -> Any:
    """First column of the first row; None without a row."""
    row = connection.execute(statement, parameters).fetchone()
    return None if row is None else row[0]


def verify(connection: psycopg.Connection[Any], agent: Agent) -> list[tuple[Any, ...]]:
    """Findings of `ves.verify_stream`: (check_name, sequence_number, batch_id, finding), which its typed call can read."""
    rows = connection.execute(
        "select * from ves.verify_stream(%s, %s)", [agent.tenant_id, agent.store_id]
    ).fetchall()
    records(rows, VerifyStreamRow)
    return rows


def check_receipt(agent: Agent, event: Event, receipt: dict[str, Any]) -> list[str]:
    """What is wrong with a receipt of an event, checked without the database."""
    return receipts.verify_receipt(
        receipts.decode_receipt(json.dumps(receipt).encode()),
        agent.tenant_id,
        agent.store_id,
        event.signing_hash,
        SEQUENCER_PUBLIC_KEY,
    )
