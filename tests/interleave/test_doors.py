"""A schema that is registered while a door of the database waits for its stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.interleave.sessions import Session
from tests.sql.schemas.test_doors import BAD, FAILED, GOOD, Doors, told

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from tests.conftest import Database
    from tests.sql.support import Agent


def call(
    door: str, admin: psycopg.Connection[Any], agent: Agent, payload: str
) -> Callable[[psycopg.Connection[Any]], dict[str, Any]]:
    """A call of the door with one event."""

    def on(connection: psycopg.Connection[Any]) -> dict[str, Any]:
        doors = Doors(connection, admin, agent)
        return doors.legacy(payload) if door == "legacy" else doors.signed(agent.event(payload))

    return on


@pytest.mark.parametrize("door", ["signed", "legacy"])
def test_a_schema_registered_while_the_door_waits_is_the_one_that_counts(
    shared: Database, admin: psycopg.Connection[Any], agent: Agent, door: str
) -> None:
    with Session(shared, "ves_service") as first, Session(shared, "ves_service") as second:
        first.do(call(door, admin, agent, GOOD))
        waiting = second.start(call(door, admin, agent, BAD))
        second.must_wait_for(first, waiting)
        Doors(second.connection, admin, agent).register()
        first.commit()
        answer = waiting.result(timeout=20)
        second.commit()
    assert [message for _, message in told(answer)] == [FAILED]
