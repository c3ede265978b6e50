"""Whatever is sent, in whatever batches, by however many at once: the engine answers as the model does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.property.engine.model import Model
from tests.property.engine.traffic import Batch, batches, check_stored, repeated, send, told
from tests.sql.support import Agent, Edge, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.conftest import Database

BOUNDED = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
choices = st.lists(st.integers(0, 100), max_size=3)


@pytest.fixture(scope="module")
def superuser(shared: Database) -> Iterator[psycopg.Connection[Any]]:
    with shared.connect() as connection:
        yield connection


@pytest.fixture(scope="module")
def pair(shared: Database) -> Iterator[list[psycopg.Connection[Any]]]:
    """Two more connections of the API's role."""
    with shared.connect("ves_api") as one, shared.connect("ves_api") as other:
        yield [one, other]


def fresh(edge: Edge) -> Agent:
    agent = Agent()
    agent.register(edge.connection)
    return agent


@BOUNDED
@given(batches(), choices)
def test_any_traffic_is_answered_as_the_model_says(
    edge: Edge, superuser: psycopg.Connection[Any], traffic: list[Batch], again: list[int]
) -> None:
    agent, model = fresh(edge), Model()
    for batch in repeated(traffic, again):
        answer = send(edge.connection, agent, edge.signer_id, batch)
        assert told(answer) == model.ingest(*batch)
        assert answer.head == model.heads.get(batch[0], 0)
    check_stored(edge, superuser, agent)


@BOUNDED
@given(batches(largest=6), st.lists(st.integers(1, 6), min_size=1, max_size=8), choices)
def test_the_same_events_in_any_batching_give_one_stream(
    edge: Edge, superuser: psycopg.Connection[Any], traffic: list[Batch], cuts: list[int], again: list[int]
) -> None:
    """Cut into other batches, sent one by one, or sent again: each event is stored once, without a gap."""
    agent, model = fresh(edge), Model()
    store = traffic[0][0]
    events = [event for _, batch in traffic for event in batch]
    cut: list[Batch] = []
    while events:
        size = cuts[len(cut) % len(cuts)]
        cut.append((store, events[:size]))
        events = events[size:]
    for batch in repeated(cut, again):
        assert told(send(edge.connection, agent, edge.signer_id, batch)) == model.ingest(*batch)
    check_stored(edge, superuser, agent)


@BOUNDED
@given(batches(largest=6), batches(largest=6))
def test_two_connections_at_once_are_answered_as_in_some_order_of_their_calls(
    edge: Edge,
    superuser: psycopg.Connection[Any],
    pair: list[psycopg.Connection[Any]],
    mine: list[Batch],
    theirs: list[Batch],
) -> None:
    """One stream; the calls' own instants, taken under the stream's lock, are the order that the model replays."""
    agent, model = fresh(edge), Model()
    store = mine[0][0]

    def run(connection: psycopg.Connection[Any], traffic: list[Batch]) -> list[Any]:
        return [
            (batch, send(connection, agent, edge.signer_id, batch))
            for batch in ((store, events) for _, events in traffic)
        ]

    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(run, connection, traffic)
            for connection, traffic in zip(pair, (mine, theirs), strict=True)
        ]
        calls = [call for future in runs for call in future.result(timeout=60)]
    for batch, answer in sorted(calls, key=lambda call: call[1].sequenced_at):
        assert told(answer) == model.ingest(*batch)
        assert answer.head == model.heads.get(store, 0)
    check_stored(edge, superuser, agent)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
    st.lists(st.integers(0, 40), max_size=5),
    st.integers(1, 7),
)
def test_signed_streams_of_any_batching_and_commitment_verify(
    edge: Edge, superuser: psycopg.Connection[Any], sizes: list[int], replays: list[int], leaves: int
) -> None:
    agent = fresh(edge)
    events = [agent.events(size) for size in sizes]
    for batch in events:
        edge.ingest(agent, *batch)
    flat = [event for batch in events for event in batch]
    for at in replays:
        number = at % len(flat)
        assert edge.ingest(agent, flat[number]).numbers == [number + 1]
    edge.seal(agent)
    while superuser.execute(
        "select * from ves.commit_next(%s, %s, %s)", [agent.tenant_id, agent.store_id, leaves]
    ).fetchall():
        pass
    assert verify(superuser, agent) == []
