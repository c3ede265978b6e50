"""One role or tenant cannot stop the others: shares of the connections, timeouts, locks, credential epochs."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.security.test_grants import LOGINS
from tests.sql.support import Agent

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.sql.support import Edge

EPOCH = "select coalesce(sum(epoch), 0) from ves_store.credential_epochs where tenant_id = %s"


@pytest.fixture
def agents(edge: Edge) -> list[Agent]:
    """Two agents of two tenants."""
    made = [Agent(), Agent()]
    for agent in made:
        agent.register(edge.connection)
    return made


def test_every_login_but_the_operators_has_a_share_and_room_is_left(shared: Database) -> None:
    with shared.connect() as connection:
        rows = connection.execute(
            "select rolname, rolconnlimit, current_setting('max_connections')::integer from pg_roles"
            " where rolname = any(%s)",
            [LOGINS],
        ).fetchall()
    limits = {role: limit for role, limit, _ in rows}
    assert limits.pop("ves_admin") == -1
    assert all(limit > 0 for limit in limits.values())
    assert sum(limits.values()) <= rows[0][2] * 9 // 10


def fill(stack: ExitStack, database: Database) -> None:
    for _ in range(200):
        stack.enter_context(database.connect("ves_reader"))


def test_an_auditor_cannot_take_the_connection_of_the_operator(shared: Database) -> None:
    with ExitStack() as stack:
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            fill(stack, shared)
        with shared.connect("ves_admin") as admin:
            assert admin.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize("role", LOGINS)
def test_no_login_compiles_plans(shared: Database, role: str) -> None:
    with shared.connect(role) as connection:
        assert connection.execute("show jit").fetchone() == ("off",)


@pytest.mark.parametrize("role", LOGINS)
def test_every_login_has_timeouts_of_its_own(shared: Database, role: str) -> None:
    with shared.connect(role) as connection:
        row = connection.execute(
            "select current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')"
        ).fetchone()
    assert row is not None
    assert "0" not in row


@pytest.mark.parametrize("role", sorted(set(LOGINS) - {"ves_admin"}))
def test_no_login_but_the_operators_fills_the_disk_or_lifts_that_limit(shared: Database, role: str) -> None:
    with shared.connect(role) as connection:
        assert connection.execute("show temp_file_limit").fetchone() == ("1GB",)
        for change in (
            "set temp_file_limit to -1",
            "alter role current_user set temp_file_limit to '-1'",
            "alter role current_user reset temp_file_limit",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change)
        with connection.transaction(force_rollback=True):
            connection.execute("alter role current_user reset all")
            left = connection.execute(
                "select rolconfig from pg_roles where rolname = current_user"
            ).fetchone()
            assert left == (["temp_file_limit=1GB"],)


@pytest.mark.parametrize("role", LOGINS)
@pytest.mark.parametrize(
    "call",
    [
        "pg_advisory_lock(1)",
        "pg_advisory_xact_lock(1, 2)",
        "pg_advisory_lock_shared(1)",
        "pg_try_advisory_lock(1)",
        "pg_try_advisory_xact_lock_shared(1, 2)",
    ],
)
def test_no_role_takes_the_advisory_lock_of_a_stream(shared: Database, role: str, call: str) -> None:
    with shared.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"select {call}".encode())


def test_the_worker_goes_on_where_somebody_keeps_a_stream_locked(
    edge: Edge, agents: list[Agent], shared: Database, admin: psycopg.Connection[Any]
) -> None:
    for agent in agents:
        edge.ingest(agent, agent.event())
        admin.execute(
            "select ves.set_commit_policy(%s, %s, 'automatic', max_events => 1)",
            [agent.tenant_id, agent.store_id],
        )
    with shared.connect("ves_admin") as holder, shared.connect("ves_worker") as worker, holder.transaction():
        holder.execute("select ves.commit_next(%s, %s)", [agents[0].tenant_id, agents[0].store_id])
        done = [
            worker.execute(
                "select * from ves.commit_due(%s, %s)", [agent.tenant_id, agent.store_id]
            ).fetchall()
            for agent in agents
        ]
    assert [len(rows) for rows in done] == [0, 1]


def test_a_change_of_a_key_moves_the_epoch_of_its_tenant_only(
    agents: list[Agent], admin: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    changing, other = agents
    name = changing.agent_id.hex + other.agent_id.hex
    admin.execute(
        "select ves.create_api_key(%s, %s, agent_id => %s)", [name, changing.tenant_id, changing.agent_id]
    )

    def epochs() -> list[int]:
        rows = [owner.execute(EPOCH, [agent.tenant_id]).fetchone() for agent in agents]
        return [int(row[0]) for row in rows if row is not None]

    for _ in range(3):
        admin.execute("select ves.update_api_key(%s, %s, can_read => true)", [name, changing.tenant_id])
    assert epochs() == [0, 0]
    admin.execute("select ves.update_api_key(%s, %s, can_write => true)", [name, changing.tenant_id])
    assert epochs() == [1, 0]
    admin.execute("select ves.revoke_api_key(%s, %s)", [name, changing.tenant_id])
    assert epochs() == [2, 0]
