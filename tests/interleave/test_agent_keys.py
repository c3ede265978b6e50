"""Two operators, or an operator and the worker, change one key at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.interleave.sessions import Session
from tests.sql.support import Agent, Edge, scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Database


@pytest.fixture
def two(shared: Database) -> Iterator[tuple[Session, Session]]:
    with Session(shared, "ves_admin") as first, Session(shared, "ves_admin") as second:
        yield first, second


def rotate(agent: Agent, new_key_id: int) -> Callable[[psycopg.Connection[Any]], Any]:
    return lambda connection: scalar(
        connection,
        "select (r).old_status from ves.rotate_agent_key(%s, %s, 1, %s, %s) as r",
        [agent.tenant_id, agent.agent_id, new_key_id, Agent().public_key],
    )


def revoke(agent: Agent) -> Callable[[psycopg.Connection[Any]], Any]:
    return lambda connection: scalar(
        connection, "select ves.revoke_agent_key(%s, %s, 1)", [agent.tenant_id, agent.agent_id]
    )


def register(agent: Agent) -> Callable[[psycopg.Connection[Any]], Any]:
    return lambda connection: Agent(agent.tenant_id, agent_id=agent.agent_id, key_id=2).register(connection)


def statuses(admin: psycopg.Connection[Any], agent: Agent) -> list[str]:
    rows = admin.execute(
        "select status from ves.list_agent_keys(%s, %s)", [agent.tenant_id, agent.agent_id]
    ).fetchall()
    return [row[0] for row in rows]


def refused(step: Any) -> str | None:
    with pytest.raises(psycopg.Error) as caught:
        step.result(timeout=20)
    return caught.value.sqlstate


def test_a_key_is_rotated_once_when_two_rotate_it(
    admin: psycopg.Connection[Any], two: tuple[Session, Session], agent: Agent
) -> None:
    first, second = two
    assert first.do(rotate(agent, 2)) == "in_grace"
    waiting = second.start(rotate(agent, 3))
    second.must_wait_for(first, waiting)
    first.commit()
    assert refused(waiting) == "VE208"
    second.rollback()
    assert statuses(admin, agent) == ["in_grace", "active"]


def test_a_rotation_that_waited_for_a_revocation_is_refused(
    admin: psycopg.Connection[Any], two: tuple[Session, Session], agent: Agent
) -> None:
    first, second = two
    first.do(revoke(agent))
    waiting = second.start(rotate(agent, 2))
    second.must_wait_for(first, waiting)
    first.commit()
    assert refused(waiting) == "VE208"
    second.rollback()
    assert statuses(admin, agent) == ["revoked"]


def test_a_revocation_that_waited_for_a_rotation_ends_the_grace_period(
    admin: psycopg.Connection[Any], edge: Edge, two: tuple[Session, Session], agent: Agent
) -> None:
    first, second = two
    first.do(rotate(agent, 2))
    waiting = second.start(revoke(agent))
    second.must_wait_for(first, waiting)
    first.commit()
    assert waiting.result(timeout=20) is not None
    second.commit()
    assert statuses(admin, agent) == ["revoked", "active"]
    assert edge.ingest(agent, agent.event()).reasons == ["agent_key_invalid: Agent key has been revoked"]


def test_ingest_never_waits_for_a_rotation_and_sees_it_when_it_is_committed(
    edge: Edge, two: tuple[Session, Session], agent: Agent
) -> None:
    first, _ = two
    first.do(revoke(agent))
    assert edge.ingest(agent, agent.event()).kinds == ["accepted"]
    first.commit()
    assert edge.ingest(agent, agent.event()).kinds == ["rejected"]


def test_the_number_of_a_key_goes_to_one_of_two_that_register_it(
    admin: psycopg.Connection[Any], two: tuple[Session, Session], agent: Agent
) -> None:
    first, second = two
    first.do(register(agent))
    waiting = second.start(register(agent))
    second.must_wait_for(first, waiting)
    first.commit()
    assert refused(waiting) == "VE301"
    second.rollback()
    assert statuses(admin, agent) == ["active", "active"]


def test_the_worker_passes_over_a_key_that_an_operator_holds(
    admin: psycopg.Connection[Any], shared: Database, two: tuple[Session, Session], agent: Agent
) -> None:
    first, _ = two
    admin.execute("select ves.schedule_key_rotation(%s, %s, 1, now())", [agent.tenant_id, agent.agent_id])
    first.do(rotate(agent, 2))
    with shared.connect("ves_worker") as worker:
        worker.execute("select * from ves.apply_due_rotations(1000)")
    first.commit()
    rows = admin.execute(
        "select status, new_key_id from ves.list_key_rotations(%s)", [agent.tenant_id]
    ).fetchall()
    assert rows == [("completed", 2)]
    assert statuses(admin, agent) == ["in_grace", "active"]
