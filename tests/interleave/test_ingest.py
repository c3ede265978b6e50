"""Two sessions ingest: who waits for whom, and what the one who waited sees."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.interleave.sessions import Session
from tests.sql.support import Agent, Answer, Edge, Event, scalar, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Database


@pytest.fixture
def two(shared: Database) -> Iterator[tuple[Session, Session]]:
    with Session(shared, "ves_api") as first, Session(shared, "ves_api") as second:
        yield first, second


def ingest(
    edge: Edge, agent: Agent, *events: Event, **named: Any
) -> Callable[[psycopg.Connection[Any]], Answer]:
    return lambda connection: Edge(connection, edge.signer_id).ingest(agent, *events, **named)


@pytest.fixture(params=[0, 3], ids=["a new stream", "a stream with events"])
def stream(request: pytest.FixtureRequest, edge: Edge, agent: Agent) -> tuple[Agent, int]:
    """A stream and its head."""
    if request.param:
        edge.ingest(agent, *agent.events(request.param))
    return agent, request.param


def test_the_second_batch_of_a_stream_waits_and_continues_the_numbers_of_the_first(
    edge: Edge, admin: psycopg.Connection[Any], two: tuple[Session, Session], stream: tuple[Agent, int]
) -> None:
    (first, second), (agent, head) = two, stream
    assert first.do(ingest(edge, agent, *agent.events(2))).numbers == [head + 1, head + 2]
    waiting = second.start(ingest(edge, agent, agent.event()))
    second.must_wait_for(first, waiting)
    first.commit()
    assert waiting.result(timeout=20).numbers == [head + 3]
    second.commit()
    edge.seal(agent)
    assert verify(admin, agent) == []


def test_a_batch_that_waited_for_a_rollback_takes_the_numbers_itself(
    edge: Edge, two: tuple[Session, Session], stream: tuple[Agent, int]
) -> None:
    (first, second), (agent, head) = two, stream
    first.do(ingest(edge, agent, *agent.events(2)))
    waiting = second.start(ingest(edge, agent, agent.event()))
    second.must_wait_for(first, waiting)
    first.rollback()
    assert waiting.result(timeout=20).numbers == [head + 1]
    second.commit()


def test_a_twin_that_waited_is_answered_as_a_replay(
    edge: Edge, two: tuple[Session, Session], stream: tuple[Agent, int]
) -> None:
    """Also with base_version: the twin sees the stored event before it comes to the version."""
    (first, second), (agent, head) = two, stream
    events = [agent.event(base_version=0), agent.event(command_id=uuid.uuid4())]
    first.do(ingest(edge, agent, *events))
    waiting = second.start(ingest(edge, agent, *events))
    second.must_wait_for(first, waiting)
    first.commit()
    answer = waiting.result(timeout=20)
    assert answer.kinds == ["replayed", "replayed"]
    assert answer.numbers == [head + 1, head + 2]


def test_a_rival_for_a_command_or_a_version_that_waited_loses(
    edge: Edge, two: tuple[Session, Session], stream: tuple[Agent, int]
) -> None:
    (first, second), (agent, _) = two, stream
    command = uuid.uuid4()
    first.do(ingest(edge, agent, agent.event(command_id=command), agent.event(entity_id="E", base_version=0)))
    rivals = [agent.event(command_id=command), agent.event(entity_id="E", base_version=0)]
    waiting = second.start(ingest(edge, agent, *rivals))
    second.must_wait_for(first, waiting)
    first.commit()
    assert waiting.result(timeout=20).reasons == [
        "duplicate_command_id",
        "version_conflict: expected 0, actual 1",
    ]


def test_streams_of_one_tenant_do_not_wait_for_each_other(
    edge: Edge, two: tuple[Session, Session], stream: tuple[Agent, int]
) -> None:
    (first, second), (agent, _) = two, stream
    other = agent.in_store()
    first.do(ingest(edge, agent, *agent.events(2)))
    answer = second.do(
        ingest(edge, other, other.event(entity_id="same"), other.event(command_id=uuid.uuid4()))
    )
    assert answer.numbers == [1, 2]
    second.commit()
    first.commit()


def test_streams_share_no_entity_and_no_command(
    edge: Edge, two: tuple[Session, Session], agent: Agent
) -> None:
    first, second = two
    other, command = agent.in_store(), uuid.uuid4()
    first.do(ingest(edge, agent, agent.event(entity_id="E", command_id=command)))
    assert second.do(
        ingest(edge, other, other.event(entity_id="E", command_id=command, base_version=0))
    ).numbers == [1]


def test_one_id_in_two_stores_at_once_is_stored_once_and_the_retry_says_duplicate(
    edge: Edge, two: tuple[Session, Session], agent: Agent
) -> None:
    first, second = two
    other, event_id = agent.in_store(), uuid.uuid4()
    mine, theirs = agent.event(event_id=event_id), other.event(event_id=event_id)
    first.do(ingest(edge, agent, mine))
    waiting = second.start(ingest(edge, other, other.event(), theirs))
    second.must_wait_for(first, waiting)
    first.commit()
    with pytest.raises(psycopg.errors.UniqueViolation):
        waiting.result(timeout=20)
    second.rollback()
    answer = second.do(ingest(edge, other, other.event(), theirs))
    assert answer.reasons == [None, "duplicate_event_id"]
    assert answer.numbers == [1, None]
    second.commit()


def test_the_service_door_retries_such_a_loss_by_itself(shared: Database, edge: Edge, agent: Agent) -> None:
    other, event_id = agent.in_store(), uuid.uuid4()
    mine, theirs = agent.event(event_id=event_id), other.event(event_id=event_id)
    with Session(shared, "ves_api") as first, Session(shared, "ves_service") as second:
        first.do(ingest(edge, agent, mine))
        waiting = second.start(
            lambda connection: scalar(
                connection, "select ves.ingest_signed_request(%s)", [other.body(other.event(), theirs)]
            )
        )
        second.must_wait_for(first, waiting)
        first.commit()
        answer = waiting.result(timeout=20)
        second.commit()
    assert (answer["eventsAccepted"], answer["sequenceStart"]) == (1, 1)
    assert [item["reason"] for item in answer["rejections"]] == ["duplicate_event_id"]


def test_one_id_in_two_stores_is_free_again_when_the_first_gives_up(
    edge: Edge, two: tuple[Session, Session], agent: Agent
) -> None:
    first, second = two
    other, event_id = agent.in_store(), uuid.uuid4()
    first.do(ingest(edge, agent, agent.event(event_id=event_id)))
    waiting = second.start(ingest(edge, other, other.event(event_id=event_id)))
    second.must_wait_for(first, waiting)
    first.rollback()
    assert waiting.result(timeout=20).numbers == [1]


def test_a_key_revoked_while_a_batch_waits_for_the_stream_is_refused(
    edge: Edge, admin: psycopg.Connection[Any], two: tuple[Session, Session], stream: tuple[Agent, int]
) -> None:
    (first, second), (agent, head) = two, stream
    holder = Agent(agent.tenant_id, agent.store_id)
    holder.register(admin)
    first.do(ingest(edge, holder, holder.event()))
    waiting = second.start(ingest(edge, agent, agent.event()))
    second.must_wait_for(first, waiting)
    admin.execute("select ves.revoke_agent_key(%s, %s, 1)", [agent.tenant_id, agent.agent_id])
    first.commit()
    answer = waiting.result(timeout=20)
    assert answer.reasons == ["agent_key_invalid: Agent key has been revoked"]
    assert answer.head == head + 1


def test_credentials_revoked_while_a_batch_waits_for_the_stream_are_stale(
    edge: Edge,
    admin: psycopg.Connection[Any],
    two: tuple[Session, Session],
    stream: tuple[Agent, int],
) -> None:
    (first, second), (agent, head) = two, stream
    key_hash = uuid.uuid4().hex * 2
    admin.execute("select ves.create_api_key(%s, %s)", [key_hash, agent.tenant_id])
    seen = scalar(edge.connection, "select auth_epoch from ves.authenticate(%s)", [key_hash])
    first.do(ingest(edge, agent, agent.event()))
    waiting = second.start(ingest(edge, agent, agent.event(), auth_epoch=seen))
    second.must_wait_for(first, waiting)
    admin.execute("select ves.revoke_api_key(%s, %s)", [key_hash, agent.tenant_id])
    first.commit()
    with pytest.raises(psycopg.Error) as refusal:
        waiting.result(timeout=20)
    assert refusal.value.sqlstate == "VE109"
    second.rollback()
    assert second.do(ingest(edge, agent, agent.event())).numbers == [head + 2]


def test_a_batch_that_is_numbered_but_not_committed_is_seen_by_nobody(
    edge: Edge,
    admin: psycopg.Connection[Any],
    worker: psycopg.Connection[Any],
    two: tuple[Session, Session],
    agent: Agent,
) -> None:
    first, _ = two
    event = agent.event()
    first.do(ingest(edge, agent, event))
    assert scalar(admin, "select ves.get_receipt(%s, %s)", [agent.tenant_id, event.event_id]) is None
    assert admin.execute("select * from ves.list_streams(%s)", [agent.tenant_id]).fetchall() == []
    assert (
        admin.execute("select * from ves.commit_next(%s, %s)", [agent.tenant_id, agent.store_id]).fetchall()
        == []
    )
    first.commit()
    assert (
        scalar(admin, "select ves.get_receipt(%s, %s)", [agent.tenant_id, event.event_id])["sequenceNumber"]
        == 1
    )


def test_batches_that_share_their_ids_in_opposite_order_store_each_id_once(
    shared: Database, edge: Edge, admin: psycopg.Connection[Any], agent: Agent
) -> None:
    """They meet in the middle, each holding what the other one wants: one of them loses, looks again and answers."""
    other = agent.in_store()
    ids = [uuid.uuid4() for _ in range(400)]
    mine = [agent.event(event_id=event_id) for event_id in ids]
    theirs = [other.event(event_id=event_id) for event_id in reversed(ids)]
    ask = "select ves.ingest_signed_request(%s)"
    with (
        Session(shared, "ves_api") as gate_one,
        Session(shared, "ves_api") as gate_two,
        Session(shared, "ves_service", autocommit=True) as one,
        Session(shared, "ves_service", autocommit=True) as two,
    ):
        gate_one.do(ingest(edge, agent, agent.event()))
        gate_two.do(ingest(edge, other, other.event()))
        steps = [
            one.start(lambda connection: scalar(connection, ask, [agent.body(*mine)])),
            two.start(lambda connection: scalar(connection, ask, [other.body(*theirs)])),
        ]
        one.must_wait_for(gate_one, steps[0])
        two.must_wait_for(gate_two, steps[1])
        endings = [gate.start(lambda connection: connection.commit()) for gate in (gate_one, gate_two)]
        for ending in endings:
            ending.result(timeout=20)
        answers = [step.result(timeout=20) for step in steps]
    assert sum(answer["eventsAccepted"] for answer in answers) == len(ids)
    assert sum(answer["eventsRejected"] for answer in answers) == len(ids)
    assert (
        scalar(admin, "select count(*) from ves.events where tenant_id = %s", [agent.tenant_id])
        == len(ids) + 2
    )
