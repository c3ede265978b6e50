"""Generated traffic: batches in which everything that VES 14 tells apart happens often."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.property.engine.model import Sent
from tests.sql.support import CALL, Agent, Answer, Edge, Outcome, read_answer

if TYPE_CHECKING:
    import psycopg

STORES = [uuid.UUID(int=0xA), uuid.UUID(int=0xB)]
FEW = 8  # ids to choose from, so that they meet
REFUSALS = [
    "invalid_payload_hash",
    "unsupported_version",
    "schema_validation: created_at",
    "invalid_signature",
]

Batch = tuple[uuid.UUID, list[Sent]]


@st.composite
def sent(draw: st.DrawFn) -> Sent:
    number = draw(st.integers(0, 3 * FEW))
    # Two contents an id: the second one conflicts with the first.
    content = bytes([number, draw(st.sampled_from([0, 0, 0, 1]))]) * 48
    return Sent(
        event_id=uuid.UUID(int=0xE000 + number),
        content=content,
        entity=draw(st.sampled_from("xyz")),
        command_id=draw(
            st.one_of(st.none(), st.none(), st.integers(1, FEW).map(lambda n: uuid.UUID(int=0xC000 + n)))
        ),
        base_version=draw(st.one_of(st.none(), st.none(), st.integers(0, 4))),
        refusal=draw(st.one_of(*[st.none()] * 6, st.sampled_from(REFUSALS))),
        key_is_known=draw(st.sampled_from([True] * 9 + [False])),
    )


def batches(largest: int = 12) -> st.SearchStrategy[list[Batch]]:
    return st.lists(
        st.tuples(st.sampled_from(STORES), st.lists(sent(), min_size=1, max_size=largest)),
        min_size=1,
        max_size=8,
    )


def repeated(traffic: list[Batch], choice: list[int]) -> list[Batch]:
    """The traffic with some of its batches sent again, exactly as they were."""
    return traffic + [traffic[at % len(traffic)] for at in choice]


def columns(agent: Agent, store: uuid.UUID, batch: list[Sent], signer_id: int) -> dict[str, Any]:
    """A call of the engine; digests stand for contents, since it trusts its caller."""
    nothing = bytes(64)
    return {
        "tenant_id": agent.tenant_id,
        "store_id": store,
        "signer_id": signer_id,
        "auth_epoch": None,
        "schema_epoch": None,
        "event_ids": [event.event_id for event in batch],
        "command_ids": [event.command_id for event in batch],
        "agent_ids": [agent.agent_id] * len(batch),
        "agent_key_ids": [agent.key_id if event.key_is_known else 99 for event in batch],
        "entity_types": ["order"] * len(batch),
        "entity_ids": [event.entity for event in batch],
        "event_types": ["order.changed"] * len(batch),
        "created_at_texts": ["2026-01-02T03:04:05Z"] * len(batch),
        "created_at_micros": [0] * len(batch),
        "payload_kinds": [0] * len(batch),
        "payloads": ["{}"] * len(batch),
        "base_versions": [event.base_version for event in batch],
        "signature_schemes": [0] * len(batch),
        "signature_bundles": None,
        "digests": b"".join(nothing + event.content for event in batch),
        "refusals": [event.refusal for event in batch],
        "refusal_messages": [event.refusal for event in batch],
    }


def send(connection: psycopg.Connection[Any], agent: Agent, signer_id: int, batch: Batch) -> Answer:
    store, events = batch
    row = connection.execute(CALL, columns(agent, store, events, signer_id)).fetchone()
    assert row is not None
    return read_answer(row, len(events))


def told(answer: Answer) -> list[Outcome]:
    """The part of the outcomes that the protocol fixes."""
    return [Outcome(o.kind, o.sequence_number, o.reason, phase=o.phase) for o in answer.outcomes]


def check_stored(edge: Edge, superuser: psycopg.Connection[Any], agent: Agent) -> None:
    """Numbers are 1..n in each stream, each event is there once, and counters, versions and commands agree."""
    rows = superuser.execute(
        """select e.store_id, array_agg(e.sequence_number order by e.sequence_number), count(distinct e.event_id)::int,
          (select c.current_sequence from ves_store.ves_sequence_counters as c
           where c.tenant_id = e.tenant_id and c.store_id = e.store_id),
          (select coalesce(sum(v.version), 0)::int from ves_store.entity_versions as v
           where v.tenant_id = e.tenant_id and v.store_id = e.store_id),
          count(e.command_id)::int, count(distinct e.command_id)::int,
          (select count(*)::int from ves_store.ves_command_dedupe as d
           where d.tenant_id = e.tenant_id and d.store_id = e.store_id)
        from ves_store.ves_events as e where e.tenant_id = %s group by e.tenant_id, e.store_id""",
        [agent.tenant_id],
    ).fetchall()
    for _, numbers, events, head, versions, commands, distinct, reserved in rows:
        assert numbers == list(range(1, len(numbers) + 1))
        assert events == head == versions == len(numbers)
        assert commands == distinct == reserved
    findings = superuser.execute(
        "select f.* from ves.list_streams(%s) as s, ves_int.check_numbering(s.tenant_id, s.store_id, 1, s.head_sequence) as f",
        [agent.tenant_id],
    ).fetchall()
    assert findings == []
