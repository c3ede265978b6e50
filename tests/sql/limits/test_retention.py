"""Rejections and revoked API keys are kept as the limits say, and everything else is kept."""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, Edge, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

Connection = psycopg.Connection[Any]


@pytest.fixture
def fresh(database: Database) -> Iterator[tuple[Edge, Connection, Connection]]:
    """A database of its own: an edge, a worker and a superuser."""
    with (
        database.connect("ves_api") as api,
        database.connect("ves_worker") as worker,
        database.connect() as superuser,
    ):
        yield Edge.open(api), worker, superuser


def reject(edge: Edge, agent: Agent, count: int) -> None:
    bad = [agent.event().but(payload_plain_hash="0x" + "11" * 32) for _ in range(count)]
    edge.ingest(agent, agent.event(), *bad)


def retain(worker: Connection, since: Any = None, most: int = 10_000) -> tuple[int, int]:
    row = worker.execute(
        "select rejections, api_keys from ves.apply_retention(%s, %s)", [since, most]
    ).fetchone()
    assert row is not None
    return row


def age(superuser: Connection, table: str, column: str, days: int, where: str = "true") -> None:
    """Move rows into the past, as only time could."""
    superuser.execute("set session_replication_role = replica")
    superuser.execute(
        f"update ves_store.{table} set {column} = {column} - interval '{days} days' where {where}"
    )
    superuser.execute("set session_replication_role = origin")


def kept(superuser: Connection, agent: Agent) -> int:
    count: int = scalar(
        superuser, "select count(*) from ves.rejections where tenant_id = %s", [agent.tenant_id]
    )
    return count


def test_the_newest_rejections_of_each_tenant_are_kept(fresh: tuple[Edge, Connection, Connection]) -> None:
    edge, worker, superuser = fresh
    loud, quiet = Agent(), Agent()
    for agent, count in ((loud, 9), (quiet, 3)):
        agent.register(edge.connection)
        reject(edge, agent, count)
    newest = superuser.execute(
        "select rejection_id from ves.rejections where tenant_id = %s order by rejection_id desc limit 4",
        [loud.tenant_id],
    ).fetchall()
    superuser.execute("select ves.set_limit('rejections', 4)")
    assert retain(worker) == (5, 0)
    assert retain(worker) == (0, 0)
    assert (kept(superuser, loud), kept(superuser, quiet)) == (4, 3)
    assert (
        newest
        == superuser.execute(
            "select rejection_id from ves.rejections where tenant_id = %s order by rejection_id desc",
            [loud.tenant_id],
        ).fetchall()
    )


def test_a_step_deletes_at_most_what_it_is_told_and_the_next_goes_on(
    fresh: tuple[Edge, Connection, Connection],
) -> None:
    edge, worker, superuser = fresh
    agent = Agent()
    agent.register(edge.connection)
    reject(edge, agent, 9)
    superuser.execute("select ves.set_limit('rejections', 0)")
    assert [retain(worker, most=4)[0] for _ in range(4)] == [4, 4, 1, 0]


def test_a_tenant_without_news_is_not_looked_at(fresh: tuple[Edge, Connection, Connection]) -> None:
    edge, worker, superuser = fresh
    agent = Agent()
    agent.register(edge.connection)
    reject(edge, agent, 3)
    superuser.execute("select ves.set_limit('rejections', 1)")
    later = scalar(superuser, "select clock_timestamp()")
    assert retain(worker, later) == (0, 0)
    assert retain(worker) == (2, 0)


def test_old_rejections_are_deleted_whatever_their_number(fresh: tuple[Edge, Connection, Connection]) -> None:
    edge, worker, superuser = fresh
    agent = Agent()
    agent.register(edge.connection)
    reject(edge, agent, 3)
    age(superuser, "ves_rejections", "rejected_at", 31)
    reject(edge, agent, 2)
    assert retain(worker, scalar(superuser, "select clock_timestamp()")) == (3, 0)
    assert kept(superuser, agent) == 2


@pytest.mark.parametrize("role", ["postgres", "ves_owner"])
def test_a_rejection_that_the_retention_keeps_cannot_be_deleted(
    fresh: tuple[Edge, Connection, Connection], role: str
) -> None:
    edge, worker, superuser = fresh
    agent, other = Agent(), Agent()
    for one in (agent, other):
        one.register(edge.connection)
        reject(edge, one, 3)
    superuser.execute("select ves.set_limit('rejections', 1)")
    retain(worker)
    superuser.execute(f"set role {role}")
    for statement in (
        "delete from ves_store.ves_rejections",
        "update ves_store.ves_rejections set reason = ''",
    ):
        with pytest.raises(psycopg.Error) as refusal:
            superuser.execute(statement)
        assert refusal.value.sqlstate == "VE501"
    superuser.execute("reset role")
    assert (kept(superuser, agent), kept(superuser, other)) == (1, 1)


def test_revoked_keys_go_after_their_time_but_for_the_newest_of_an_agent(
    fresh: tuple[Edge, Connection, Connection],
) -> None:
    _, worker, superuser = fresh
    tenant, agent = uuid.uuid4(), uuid.uuid4()
    keys = [secrets.token_hex(32) for _ in range(4)]
    for key, owner_of in zip(keys, (agent, agent, agent, None), strict=True):
        superuser.execute("select ves.create_api_key(%s, %s, agent_id => %s)", [key, tenant, owner_of])
    for key in keys[:2]:
        superuser.execute("select ves.revoke_api_key(%s, %s, %s)", [key, tenant, agent])
    superuser.execute("select ves.revoke_api_key(%s, %s)", [keys[3], tenant])
    assert retain(worker) == (0, 0)
    age(superuser, "api_keys", "updated_at", 91)
    assert retain(worker) == (0, 3)
    left = superuser.execute(
        "select key_hash from ves_store.api_keys where tenant_id = %s", [tenant]
    ).fetchall()
    assert left == [(keys[2],)]
    superuser.execute("select ves.revoke_api_key(%s, %s, %s)", [keys[2], tenant, agent])
    age(superuser, "api_keys", "updated_at", 91, f"tenant_id = '{tenant}'")
    assert retain(worker) == (0, 0)
    found = scalar(superuser, "select active from ves.get_agent(%s, %s)", [tenant, agent])
    assert found is False


def test_settled_dead_letters_go_after_their_time_and_open_ones_stay(
    fresh: tuple[Edge, Connection, Connection],
) -> None:
    edge, worker, superuser = fresh
    agent = Agent()
    agent.register(edge.connection)
    edge.ingest(agent, *agent.events(4))
    letter = "select ves_int.dead_letter('c', %s, %s, false, %s, 'unknown')"
    letters = [scalar(superuser, letter, [agent.tenant_id, agent.store_id, n]) for n in (1, 2, 3, 4)]
    for letter_id in letters[:3]:
        superuser.execute("select ves.discard_dead_letter(%s, %s)", [agent.tenant_id, letter_id])
    age(superuser, "dead_letter_events", "settled_at", 31, "sequence_number < 3")
    age(superuser, "dead_letter_events", "created_at", 31)
    deleted = [
        scalar(worker, "select dead_letters from ves.apply_retention(max_rows => %s)", [most])
        for most in (1, 10, 10)
    ]
    assert deleted == [1, 1, 0]
    left = superuser.execute("select sequence_number from ves_store.dead_letter_events order by 1").fetchall()
    assert left == [(3,), (4,)]
