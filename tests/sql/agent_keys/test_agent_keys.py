"""Agent keys: registered once, revoked at an instant, listed in order (VES 6.2)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, scalar

if TYPE_CHECKING:
    from tests.sql.support import Edge

LIST = "select key_id, key_algorithm, public_key, status, revoked_at from ves.list_agent_keys(%s, %s)"


def refusal(connection: psycopg.Connection[Any], agent: Agent, **named: Any) -> tuple[str | None, str | None]:
    with pytest.raises(psycopg.Error) as caught:
        agent.register(connection, **named)
    return caught.value.sqlstate, caught.value.diag.message_detail


def test_a_key_is_listed_as_it_was_registered(admin: psycopg.Connection[Any]) -> None:
    agent = Agent(key_id=7)
    agent.register(admin)
    assert admin.execute(LIST, [agent.tenant_id, agent.agent_id]).fetchall() == [
        (7, 1, agent.public_key, "active", None)
    ]


def test_keys_are_listed_by_their_unsigned_number(admin: psycopg.Connection[Any]) -> None:
    agent = Agent()
    for number in (2**32 - 1, 5, 2**31, 0):
        Agent(agent.tenant_id, agent_id=agent.agent_id, key_id=number).register(admin)
    listed = admin.execute(LIST, [agent.tenant_id, agent.agent_id]).fetchall()
    assert [row[0] for row in listed] == [0, 5, 2**31, 2**32 - 1]


def test_the_same_number_twice_is_refused_and_changes_nothing(admin: psycopg.Connection[Any]) -> None:
    agent = Agent()
    agent.register(admin)
    other = Agent(agent.tenant_id, agent_id=agent.agent_id)
    assert refusal(admin, other)[0] == "VE301"
    assert admin.execute(LIST, [agent.tenant_id, agent.agent_id]).fetchall()[0][2] == agent.public_key


def test_the_same_number_is_free_for_another_agent_and_another_tenant(admin: psycopg.Connection[Any]) -> None:
    agent = Agent()
    agent.register(admin)
    Agent(agent.tenant_id).register(admin)
    Agent(agent_id=agent.agent_id).register(admin)


@pytest.mark.parametrize(
    "public_key",
    [b"", bytes(31), bytes(33), bytes(32), b"\x01" + bytes(31), b"\xff" * 32, b"\x02" + bytes(31)],
    ids=["empty", "short", "long", "zero", "neutral", "not canonical", "off the curve"],
)
def test_a_key_that_cannot_verify_is_refused(admin: psycopg.Connection[Any], public_key: bytes) -> None:
    with pytest.raises(psycopg.Error) as caught:
        admin.execute(
            "select ves.register_agent_key(%s, %s, 1, %s)", [uuid.uuid4(), uuid.uuid4(), public_key]
        )
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("VE201", '{"field": "publicKey"}')


def test_a_window_that_ends_before_it_starts_is_refused(admin: psycopg.Connection[Any]) -> None:
    window = {"valid_from": "2026-01-02T00:00:00Z", "valid_to": "2026-01-01T00:00:00Z"}
    assert refusal(admin, Agent(), **window) == ("VE007", '{"field": "validTo"}')


@pytest.mark.parametrize("algorithm", [-1, 7])
def test_an_unknown_algorithm_is_refused(admin: psycopg.Connection[Any], algorithm: int) -> None:
    with pytest.raises(psycopg.Error) as caught:
        admin.execute(
            "select ves.register_agent_key(%s, %s, 1, %s, %s::smallint)",
            [uuid.uuid4(), uuid.uuid4(), Agent().public_key, algorithm],
        )
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("VE007", '{"field": "keyAlgorithm"}')


def test_an_unspecified_algorithm_is_stored_as_ed25519(admin: psycopg.Connection[Any]) -> None:
    agent = Agent()
    agent.register(admin, key_algorithm=0)
    assert admin.execute(LIST, [agent.tenant_id, agent.agent_id]).fetchall()[0][1] == 1


def test_revoking_again_keeps_the_first_instant(admin: psycopg.Connection[Any], edge: Edge) -> None:
    agent = Agent()
    agent.register(admin)
    revoke = "select ves.revoke_agent_key(%s, %s, 1)"
    first = scalar(admin, revoke, [agent.tenant_id, agent.agent_id])
    assert scalar(admin, revoke, [agent.tenant_id, agent.agent_id]) == first
    row = admin.execute(LIST, [agent.tenant_id, agent.agent_id]).fetchone()
    assert row is not None
    assert row[3:] == ("revoked", first)


def test_an_unknown_key_cannot_be_revoked(admin: psycopg.Connection[Any]) -> None:
    agent = Agent()
    agent.register(admin)
    for tenant, holder, number in (
        (uuid.uuid4(), agent.agent_id, 1),
        (agent.tenant_id, uuid.uuid4(), 1),
        (agent.tenant_id, agent.agent_id, 2),
    ):
        with pytest.raises(psycopg.Error) as caught:
            admin.execute("select ves.revoke_agent_key(%s, %s, %s)", [tenant, holder, number])
        assert caught.value.sqlstate == "VE203"


def test_key_bytes_are_answered_pair_by_pair_for_one_tenant(edge: Edge) -> None:
    agent = Agent()
    second = Agent(agent.tenant_id, agent_id=agent.agent_id, key_id=2)
    stranger = Agent()
    for holder in (agent, second, stranger):
        holder.register(edge.connection)
    rows = edge.connection.execute(
        "select agent_id, key_id, public_key from ves.get_agent_keys(%s, %s, %s) order by key_id",
        [agent.tenant_id, [agent.agent_id, stranger.agent_id, agent.agent_id, agent.agent_id], [1, 1, 2, 1]],
    ).fetchall()
    assert rows == [(agent.agent_id, 1, agent.public_key), (agent.agent_id, 2, second.public_key)]


def test_a_list_has_a_thousand_keys_at_most(
    admin: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    tenant, holders = uuid.uuid4(), [uuid.uuid4(), uuid.uuid4()]
    owner.execute(
        "insert into ves_store.agent_signing_keys (tenant_id, agent_id, key_id, public_key)"
        " select %s, (%s::uuid[])[1 + n %% 2], n, %s from generate_series(1, 1001) as n",
        [tenant, holders, Agent().public_key],
    )
    assert scalar(owner, "select count(*) from ves.list_agent_keys(%s)", [tenant]) == 1000
