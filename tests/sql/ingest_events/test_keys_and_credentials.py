"""Agent keys are judged at ingest; cached credentials are refused once they are stale."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, scalar

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sql.support import Edge

NOW = "clock_timestamp()"


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "problem"),
    [
        (None, None, None),
        ("-1 hour", "1 hour", None),
        ("1 hour", None, "Agent key is not yet valid"),
        (None, "-1 second", "Agent key has expired"),
        ("-2 hours", "-1 hour", "Agent key has expired"),
    ],
)
def test_a_key_counts_inside_its_window_by_the_clock_of_the_server(
    edge: Edge, valid_from: str | None, valid_to: str | None, problem: str | None
) -> None:
    agent = Agent()
    window = {
        name: scalar(edge.connection, f"select {NOW} + %s::interval", [shift])
        for name, shift in (("valid_from", valid_from), ("valid_to", valid_to))
        if shift is not None
    }
    agent.register(edge.connection, **window)
    reasons = edge.ingest(agent, agent.event()).reasons
    assert reasons == [None if problem is None else f"agent_key_invalid: {problem}"]


def test_an_unknown_key_is_named_so(edge: Edge, agent: Agent) -> None:
    stranger = Agent(tenant_id=agent.tenant_id)
    assert edge.ingest(stranger, stranger.event()).reasons == ["agent_key_invalid: Agent key not found"]


def test_a_key_of_another_tenant_is_unknown(edge: Edge, agent: Agent) -> None:
    twin = Agent(agent_id=agent.agent_id, seed=agent.seed)
    assert edge.ingest(twin, twin.event()).reasons == ["agent_key_invalid: Agent key not found"]


def test_a_revoked_key_is_refused_in_the_next_call(edge: Edge, agent: Agent) -> None:
    edge.ingest(agent, agent.event())
    edge.connection.execute("select ves.revoke_agent_key(%s, %s, 1)", [agent.tenant_id, agent.agent_id])
    assert edge.ingest(agent, agent.event()).reasons == ["agent_key_invalid: Agent key has been revoked"]


def test_a_revoked_key_that_also_expired_is_revoked(edge: Edge) -> None:
    agent = Agent()
    agent.register(edge.connection, valid_to=scalar(edge.connection, f"select {NOW} - interval '1 day'"))
    edge.connection.execute("select ves.revoke_agent_key(%s, %s, 1)", [agent.tenant_id, agent.agent_id])
    assert edge.ingest(agent, agent.event()).reasons == ["agent_key_invalid: Agent key has been revoked"]


def test_a_bad_signature_under_a_key_that_does_not_count_is_a_key_problem(edge: Edge, agent: Agent) -> None:
    edge.connection.execute("select ves.revoke_agent_key(%s, %s, 1)", [agent.tenant_id, agent.agent_id])
    event = agent.event().but(agent_signature="0x" + "33" * 64)
    assert edge.ingest(agent, event).reasons == ["agent_key_invalid: Agent key has been revoked"]


def test_the_largest_key_number_is_stored_by_its_bits(edge: Edge) -> None:
    agent = Agent(key_id=2**32 - 1)
    agent.register(edge.connection)
    assert edge.ingest(agent, agent.event()).kinds == ["accepted"]


@pytest.fixture
def epoch(edge: Edge, admin: psycopg.Connection[Any]) -> Callable[[Agent], tuple[str, int]]:
    """Makes an API key of the agent's tenant; answers its hash and the epoch now."""

    def make(agent: Agent) -> tuple[str, int]:
        key_hash = secrets.token_hex(32)
        admin.execute("select ves.create_api_key(%s, %s)", [key_hash, agent.tenant_id])
        return key_hash, scalar(edge.connection, "select auth_epoch from ves.authenticate(%s)", [key_hash])

    return make


def test_credentials_that_are_current_are_taken(
    edge: Edge, agent: Agent, epoch: Callable[[Agent], tuple[str, int]]
) -> None:
    _, current = epoch(agent)
    assert edge.ingest(agent, agent.event(), auth_epoch=current).kinds == ["accepted"]


def test_a_caller_without_credentials_is_not_asked_for_an_epoch(edge: Edge, agent: Agent) -> None:
    assert edge.ingest(agent, agent.event(), auth_epoch=None).kinds == ["accepted"]


def test_stale_credentials_are_refused_and_nothing_is_stored(
    edge: Edge,
    agent: Agent,
    owner: psycopg.Connection[Any],
    admin: psycopg.Connection[Any],
    epoch: Callable[[Agent], tuple[str, int]],
) -> None:
    key_hash, seen = epoch(agent)
    admin.execute("select ves.revoke_api_key(%s, %s)", [key_hash, agent.tenant_id])
    with pytest.raises(psycopg.Error) as refusal:
        edge.ingest(
            agent, agent.event(), agent.event().but(payload_plain_hash="0x" + "22" * 32), auth_epoch=seen
        )
    assert refusal.value.sqlstate == "VE109"
    for table in (
        "ves_events",
        "ves_rejections",
        "ves_sequence_counters",
        "entity_versions",
        "ves_command_dedupe",
    ):
        assert (
            scalar(owner, f"select count(*) from ves_store.{table} where tenant_id = %s", [agent.tenant_id])
            == 0
        ), table
    assert (
        scalar(
            owner,
            "select count(*) from pgmq.q_ves_commit where message ->> 'store_id' = %s",
            [str(agent.store_id)],
        )
        == 0
    )
    fresh = scalar(edge.connection, "select auth_epoch from ves.authenticate(%s)", [epoch(agent)[0]])
    assert fresh > seen
    assert edge.ingest(agent, agent.event(), auth_epoch=fresh).numbers == [1]


def test_a_new_key_does_not_make_the_others_stale(
    edge: Edge, agent: Agent, epoch: Callable[[Agent], tuple[str, int]]
) -> None:
    _, seen = epoch(agent)
    epoch(agent)
    assert edge.ingest(agent, agent.event(), auth_epoch=seen).kinds == ["accepted"]


def test_a_key_that_signs_nothing_is_named_as_the_protocol_names_it(edge: Edge) -> None:
    agent = Agent()
    agent.register(edge.connection, key_algorithm=2)
    bad = "signature verification failed: invalid public key format"
    (outcome,) = edge.ingest(agent, agent.event()).outcomes
    assert (outcome.reason, outcome.message) == (f"agent_key_invalid: {bad}", bad)
    agent.key_id = 2
    agent.register(
        edge.connection,
        key_algorithm=2,
        valid_to=scalar(edge.connection, f"select {NOW} - interval '1 hour'"),
    )
    assert edge.ingest(agent, agent.event()).reasons == ["agent_key_invalid: Agent key has expired"]
