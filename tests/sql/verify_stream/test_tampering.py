"""`ves.verify_stream` tells every change that somebody with all powers makes, and nothing about a clean stream."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.support import SEQUENCER_PUBLIC_KEY, Agent, Event, verify
from tests.support.agents import CREATED_AT
from ves import encrypted, seal

if TYPE_CHECKING:
    import psycopg

    from tests.sql.support import Edge

RECIPIENT = Agent(seed=b"\x07" * 32)


def sealed(agent: Agent, entity_id: str) -> Event:
    """A signed event with an encrypted payload."""
    event_id = uuid.uuid4()
    binding = seal.EventBinding(
        agent.tenant_id,
        agent.store_id,
        event_id,
        agent.agent_id,
        agent.key_id,
        "order",
        entity_id,
        "order.created",
        CREATED_AT,
    )
    box = seal.seal(b'{"secret":1}', binding, {1: X25519_KEY})
    event = agent.event(
        event_id=event_id,
        entity_id=entity_id,
        payload_kind=1,
        payload_plain_hash="0x" + box.payload_plain_hash.hex(),
        payload_cipher_hash="0x" + box.payload_cipher_hash.hex(),
    )
    members = json.loads(encrypted.encode(box.payload_encrypted))
    return dataclasses.replace(
        event, envelope={**event.envelope, "payload_encrypted": members}, payload="null"
    )


# Any X25519 public key will do: the base point times a small scalar, as the vectors of RFC 7748 give it.
X25519_KEY = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")


@pytest.fixture(scope="module")
def story(edge: Edge) -> Agent:
    """Ten events (5 encrypted, 10 not committed), receipts, commitments 1-4, 5-8 and 9-9."""
    agent = Agent()
    agent.register(edge.connection)
    events = [agent.event(f'{{"n":{at}}}', entity_id=f"E-{at}") for at in range(1, 11)]
    events[4] = sealed(agent, "E-5")
    edge.ingest(agent, *events[:6])
    edge.ingest(agent, *events[6:])
    edge.seal(agent)
    for start, end in ((1, 4), (5, 8), (9, 9)):
        edge.connection.execute(
            "select ves.create_commitment(%s, %s, %s, %s)", [agent.tenant_id, agent.store_id, start, end]
        )
    # Another signer, so that a swapped one is known.
    edge.connection.execute(
        "select ves.register_signer(%s, 0, 'ed25519', %s)", [uuid.uuid4(), Agent().public_key]
    )
    return agent


EVENT = "update ves_store.ves_events set {} where tenant_id = %(tenant)s and sequence_number = {}"
FLIP = "set_byte({0}, 0, get_byte({0}, 0) # 1)"
# The receipt is wrong twice then: its hash is not that of the event, its signature not one over that hash.
SIGNED = ["signing_hash", "signature", "leaf_hash", "receipt", "receipt"]
TREE = ["commitment", "commitment"]


def event(number: int, column: str, value: str | None = None) -> str:
    return EVENT.format(f"{column} = {value or FLIP.format(column)}", number)


def row(table: str, column: str, where: str, value: str | None = None) -> str:
    change = f"{column} = {value or FLIP.format(column)}"
    return f"update ves_store.{table} set {change} where tenant_id = %(tenant)s and {where}"


def level(start: int, number: int) -> str:
    return (
        f"level = {number} and batch_id = (select batch_id from ves_store.ves_commitments"
        f" where tenant_id = %(tenant)s and sequence_start = {start})"
    )


# name -> (statement, the checks that must answer)
TAMPERING: dict[str, tuple[str, list[str]]] = {
    "a payload": (event(3, "payload", "'{\"n\":33}'"), ["payload_hash"]),
    "an encrypted payload": (
        event(5, "payload_encrypted", "replace(payload_encrypted::text, 'base', 'bass')::json"),
        ["cipher_hash"],
    ),
    "a payload made encrypted": (
        event(3, "payload_kind", "1, payload = null, payload_encrypted = '{}'"),
        ["cipher_hash", *SIGNED],
    ),
    "a plain hash": (event(3, "payload_plain_hash"), ["payload_hash", *SIGNED]),
    "a cipher hash": (event(3, "payload_cipher_hash"), ["cipher_hash", *SIGNED]),
    "a signing hash": (event(3, "event_signing_hash"), ["signing_hash"]),
    "a signature": (event(3, "agent_signature"), ["signature", "leaf_hash"]),
    "a signature scheme": (event(3, "agent_signature_scheme", "2"), ["signature", "record"]),
    "a leaf": (event(3, "leaf_hash"), ["leaf_hash", *TREE]),
    "a leaf that is not committed yet": (event(10, "leaf_hash"), ["leaf_hash"]),
    "a version": (event(3, "ves_version", "2"), SIGNED),
    "an event id": (event(3, "event_id", "gen_random_uuid()"), [*SIGNED, "record"]),
    "an event type": (event(3, "event_type", "'order.cancelled'"), SIGNED),
    "an entity": (event(3, "entity_id", "'E-4'"), [*SIGNED, "entity_version", "entity_version"]),
    "a creation time": (event(3, "created_at_str", "'2025-12-20T17:51:11.243Z'"), [*SIGNED, "created_at"]),
    "an agent": (event(3, "source_agent_id", "gen_random_uuid()"), SIGNED),
    "a key number": (event(3, "agent_key_id", "2"), SIGNED),
    "the key itself": (
        row("agent_signing_keys", "public_key", "true", f"'\\x{RECIPIENT.public_key.hex()}'"),
        ["signature"] * 10,
    ),
    "a forgotten key": (
        "delete from ves_store.agent_signing_keys where tenant_id = %(tenant)s",
        ["signature"] * 10,
    ),
    "a number": (event(10, "sequence_number", "11"), ["numbering", "numbering", "leaf_hash"]),
    "a missing event": (
        "delete from ves_store.ves_events where tenant_id = %(tenant)s and sequence_number = 3",
        ["numbering", "entity_version", "commitment", *TREE, "commitment"],
    ),
    "a missing last event": (
        "delete from ves_store.ves_events where tenant_id = %(tenant)s and sequence_number = 10",
        ["numbering", "entity_version", "receipt"],
    ),
    "another store": (event(10, "store_id", "gen_random_uuid()"), ["numbering", "entity_version", "receipt"]),
    "a receipt hash": (row("ves_sequencer_receipts", "receipt_hash", "sequence_number = 2"), ["receipt"]),
    "a receipt signature": (
        row("ves_sequencer_receipts", "sequencer_signature", "sequence_number = 2"),
        ["receipt"],
    ),
    "a receipt of another event": (
        row(
            "ves_sequencer_receipts",
            "receipt_hash",
            "sequence_number = 2",
            "(select r.receipt_hash from ves_store.ves_sequencer_receipts as r"
            " where r.tenant_id = %(tenant)s and r.sequence_number = 1)",
        ),
        ["receipt"],
    ),
    "an invented receipt": (
        (
            "insert into ves_store.ves_sequencer_receipts (tenant_id, store_id, sequence_number, receipt_hash)"
            " values (%(tenant)s, %(store)s, 11, sha256('guess'))"
        ),
        ["receipt"],
    ),
    "a signer that does not exist": (event(3, "signer_id", "-1"), ["receipt", "receipt"]),
    "another signer": (event(3, "signer_id", "(select max(signer_id) from ves_store.signers)"), ["receipt"]),
    "a Merkle root": (
        row("ves_commitments", "merkle_root", "sequence_start = 5"),
        ["commitment", "state_root"],
    ),
    "a previous state root": (
        row("ves_commitments", "prev_state_root", "sequence_start = 5"),
        ["state_root"] * 2,
    ),
    "a state root": (row("ves_commitments", "new_state_root", "sequence_start = 5"), ["state_root"] * 2),
    "a last state root": (row("ves_commitments", "new_state_root", "sequence_start = 9"), ["state_root"]),
    "a tree depth": (
        row("ves_commitments", "tree_depth", "sequence_start = 5", "3, padded_leaf_count = 8"),
        ["commitment"],
    ),
    "a range": (
        row(
            "ves_commitments",
            "sequence_end",
            "sequence_start = 9",
            "10, leaf_count = 2, tree_depth = 1, padded_leaf_count = 2",
        ),
        ["commitment", "commitment", "state_root"],
    ),
    "a missing commitment": (
        (
            "with c as (delete from ves_store.ves_commitments where tenant_id = %(tenant)s and sequence_start = 5"
            " returning batch_id) delete from ves_store.ves_commitment_nodes using c"
            " where ves_commitment_nodes.batch_id = c.batch_id"
        ),
        ["state_root", "state_root"],
    ),
    "a leaf level": (row("ves_commitment_nodes", "nodes", level(5, 0)), ["commitment"]),
    "an inner level": (row("ves_commitment_nodes", "nodes", level(5, 1)), ["commitment"]),
    "a root level": (row("ves_commitment_nodes", "nodes", level(9, 0)), ["commitment"]),
    "a missing level": (
        "delete from ves_store.ves_commitment_nodes where tenant_id = %(tenant)s and " + level(5, 1),
        ["commitment"],
    ),
    "a counter ahead": (row("ves_sequence_counters", "current_sequence", "true", "11"), ["numbering"]),
    "a counter behind": (row("ves_sequence_counters", "current_sequence", "true", "9"), ["numbering"]),
    "a missing counter": (
        "delete from ves_store.ves_sequence_counters where tenant_id = %(tenant)s",
        ["numbering"],
    ),
    "an entity version": (row("entity_versions", "version", "entity_id = 'E-3'", "2"), ["entity_version"]),
    "a missing entity version": (
        "delete from ves_store.entity_versions where tenant_id = %(tenant)s and entity_id = 'E-3'",
        ["entity_version"],
    ),
    "an invented entity version": (
        (
            "insert into ves_store.entity_versions (tenant_id, store_id, entity_type, entity_id, version)"
            " values (%(tenant)s, %(store)s, 'order', 'E-99', 1)"
        ),
        ["entity_version"],
    ),
}


def in_ranges(connection: psycopg.Connection[Any], agent: Agent) -> set[tuple[Any, ...]]:
    """Findings of three ranges (the second ends within a commitment) and of what no range has."""
    stream = [agent.tenant_id, agent.store_id]
    rows = connection.execute("select * from ves.verify_stream_totals(%s, %s)", stream).fetchall()
    for first, last in ((None, 4), (5, 7), (8, None)):
        rows += connection.execute(
            "select * from ves.verify_stream(%s, %s, %s, %s)", [*stream, first, last]
        ).fetchall()
    return set(rows)


def test_a_range_has_the_findings_of_its_events_and_of_commitments_that_touch_it(
    owner: psycopg.Connection[Any], story: Agent
) -> None:
    owner.execute("set local session_replication_role = replica")
    for change in (
        event(3, "payload", "'7'"),
        row("ves_commitment_nodes", "nodes", level(5, 1)),
        row("ves_sequence_counters", "current_sequence", "true", "11"),
        "delete from ves_store.ves_events where tenant_id = %(tenant)s and sequence_number = 4",
    ):
        owner.execute(change, {"tenant": story.tenant_id})

    def found(first: int, last: int) -> list[tuple[Any, ...]]:
        rows = owner.execute(
            "select check_name, sequence_number from ves.verify_stream(%s, %s, %s, %s)",
            [story.tenant_id, story.store_id, first, last],
        ).fetchall()
        return sorted(set(rows))

    assert found(1, 2) == [("commitment", 1)]
    assert found(3, 3) == [("commitment", 1), ("payload_hash", 3)]
    assert found(4, 4) == [("commitment", 1), ("numbering", 4)]
    assert found(6, 7) == [("commitment", 5)]
    assert found(9, 10) == []
    assert found(11, 99) == []
    assert found(7, 6) == []


def test_a_clean_stream_has_no_finding(admin: psycopg.Connection[Any], story: Agent) -> None:
    assert verify(admin, story) == []


def test_a_stream_that_does_not_exist_has_no_finding(admin: psycopg.Connection[Any]) -> None:
    assert verify(admin, Agent()) == []


@pytest.mark.parametrize("name", TAMPERING)
def test_a_change_is_found(owner: psycopg.Connection[Any], story: Agent, name: str) -> None:
    statement, checks = TAMPERING[name]
    owner.execute("set local session_replication_role = replica")
    changed = owner.execute(statement, {"tenant": story.tenant_id, "store": story.store_id})
    assert changed.rowcount >= 1
    found = verify(owner, story)
    assert Counter(row[0] for row in found) == Counter(checks), found
    assert len(set(found)) == len(found)
    assert all(text for *_, text in found)
    assert in_ranges(owner, story) == set(found)


def test_a_finding_names_the_event_or_the_commitment(owner: psycopg.Connection[Any], story: Agent) -> None:
    where = {"tenant": story.tenant_id}
    owner.execute("set local session_replication_role = replica")
    owner.execute(TAMPERING["a payload"][0], where)
    owner.execute(TAMPERING["an inner level"][0], where)
    commitment = owner.execute(
        "select batch_id from ves_store.ves_commitments where tenant_id = %s and sequence_start = 5",
        [story.tenant_id],
    ).fetchone()
    assert commitment is not None
    found = verify(owner, story)
    assert [row[:3] for row in found] == [("payload_hash", 3, None), ("commitment", 5, commitment[0])]


def test_an_event_that_nobody_signed_is_found(owner: psycopg.Connection[Any], story: Agent) -> None:
    """A forged row with everything recomputed that can be without the agent's key."""
    owner.execute("set local session_replication_role = replica")
    owner.execute(
        """insert into ves_store.ves_events
        select (f).* from (
          select jsonb_populate_record(e, jsonb_build_object(
            'event_id', gen_random_uuid(), 'sequence_number', 11, 'entity_id', 'E-11')) as f
          from ves_store.ves_events as e where e.tenant_id = %(tenant)s and e.sequence_number = 10) as x""",
        {"tenant": story.tenant_id},
    )
    owner.execute(row("ves_sequence_counters", "current_sequence", "true", "11"), {"tenant": story.tenant_id})
    owner.execute(
        "insert into ves_store.entity_versions values (%s, %s, 'order', 'E-11', 1)",
        [story.tenant_id, story.store_id],
    )
    found = verify(owner, story)
    assert ("signature", 11) in [item[:2] for item in found]


def test_events_beyond_one_chunk_are_recomputed_too(
    edge: Edge, owner: psycopg.Connection[Any], agent: Agent
) -> None:
    for _ in range(3):
        edge.ingest(agent, *agent.events(1000))
    assert verify(owner, agent) == []
    owner.execute("set local session_replication_role = replica")
    for number in (1, 2000, 2001, 3000):
        owner.execute(event(number, "payload", "'7'"), {"tenant": agent.tenant_id})
    assert [row[:2] for row in verify(owner, agent)] == [("payload_hash", n) for n in (1, 2000, 2001, 3000)]


def test_receipts_are_checked_under_the_key_of_their_signer(
    owner: psycopg.Connection[Any], story: Agent
) -> None:
    owner.execute("set local session_replication_role = replica")
    owner.execute(
        "update ves_store.signers set public_key = %s where public_key = %s",
        [Agent().public_key, SEQUENCER_PUBLIC_KEY],
    )
    assert [row[0] for row in verify(owner, story)] == ["receipt"] * 10
