"""Rotation: a new key takes over, the old one verifies for a grace period or not at all (VES 6.2, 18)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, scalar

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.sql.support import Edge

ROTATE = "select (r).* from ves.rotate_agent_key(%(tenant)s, %(agent)s, %(old)s, %(new)s{extra}) as r"
STATUS = "select ves.get_key_effective_status(%s, %s, %s)"
HOUR = dt.timedelta(hours=1)


def rotate(connection: psycopg.Connection[Any], agent: Agent, new: Agent, **named: Any) -> tuple[Any, ...]:
    extra = "".join(f", {name} => %({name})s" for name in named)
    row = connection.execute(
        ROTATE.format(extra=extra),
        {
            "tenant": agent.tenant_id,
            "agent": agent.agent_id,
            "old": agent.key_id,
            "new": new.key_id,
            **named,
        },
    ).fetchone()
    assert row is not None
    return row


def successor(agent: Agent, key_id: int = 2) -> Agent:
    return Agent(agent.tenant_id, agent.store_id, agent.agent_id, key_id=key_id)


def status(connection: psycopg.Connection[Any], agent: Agent) -> str:
    return str(scalar(connection, STATUS, [agent.tenant_id, agent.agent_id, agent.key_id]))


def refusal(connection: psycopg.Connection[Any], agent: Agent, new: Agent, **named: Any) -> tuple[Any, Any]:
    with pytest.raises(psycopg.Error) as caught:
        rotate(connection, agent, new, **named)
    return caught.value.sqlstate, caught.value.diag.message_detail


def test_both_keys_sign_in_the_grace_period_and_only_the_new_one_after_it(
    admin: psycopg.Connection[Any], edge: Edge, agent: Agent, owner: psycopg.Connection[Any]
) -> None:
    new = successor(agent)
    old_id, old_status, new_id, rotated_at, grace_until = rotate(
        admin, agent, new, public_key=new.public_key, grace_period=HOUR
    )
    assert (old_id, old_status, new_id, grace_until - rotated_at) == (1, "in_grace", 2, HOUR)
    assert edge.ingest(agent, agent.event()).kinds == ["accepted"]
    assert edge.ingest(new, new.event()).kinds == ["accepted"]
    at = "select ves.get_key_effective_status(%s, %s, %s, %s), ves.is_agent_key_valid(%s, %s, %s, %s)"
    for instant, expected in (
        (rotated_at - dt.timedelta(microseconds=1), ("active", True)),
        (rotated_at, ("in_grace", True)),
        (grace_until, ("in_grace", True)),
        (grace_until + dt.timedelta(microseconds=1), ("expired", False)),
    ):
        arguments = [agent.tenant_id, agent.agent_id, 1, instant]
        assert admin.execute(at, arguments * 2).fetchone() == expected


def test_ingest_refuses_the_old_key_when_the_grace_period_is_over(
    admin: psycopg.Connection[Any], edge: Edge, agent: Agent
) -> None:
    new = successor(agent)
    rotate(admin, agent, new, public_key=new.public_key, grace_period=dt.timedelta(0))
    assert edge.ingest(agent, agent.event()).reasons == ["agent_key_invalid: Agent key has expired"]
    assert status(admin, agent) == "expired"


@pytest.mark.parametrize("how", [{"revoke_old": True}, {"reason": "compromise"}])
def test_a_compromised_key_is_revoked_at_once(
    admin: psycopg.Connection[Any], edge: Edge, agent: Agent, how: dict[str, Any]
) -> None:
    new = successor(agent)
    row = rotate(admin, agent, new, public_key=new.public_key, **how)
    assert (row[1], row[4]) == ("revoked", None)
    assert edge.ingest(agent, agent.event()).reasons == ["agent_key_invalid: Agent key has been revoked"]
    assert edge.ingest(new, new.event()).kinds == ["accepted"]


def test_a_registered_key_takes_over_and_is_valid_from_now_on(
    admin: psycopg.Connection[Any], agent: Agent
) -> None:
    new = successor(agent)
    new.register(admin, valid_from="2100-01-01T00:00:00Z")
    assert status(admin, new) == "not_yet_valid"
    rotate(admin, agent, new)
    assert (status(admin, agent), status(admin, new)) == ("in_grace", "active")


def test_the_grace_period_never_outlives_the_window_of_the_key(admin: psycopg.Connection[Any]) -> None:
    agent = Agent()
    end = scalar(admin, "select now() + interval '10 minutes'")
    agent.register(admin, valid_to=end)
    new = successor(agent)
    assert rotate(admin, agent, new, public_key=new.public_key, grace_period=HOUR)[4] == end


def test_without_a_policy_the_grace_period_is_72_hours(admin: psycopg.Connection[Any], agent: Agent) -> None:
    new = successor(agent)
    row = rotate(admin, agent, new, public_key=new.public_key)
    assert row[4] - row[3] == 72 * HOUR


def test_a_policy_sets_the_grace_period_and_the_one_of_the_agent_wins(
    admin: psycopg.Connection[Any], agent: Agent
) -> None:
    policy = "select ves.set_key_rotation_policy(%s, %s, grace_period_hours => %s)"
    admin.execute(policy, [agent.tenant_id, None, 5])
    new, newer = successor(agent), successor(agent, 3)
    row = rotate(admin, agent, new, public_key=new.public_key)
    assert row[4] - row[3] == 5 * HOUR
    admin.execute(policy, [agent.tenant_id, agent.agent_id, 2])
    row = rotate(admin, new, newer, public_key=newer.public_key)
    assert row[4] - row[3] == 2 * HOUR


def test_only_an_active_key_is_rotated(admin: psycopg.Connection[Any], agent: Agent) -> None:
    new, newer = successor(agent), successor(agent, 3)
    rotate(admin, agent, new, public_key=new.public_key)
    wanted = {"public_key": newer.public_key}
    assert refusal(admin, agent, newer, **wanted) == ("VE208", '{"status": "in_grace"}')
    admin.execute("select ves.revoke_agent_key(%s, %s, 1)", [agent.tenant_id, agent.agent_id])
    assert refusal(admin, agent, newer, **wanted) == ("VE208", '{"status": "revoked"}')
    assert (
        scalar(admin, "select count(*) from ves.list_agent_keys(%s, %s)", [agent.tenant_id, agent.agent_id])
        == 2
    )


def test_a_key_that_is_gone_cannot_take_over(admin: psycopg.Connection[Any], agent: Agent) -> None:
    gone = successor(agent)
    gone.register(admin)
    admin.execute("select ves.revoke_agent_key(%s, %s, 2)", [agent.tenant_id, agent.agent_id])
    assert refusal(admin, agent, gone) == ("VE208", '{"status": "revoked"}')
    assert status(admin, agent) == "active"


def test_a_wrong_rotation_changes_nothing(admin: psycopg.Connection[Any], agent: Agent) -> None:
    new = successor(agent)
    key = {"public_key": new.public_key}
    assert refusal(admin, agent, new)[0] == "VE203"
    assert refusal(admin, agent, agent, **key)[1] == '{"field": "newKeyId"}'
    assert refusal(admin, agent, new, **key, reason="mood")[1] == '{"field": "reason"}'
    assert refusal(admin, agent, new, **key, grace_period=-HOUR)[1] == '{"field": "gracePeriod"}'
    assert refusal(admin, agent, new, public_key=bytes(32))[0] == "VE201"
    assert refusal(admin, agent, new, public_key=bytes([9, *bytes(31)]), key_algorithm=2)[1] == (
        '{"field": "keyAlgorithm"}'
    )
    for stranger in (Agent(), Agent(agent_id=agent.agent_id)):
        assert refusal(admin, stranger, new, **key)[0] == "VE203"
    assert status(admin, agent) == "active"
    assert (
        scalar(admin, "select count(*) from ves.list_agent_keys(%s, %s)", [agent.tenant_id, agent.agent_id])
        == 1
    )


def test_registration_rotation_and_revocation_are_logged_with_who_did_it(
    admin: psycopg.Connection[Any], shared: Database, agent: Agent
) -> None:
    new = successor(agent)
    context = '{"actor": "0123456789abcdef", "actor_type": "api_key"}'
    # A session of the administrator may not name a credential; one with the API's rights may.
    with pytest.raises(psycopg.Error) as refusal:
        rotate(admin, agent, new, public_key=new.public_key, context=context)
    assert refusal.value.sqlstate == "VE105"
    with shared.connect() as superuser:
        rotate(superuser, agent, new, public_key=new.public_key, context=context)
        superuser.execute(
            "select ves.revoke_agent_key(%s, %s, 1, 'lost laptop', %s)",
            [agent.tenant_id, agent.agent_id, context],
        )
    rows = admin.execute(
        "select action, old_key_id, new_key_id, actor_type, actor_id from ves.list_key_history(%s, %s)"
        " order by entry_id",
        [agent.tenant_id, agent.agent_id],
    ).fetchall()
    who = ("api", "0123456789abcdef")
    assert rows == [
        ("key_registered", None, 1, "admin", "ves_api"),
        ("key_registered", None, 2, *who),
        ("grace_period_started", 1, 2, *who),
        ("key_rotated", 1, 2, *who),
        ("key_revoked", 1, None, *who),
    ]


def test_the_audit_log_names_the_key_and_the_reason(
    admin: psycopg.Connection[Any], owner: psycopg.Connection[Any], agent: Agent
) -> None:
    new = successor(agent)
    rotate(admin, agent, new, public_key=new.public_key)
    admin.execute("select ves.revoke_agent_key(%s, %s, 1, 'lost laptop')", [agent.tenant_id, agent.agent_id])
    entries = owner.execute(
        "select action, resource_id, details ->> 'reason' from ves_store.audit_log"
        " where tenant_id = %s order by number",
        [agent.tenant_id],
    ).fetchall()
    name = f"{agent.agent_id}/1"
    assert entries == [
        ("agent_key_registered", name, None),
        ("agent_key_rotated", name, "manual"),
        ("agent_key_revoked", name, "lost laptop"),
    ]


def test_the_next_number_follows_the_highest_and_starts_at_one(
    admin: psycopg.Connection[Any], agent: Agent
) -> None:
    call = "select ves.get_next_agent_key_id(%s, %s)"
    assert scalar(admin, call, [agent.tenant_id, uuid.uuid4()]) == 1
    assert scalar(admin, call, [agent.tenant_id, agent.agent_id]) == 2
    successor(agent, 2**31 + 5).register(admin)
    assert scalar(admin, call, [agent.tenant_id, agent.agent_id]) == 2**31 + 6


def test_an_unknown_key_has_no_status(admin: psycopg.Connection[Any], agent: Agent) -> None:
    names = [uuid.uuid4(), agent.agent_id, 1]
    assert scalar(admin, STATUS, names) is None
    assert scalar(admin, "select ves.is_agent_key_valid(%s, %s, %s)", names) is False
    assert scalar(admin, "select ves.is_key_in_grace_period(%s, %s, %s)", names) is False
