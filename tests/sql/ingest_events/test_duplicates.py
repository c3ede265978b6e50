"""Replays, duplicates, commands and versions: the order of checks of VES 14.2 and 15."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.sql.support import SEQUENCER_SEED
from ves import digests, ed25519

if TYPE_CHECKING:
    from tests.sql.support import Agent, Edge, Event

BAD_HASH = {"payload_plain_hash": "0x" + "22" * 32}
BAD_SIGNATURE = {"agent_signature": "0x" + "11" * 64}


def test_an_exact_replay_is_answered_with_its_number_and_not_counted(edge: Edge, agent: Agent) -> None:
    events = agent.events(3)
    edge.ingest(agent, *events)
    again = edge.ingest(agent, *events)
    assert again.kinds == ["replayed"] * 3
    assert again.numbers == [1, 2, 3]
    assert (again.first, again.last, again.head) == (None, None, 3)


def test_a_replay_carries_the_stored_signature_once_there_is_one(edge: Edge, agent: Agent) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    assert edge.ingest(agent, event).outcomes[0].signature is None
    edge.seal(agent)
    digest = digests.receipt_hash(agent.tenant_id, agent.store_id, event.event_id, 1, event.signing_hash)
    assert edge.ingest(agent, event).outcomes[0].signature == ed25519.sign(SEQUENCER_SEED, digest).hex()


def test_a_replay_is_answered_even_when_the_key_was_revoked_since(edge: Edge, agent: Agent) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    edge.connection.execute("select ves.revoke_agent_key(%s, %s, 1)", [agent.tenant_id, agent.agent_id])
    assert edge.ingest(agent, event).kinds == ["replayed"]
    assert edge.ingest(agent, agent.event()).reasons == ["agent_key_invalid: Agent key has been revoked"]


@pytest.mark.parametrize(
    "change",
    [
        {"command_id": str(uuid.uuid4())},
        {"base_version": 0},
        BAD_HASH,
        BAD_SIGNATURE,
        {"entity_id": "other"},
        {"created_at": "2025-12-20T17:51:10.244Z"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_same_id_with_any_other_content_is_a_duplicate(
    edge: Edge, agent: Agent, change: dict[str, object]
) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    answer = edge.ingest(agent, event.but(**change))
    assert answer.reasons == ["duplicate_event_id"]
    assert answer.outcomes[0].message == "event_id already exists with different contents"


def test_a_replay_without_its_command_id_is_a_duplicate(edge: Edge, agent: Agent) -> None:
    event = agent.event(command_id=uuid.uuid4(), base_version=0)
    edge.ingest(agent, event)
    assert edge.ingest(agent, event).kinds == ["replayed"]
    for name in ("command_id", "base_version"):
        members = {key: value for key, value in event.envelope.items() if key != name}
        assert edge.ingest(agent, type(event)(members, event.payload)).reasons == ["duplicate_event_id"]


def test_an_id_twice_in_one_batch_is_accepted_once_even_when_the_first_was_refused(
    edge: Edge, agent: Agent
) -> None:
    event, spoiled = agent.event(), agent.event()
    answer = edge.ingest(agent, event, event, spoiled.but(**BAD_HASH), spoiled)
    assert answer.reasons == [None, "duplicate_event_id", "invalid_payload_hash", "duplicate_event_id"]
    assert answer.outcomes[1].message == "event_id duplicated in batch"


def test_a_replay_and_its_copy_in_one_batch_are_a_replay_and_a_duplicate(edge: Edge, agent: Agent) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    answer = edge.ingest(agent, event, event, agent.event())
    assert answer.kinds == ["replayed", "rejected", "accepted"]
    assert answer.numbers == [1, None, 2]


def test_an_id_stored_in_another_store_of_the_tenant_is_a_duplicate(edge: Edge, agent: Agent) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    other = agent.in_store()
    assert edge.ingest(other, other.event(event_id=event.event_id)).reasons == ["duplicate_event_id"]


def test_another_tenant_may_use_the_same_id(edge: Edge, agent: Agent) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    stranger = type(agent)()
    stranger.register(edge.connection)
    assert edge.ingest(stranger, stranger.event(event_id=event.event_id)).numbers == [1]


def test_a_command_is_taken_by_its_first_accepted_event(edge: Edge, agent: Agent) -> None:
    command = uuid.uuid4()
    answer = edge.ingest(agent, agent.event(command_id=command), agent.event(command_id=command))
    assert answer.reasons == [None, "duplicate_command_id"]
    assert edge.ingest(agent, agent.event(command_id=command)).reasons == ["duplicate_command_id"]


def test_a_command_is_free_in_every_other_stream(edge: Edge, agent: Agent) -> None:
    command = uuid.uuid4()
    edge.ingest(agent, agent.event(command_id=command))
    other = agent.in_store()
    assert edge.ingest(other, other.event(command_id=command)).numbers == [1]


def test_an_event_refused_before_its_command_was_looked_at_does_not_hold_it(edge: Edge, agent: Agent) -> None:
    command = uuid.uuid4()
    answer = edge.ingest(
        agent,
        agent.event(command_id=command).but(**BAD_SIGNATURE),
        agent.event(command_id=command).but(**BAD_HASH),
        agent.event(command_id=command),
    )
    assert answer.reasons == ["invalid_signature", "invalid_payload_hash", None]


def test_an_event_refused_for_its_version_holds_its_command_for_the_batch_and_frees_it_afterwards(
    edge: Edge, agent: Agent
) -> None:
    command = uuid.uuid4()
    answer = edge.ingest(
        agent, agent.event(command_id=command, base_version=5), agent.event(command_id=command)
    )
    assert answer.reasons == ["version_conflict: expected 5, actual 0", "duplicate_command_id"]
    assert edge.ingest(agent, agent.event(command_id=command)).numbers == [1]


def test_a_replay_does_not_hold_its_command_against_itself(edge: Edge, agent: Agent) -> None:
    event = agent.event(command_id=uuid.uuid4())
    edge.ingest(agent, event)
    assert edge.ingest(agent, event, agent.event()).kinds == ["replayed", "accepted"]


def test_versions_count_every_accepted_event_of_an_entity(edge: Edge, agent: Agent) -> None:
    def order(base_version: int | None = None) -> Event:
        return agent.event(entity_id="O-1", base_version=base_version)

    answer = edge.ingest(agent, order(0), order(), order(2), order(2), order(3))
    assert answer.reasons == [None, None, None, "version_conflict: expected 2, actual 3", None]
    assert edge.ingest(agent, order(4)).numbers == [5]


def test_a_version_belongs_to_entity_type_and_id_of_one_stream(edge: Edge, agent: Agent) -> None:
    edge.ingest(agent, agent.event(entity_id="X"))
    other = agent.in_store()
    assert edge.ingest(agent, agent.event(entity_id="X", entity_type="cart", base_version=0)).kinds == [
        "accepted"
    ]
    assert edge.ingest(other, other.event(entity_id="X", base_version=0)).kinds == ["accepted"]
    assert edge.ingest(agent, agent.event(entity_id="X", base_version=0)).kinds == ["rejected"]


def test_a_refused_event_does_not_raise_the_version(edge: Edge, agent: Agent) -> None:
    edge.ingest(agent, agent.event(entity_id="Y").but(**BAD_HASH), agent.event(entity_id="Y", base_version=3))
    assert edge.ingest(agent, agent.event(entity_id="Y", base_version=0)).kinds == ["accepted"]


def test_refusals_before_and_after_the_lock_are_told_apart(edge: Edge, agent: Agent) -> None:
    answer = edge.ingest(
        agent,
        agent.event(base_version=1),
        agent.event().but(**BAD_HASH),
        agent.event(),
        agent.event(base_version=2),
    )
    assert [outcome.phase for outcome in answer.outcomes] == [2, 1, None, 2]


def test_an_earlier_check_wins_over_a_later_one(edge: Edge, agent: Agent) -> None:
    """Of two faults the reason of the lower step of VES 14.2 is told."""
    command = uuid.uuid4()
    stored = agent.event(command_id=command)
    edge.ingest(agent, stored)
    faults = [
        (agent.event(event_id=stored.event_id, agent_key_id=9, command_id=command), "duplicate_event_id"),
        (agent.event(agent_key_id=9, command_id=command).but(**BAD_HASH), "invalid_payload_hash"),
        (
            agent.event(agent_key_id=9, command_id=command).but(**BAD_SIGNATURE),
            "agent_key_invalid: Agent key not found",
        ),
        (agent.event(command_id=command).but(**BAD_SIGNATURE), "invalid_signature"),
        (agent.event(command_id=command, base_version=4), "duplicate_command_id"),
    ]
    assert edge.ingest(agent, *(event for event, _ in faults)).reasons == [reason for _, reason in faults]
