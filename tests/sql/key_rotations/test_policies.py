"""Policies and schedules: a due key hands over or is retired, once, and never to a key that nobody registered."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, Edge, scalar

if TYPE_CHECKING:
    from tests.conftest import Database

POLICY = "select ves.set_key_rotation_policy(%(tenant)s, %(agent)s{extra})"
APPLY = "select * from ves.apply_due_rotations(1000)"
COUNT = "select ves.count_key_usage(1000000)"


@pytest.fixture
def admin(database: Database) -> Any:
    """The operator in a database of its own: the worker's step is about every tenant."""
    with database.connect("ves_admin") as connection:
        yield connection


@pytest.fixture
def edge(database: Database) -> Any:
    with database.connect("ves_api") as connection:
        yield Edge.open(connection)


@pytest.fixture
def agent(edge: Edge) -> Agent:
    fresh = Agent()
    fresh.register(edge.connection)
    return fresh


def policy(admin: psycopg.Connection[Any], agent: Agent, *, whole_tenant: bool = False, **named: Any) -> Any:
    extra = "".join(f", {name} => %({name})s" for name in named)
    holder = None if whole_tenant else agent.agent_id
    return scalar(admin, POLICY.format(extra=extra), {"tenant": agent.tenant_id, "agent": holder, **named})


def age(database: Database, agent: Agent, hours: int) -> None:
    """Make a key that was registered so long ago."""
    with database.connect() as connection:
        connection.execute(
            "update ves_store.agent_signing_keys set created_at = created_at - make_interval(hours => %(hours)s),"
            " check_at = check_at - make_interval(hours => %(hours)s)"
            " where tenant_id = %(tenant_id)s and agent_id = %(agent_id)s and key_id = %(key_id)s",
            {
                "hours": hours,
                "tenant_id": agent.tenant_id,
                "agent_id": agent.agent_id,
                "key_id": agent.key_id,
            },
        )


def schedule(admin: psycopg.Connection[Any], agent: Agent, delay: str, *more: Any) -> uuid.UUID:
    extra = ", %s" * len(more)
    rotation: uuid.UUID = scalar(
        admin,
        f"select ves.schedule_key_rotation(%s, %s, %s, now() + %s::interval{extra})",
        [agent.tenant_id, agent.agent_id, agent.key_id, delay, *more],
    )
    return rotation


def statuses(admin: psycopg.Connection[Any], agent: Agent) -> list[str]:
    rows = admin.execute(
        "select status from ves.list_agent_keys(%s, %s)", [agent.tenant_id, agent.agent_id]
    ).fetchall()
    return [row[0] for row in rows]


def rotations(admin: psycopg.Connection[Any], agent: Agent) -> list[tuple[Any, ...]]:
    return admin.execute(
        "select current_key_id, reason, status, new_key_id from ves.list_key_rotations(%s, %s)"
        " order by current_key_id",
        [agent.tenant_id, agent.agent_id],
    ).fetchall()


def successor(agent: Agent, key_id: int = 2) -> Agent:
    return Agent(agent.tenant_id, agent.store_id, agent.agent_id, key_id=key_id)


def test_a_key_that_is_too_old_is_retired_and_a_new_one_is_asked_for(
    admin: psycopg.Connection[Any], database: Database, agent: Agent, edge: Edge
) -> None:
    policy(admin, agent, max_age_hours=24, grace_period_hours=1)
    assert admin.execute(APPLY).fetchone() == (0, 0, 0, 0, 0)
    age(database, agent, 24)
    assert admin.execute(APPLY).fetchone() == (0, 1, 0, 0, 0)
    assert admin.execute(APPLY).fetchone() == (0, 0, 0, 0, 0)
    assert statuses(admin, agent) == ["in_grace"]
    assert rotations(admin, agent) == [(1, "age_limit", "in_progress", None)]
    assert edge.ingest(agent, agent.event()).kinds == ["accepted"]
    successor(agent).register(admin)
    assert rotations(admin, agent) == [(1, "age_limit", "completed", 2)]
    assert statuses(admin, agent) == ["in_grace", "active"]


def test_an_old_key_hands_over_to_the_key_that_the_agent_registered(
    admin: psycopg.Connection[Any], database: Database, agent: Agent
) -> None:
    policy(admin, agent, whole_tenant=True, max_age_hours=24, enforce_expiry=False, auto_rotate=True)
    age(database, agent, 30)
    assert admin.execute(APPLY).fetchone() == (0, 0, 0, 0, 0)
    assert statuses(admin, agent) == ["active"]
    successor(agent).register(admin, valid_from="2100-01-01T00:00:00Z")
    assert admin.execute(APPLY).fetchone() == (1, 0, 0, 0, 0)
    assert statuses(admin, agent) == ["in_grace", "active"]
    assert rotations(admin, agent) == [(1, "age_limit", "completed", 2)]


def test_a_policy_that_only_warns_changes_nothing(
    admin: psycopg.Connection[Any], database: Database, agent: Agent
) -> None:
    policy(admin, agent, max_age_hours=24, warning_threshold_hours=2, enforce_expiry=False)
    due = "select key_id, reason, is_due, successor_key_id from ves.list_key_rotations_due(%s)"
    assert admin.execute(due, [agent.tenant_id]).fetchall() == []
    age(database, agent, 23)
    assert admin.execute(due, [agent.tenant_id]).fetchall() == [(1, "age_limit", False, None)]
    age(database, agent, 1)
    successor(agent).register(admin)
    assert admin.execute(due, [agent.tenant_id]).fetchall() == [(1, "age_limit", True, 2)]
    assert admin.execute(due, [uuid.uuid4()]).fetchall() == []
    assert admin.execute(APPLY).fetchone() == (0, 0, 0, 0, 0)
    assert statuses(admin, agent) == ["active", "active"]


def test_a_key_that_was_used_up_is_retired(admin: psycopg.Connection[Any], agent: Agent, edge: Edge) -> None:
    policy(admin, agent, max_usage_count=3)
    edge.ingest(agent, *agent.events(2))
    admin.execute(COUNT)
    assert admin.execute(APPLY).fetchone() == (0, 0, 0, 0, 0)
    edge.ingest(agent, agent.event())
    admin.execute(COUNT)
    assert admin.execute(APPLY).fetchone() == (0, 1, 0, 0, 0)
    assert rotations(admin, agent) == [(1, "usage_limit", "in_progress", None)]


def test_the_policy_of_the_agent_wins_over_the_one_of_the_tenant(
    admin: psycopg.Connection[Any], database: Database, agent: Agent
) -> None:
    policy(admin, agent, whole_tenant=True, max_age_hours=1)
    policy(admin, agent, max_age_hours=1000)
    age(database, agent, 10)
    assert admin.execute(APPLY).fetchone() == (0, 0, 0, 0, 0)
    assert scalar(admin, "select ves.delete_key_rotation_policy(%s, %s)", [agent.tenant_id, agent.agent_id])
    assert admin.execute(APPLY).fetchone() == (0, 1, 0, 0, 0)


def test_a_policy_is_replaced_listed_and_deleted(admin: psycopg.Connection[Any], agent: Agent) -> None:
    first = policy(admin, agent, whole_tenant=True, max_age_hours=1)
    assert policy(admin, agent, whole_tenant=True, max_usage_count=7, grace_period_hours=0) == first
    rows = admin.execute(
        "select agent_id, key_type, max_age_hours, max_usage_count, grace_period_hours, enforce_expiry"
        " from ves.list_key_rotation_policies(%s)",
        [agent.tenant_id],
    ).fetchall()
    assert rows == [(None, "signing", None, 7, 0, True)]
    delete = "select ves.delete_key_rotation_policy(%s)"
    assert [scalar(admin, delete, [agent.tenant_id]) for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("named", "field"),
    [
        ({"max_age_hours": 0}, "maxAgeHours"),
        ({"max_age_hours": 876_001}, "maxAgeHours"),
        ({"max_usage_count": 0}, "maxUsageCount"),
        ({"warning_threshold_hours": -1}, "warningThresholdHours"),
        ({"grace_period_hours": 876_001}, "gracePeriodHours"),
        ({"key_type": "both"}, "keyType"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(
    admin: psycopg.Connection[Any], agent: Agent, named: dict[str, Any], field: str
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        policy(admin, agent, **named)
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("VE007", f'{{"field": "{field}"}}')


def test_a_scheduled_rotation_waits_for_its_instant(admin: psycopg.Connection[Any], agent: Agent) -> None:
    rotation = schedule(admin, agent, "1 hour")
    assert admin.execute(APPLY).fetchone() == (0, 0, 0, 0, 0)
    assert schedule(admin, agent, "0") == rotation
    assert admin.execute(APPLY).fetchone() == (0, 1, 0, 0, 0)
    assert statuses(admin, agent) == ["in_grace"]


def test_a_scheduled_rotation_hands_over_to_the_key_that_it_names(
    admin: psycopg.Connection[Any], agent: Agent
) -> None:
    for number in (2, 3):
        successor(agent, number).register(admin)
    schedule(admin, agent, "0", "manual", 3)
    assert admin.execute(APPLY).fetchone() == (1, 0, 0, 0, 0)
    assert rotations(admin, agent) == [(1, "manual", "completed", 3)]
    assert statuses(admin, agent) == ["in_grace", "active", "active"]


def test_a_scheduled_compromise_revokes(admin: psycopg.Connection[Any], agent: Agent) -> None:
    schedule(admin, agent, "0", "compromise")
    admin.execute(APPLY)
    assert statuses(admin, agent) == ["revoked"]


def test_a_rotation_to_a_key_that_cannot_take_over_fails_and_leaves_the_old_one(
    admin: psycopg.Connection[Any], agent: Agent
) -> None:
    schedule(admin, agent, "0", "manual", 9)
    assert admin.execute(APPLY).fetchone() == (0, 0, 1, 0, 0)
    assert statuses(admin, agent) == ["active"]
    assert rotations(admin, agent) == [(1, "manual", "failed", 9)]


def test_a_rotation_of_a_key_that_was_revoked_meanwhile_is_cancelled(
    admin: psycopg.Connection[Any], agent: Agent
) -> None:
    schedule(admin, agent, "0")
    admin.execute("select ves.revoke_agent_key(%s, %s, 1)", [agent.tenant_id, agent.agent_id])
    assert admin.execute(APPLY).fetchone() == (0, 0, 0, 1, 0)


def test_a_cancelled_rotation_is_not_done(admin: psycopg.Connection[Any], agent: Agent) -> None:
    rotation = schedule(admin, agent, "0")
    cancel = "select ves.cancel_key_rotation(%s, %s)"
    assert scalar(admin, cancel, [uuid.uuid4(), rotation]) is False
    assert [scalar(admin, cancel, [agent.tenant_id, rotation]) for _ in range(2)] == [True, False]
    assert admin.execute(APPLY).fetchone() == (0, 0, 0, 0, 0)
    assert statuses(admin, agent) == ["active"]


def test_an_unknown_or_retired_key_cannot_be_scheduled(admin: psycopg.Connection[Any], agent: Agent) -> None:
    for stranger in (Agent(), Agent(agent_id=agent.agent_id), successor(agent)):
        with pytest.raises(psycopg.Error) as caught:
            schedule(admin, stranger, "0")
        assert caught.value.sqlstate == "VE203"
    admin.execute("select ves.revoke_agent_key(%s, %s, 1)", [agent.tenant_id, agent.agent_id])
    with pytest.raises(psycopg.Error) as caught:
        schedule(admin, agent, "0")
    assert caught.value.sqlstate == "VE208"


def test_the_end_of_a_window_is_noted_once_and_no_judgement_changes(
    admin: psycopg.Connection[Any], agent: Agent, edge: Edge
) -> None:
    new = successor(agent)
    admin.execute(
        "select ves.rotate_agent_key(%s, %s, 1, 2, %s, grace_period => %s)",
        [agent.tenant_id, agent.agent_id, new.public_key, dt.timedelta(0)],
    )
    assert admin.execute(APPLY).fetchone() == (0, 0, 0, 0, 1)
    assert admin.execute(APPLY).fetchone() == (0, 0, 0, 0, 0)
    history = admin.execute(
        "select action, actor_type from ves.list_key_history(%s) where old_key_id = 1 order by entry_id desc",
        [agent.tenant_id],
    ).fetchall()
    assert history[:2] == [("key_expired", "system"), ("grace_period_ended", "system")]
    assert statuses(admin, agent) == ["expired", "active"]
    assert edge.ingest(agent, agent.event()).reasons == ["agent_key_invalid: Agent key has expired"]


def test_uses_are_counted_by_key_over_all_streams_and_can_be_counted_anew(
    admin: psycopg.Connection[Any], database: Database, agent: Agent, edge: Edge
) -> None:
    other = agent.in_store()
    edge.ingest(agent, *agent.events(5))
    edge.ingest(
        other,
        *other.events(3),
        agent.in_store(other.store_id).event().but(payload_plain_hash="0x" + "11" * 32),
    )
    uses = "select usage_count, last_used_at is not null from ves.list_agent_keys(%s, %s)"
    names = [agent.tenant_id, agent.agent_id]
    assert admin.execute(uses, names).fetchone() == (0, False)
    assert [scalar(admin, "select ves.count_key_usage(3)") for _ in range(4)] == [3, 3, 2, 0]
    assert admin.execute(uses, names).fetchone() == (8, True)
    edge.ingest(agent, agent.event())
    with database.connect() as connection:
        connection.execute("update ves_store.key_usage_counters set usage_count = 99")
    assert scalar(admin, "select ves.rebuild_key_usage(%s)", [agent.tenant_id]) == 8
    assert admin.execute(uses, names).fetchone() == (8, True)
    assert scalar(admin, COUNT) == 1
    assert admin.execute(uses, names).fetchone() == (9, True)


def test_ingest_does_not_touch_the_counters(database: Database, agent: Agent, edge: Edge) -> None:
    edge.ingest(agent, *agent.events(3))
    with database.connect() as connection:
        for table in ("key_usage_counters", "cursors"):
            assert scalar(connection, f"select count(*) from ves_store.{table}") == 0


def test_only_uses_of_encryption_keys_are_told(admin: psycopg.Connection[Any], agent: Agent) -> None:
    tell = "select ves.increment_key_usage(%s, %s, %s, %s, %s)"
    wrap = successor(agent, 7)
    with admin.transaction(force_rollback=True):
        admin.execute(
            "select ves.register_agent_key(%s, %s, 7, %s, 2::smallint)",
            [agent.tenant_id, agent.agent_id, bytes([9, *bytes(31)])],
        )
        names = [wrap.tenant_id, wrap.agent_id, 7, "encryption"]
        assert [scalar(admin, tell, [*names, uses]) for uses in (1, 4)] == [1, 5]
    for arguments, code in (
        ([agent.tenant_id, agent.agent_id, 1, "encryption", 1], "VE203"),
        ([agent.tenant_id, agent.agent_id, 1, "signing", 1], "VE007"),
        ([agent.tenant_id, agent.agent_id, 1, "encryption", 0], "VE007"),
    ):
        with pytest.raises(psycopg.Error) as caught:
            admin.execute(tell, arguments)
        assert caught.value.sqlstate == code


@pytest.mark.parametrize("is_locked", [False, True])
def test_tenants_take_turns_and_a_locked_key_takes_no_place(
    admin: psycopg.Connection[Any], database: Database, edge: Edge, agent: Agent, is_locked: bool
) -> None:
    busy, quiet = [agent, *(replace(agent, agent_id=uuid.uuid4()) for _ in range(3))], Agent()
    for each in [*busy[1:], quiet]:
        each.register(edge.connection)
    for each in busy:
        schedule(admin, each, "-2 hours")
    schedule(admin, quiet, "-1 hour")
    held = f"{agent.agent_id}" if is_locked else None
    with database.connect() as other, other.transaction():
        other.execute("select from ves_store.agent_signing_keys where agent_id = %s for update", [held])
        assert admin.execute("select * from ves.apply_due_rotations(2)").fetchone() == (0, 2, 0, 0, 0)
    done = [rotations(admin, each)[0][2] == "in_progress" for each in [*busy, quiet]]
    assert (sum(done[:-1]), done[-1]) == (1, True)
    assert not (is_locked and done[0])
    assert admin.execute(APPLY).fetchone() == (0, 3, 0, 0, 0)
