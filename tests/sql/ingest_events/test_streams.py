"""One call that appends to several streams: each as if it had come alone, and none waits for another."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

import psycopg
import pytest

from tests.sql.support import Agent, Edge, scalar, verify


@pytest.fixture
def agents(edge: Edge) -> list[Agent]:
    """Four streams with one event each: two of one tenant, two of others."""
    first, second, third = Agent(), Agent(), Agent()
    for agent in (first, second, third):
        agent.register(edge.connection)
    streams = [first, first.in_store(), second, third]
    for agent in streams:
        edge.ingest(agent, agent.event())
    return streams


def test_every_stream_numbers_its_own_events(
    edge: Edge, agents: list[Agent], owner: psycopg.Connection[Any]
) -> None:
    answers = edge.ingest_streams(
        *[(agent, [agent.event() for _ in range(1 + at)]) for at, agent in enumerate(agents)]
    )
    assert [outcome for outcome, _ in answers] == ["appended"] * 4
    assert [answer.numbers for _, answer in answers if answer] == [[2], [2, 3], [2, 3, 4], [2, 3, 4, 5]]
    assert [verify(owner, agent) for agent in agents] == [[], [], [], []]


def test_refusals_replays_and_new_events_of_several_streams_are_told_by_their_place_in_the_stream(
    edge: Edge, agents: list[Agent]
) -> None:
    known = [agent.event() for agent in agents]
    first = edge.ingest_streams(*[(agent, [event]) for agent, event in zip(agents, known, strict=True)])
    conflict = agents[1].event(base_version=7)
    stranger = agents[3].event(agent_key_id=9)
    answers = edge.ingest_streams(
        (agents[0], [agents[0].event(), known[0]]),
        (agents[1], [conflict, agents[1].event()]),
        (agents[2], [known[2]]),
        (agents[3], [agents[3].event(), stranger, agents[3].event()]),
    )
    told = [answer for _, answer in answers if answer]
    assert [answer.kinds for answer in told] == [
        ["accepted", "replayed"],
        ["rejected", "accepted"],
        ["replayed"],
        ["accepted", "rejected", "accepted"],
    ]
    assert [answer.numbers for answer in told] == [[3, 2], [None, 3], [2], [3, None, 4]]
    assert told[1].reasons == ["version_conflict: expected 7, actual 0", None]
    assert told[3].reasons == [None, "agent_key_invalid: Agent key not found", None]
    assert [answer.head for answer in told] == [3, 3, 2, 4]
    assert [answer.first for _, answer in first if answer] == [2, 2, 2, 2]


def test_a_command_and_an_entity_belong_to_their_stream(edge: Edge, agents: list[Agent]) -> None:
    command = uuid.uuid4()
    answers = edge.ingest_streams(
        *[(agent, [agent.event(command_id=command, entity_id="O-1", base_version=0)]) for agent in agents]
    )
    assert [answer.kinds for _, answer in answers if answer] == [["accepted"]] * 4
    again = edge.ingest_streams(
        *[
            (agent, [agent.event(command_id=command), agent.event(entity_id="O-1", base_version=1)])
            for agent in agents
        ]
    )
    assert [answer.kinds for _, answer in again if answer] == [["rejected", "accepted"]] * 4


def test_a_new_stream_is_left_to_a_call_of_its_own(edge: Edge, agents: list[Agent]) -> None:
    new = agents[0].in_store()
    answers = edge.ingest_streams((agents[0], [agents[0].event()]), (new, [new.event()]))
    assert [outcome for outcome, _ in answers] == ["appended", "busy"]
    assert edge.ingest(new, new.event()).numbers == [1]


def test_a_locked_stream_is_skipped_and_the_others_go_on(
    edge: Edge, agents: list[Agent], owner: psycopg.Connection[Any]
) -> None:
    with psycopg.connect(owner.info.dsn) as holder:
        holder.execute(
            "select from ves_store.ves_sequence_counters where tenant_id = %s and store_id = %s for update",
            [agents[1].tenant_id, agents[1].store_id],
        )
        answers = edge.ingest_streams(*[(agent, [agent.event()]) for agent in agents])
    assert [outcome for outcome, _ in answers] == ["appended", "busy", "appended", "appended"]
    assert edge.ingest(agents[1], agents[1].event()).numbers == [2]


def test_a_stream_whose_caller_or_schemas_are_stale_is_skipped_and_leaves_nothing(
    edge: Edge, agents: list[Agent], owner: psycopg.Connection[Any]
) -> None:
    epoch = 0  # no credential of these tenants was ever changed
    answers = edge.ingest_streams(
        *[(agent, [agent.event(), agent.event(base_version=9)]) for agent in agents],
        auth_epochs=[epoch, epoch - 1, epoch, None],
        schema_epochs=[0, 0, 4, None],
    )
    assert [outcome for outcome, _ in answers] == [
        "appended",
        "stale_credentials",
        "stale_schemas",
        "appended",
    ]
    for agent, head in zip(agents, [2, 1, 1, 2], strict=True):
        assert edge.ingest(agent, agent.event()).first == head + 1
    rejected = "select count(*) from ves_store.ves_rejections where tenant_id = %s and store_id = %s"
    assert [scalar(owner, rejected, [agent.tenant_id, agent.store_id]) for agent in agents] == [1, 0, 0, 1]


def test_a_stale_administrator_makes_every_stream_of_the_call_stale(
    edge: Edge, agents: list[Agent], admin: psycopg.Connection[Any]
) -> None:
    nil = uuid.UUID(int=0)
    key_hash = secrets.token_hex(32)
    admin.execute("select ves.create_api_key(%s, %s)", [key_hash, nil])
    seen = scalar(edge.connection, "select auth_epoch from ves.authenticate(%s)", [key_hash])
    batches = [(agent, [agent.event()]) for agent in agents]
    answers = edge.ingest_streams(*batches, admin_epoch=seen)
    assert {outcome for outcome, _ in answers} == {"appended"}
    admin.execute("select ves.revoke_api_key(%s, %s)", [key_hash, nil])
    batches = [(agent, [agent.event()]) for agent in agents]
    answers = edge.ingest_streams(*batches, admin_epoch=seen)
    assert {outcome for outcome, _ in answers} == {"stale_credentials"}
    assert {outcome for outcome, _ in edge.ingest_streams(*batches)} == {"appended"}


def test_two_tenants_may_use_one_event_id_in_one_call(edge: Edge, agents: list[Agent]) -> None:
    shared = uuid.uuid4()
    answers = edge.ingest_streams(
        (agents[0], [agents[0].event(event_id=shared)]), (agents[2], [agents[2].event(event_id=shared)])
    )
    assert [answer.kinds for _, answer in answers if answer] == [["accepted"], ["accepted"]]


def test_a_batch_that_is_refused_whole_makes_no_stream(
    edge: Edge, agents: list[Agent], owner: psycopg.Connection[Any]
) -> None:
    new = agents[0].in_store()
    assert edge.ingest(new, new.event(base_version=3)).kinds == ["rejected"]
    streams = "select count(*) from ves_store.ves_sequence_counters where tenant_id = %s and store_id = %s"
    assert scalar(owner, streams, [new.tenant_id, new.store_id]) == 0
    assert edge.ingest(new, new.event()).numbers == [1]


@pytest.mark.parametrize(
    "columns", [{"event_counts": [1, 2]}, {"event_counts": [2, 0]}, {"event_counts": [2]}, {"store_ids": []}]
)
def test_counts_that_do_not_fit_the_arrays_are_refused(
    edge: Edge, agents: list[Agent], columns: dict[str, Any]
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        edge.ingest_streams((agents[0], [agents[0].event()]), (agents[2], [agents[2].event()]), **columns)
    assert refusal.value.sqlstate == "VE502"
