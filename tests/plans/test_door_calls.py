"""What a call of a door in the database costs in calls of other functions: of PL/Python, and of the core."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.schemas.test_doors import GOOD, Doors
from tests.sql.support import Agent, Edge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from tests.conftest import Database

CALLS = """
select l.lanname, p.proname, f.calls::int
from pg_stat_xact_user_functions as f
join pg_proc as p on p.oid = f.funcid
join pg_language as l on l.oid = p.prolang
"""


@pytest.fixture
def superuser(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.connect() as connection:
        yield connection


@pytest.fixture
def doors(superuser: psycopg.Connection[Any]) -> Doors:
    """Both doors, of a stream with events and a tenant with a schema."""
    agent = Agent()
    Edge.open(superuser)
    agent.register(superuser)
    found = Doors(superuser, superuser, agent)
    found.signed(agent.event(GOOD))
    found.legacy(GOOD)
    found.register()
    return found


def calls(connection: psycopg.Connection[Any], action: Callable[[], dict[str, Any]]) -> dict[str, int]:
    """Calls that the action makes of PL/Python and of the functions that append."""
    with connection.transaction():
        connection.execute("set local track_functions = 'all'")
        assert not action().get("rejections")
        rows = connection.execute(CALLS).fetchall()
    return {
        "PL/Python": sum(count for language, _, count in rows if language == "plpython3u"),
        "core": sum(count for _, name, count in rows if name in {"ingest_events", "ingest_legacy_events"}),
    }


def test_the_signed_door_enters_pl_python_once(doors: Doors) -> None:
    events = [doors.agent.event(json.dumps({"amount": number})) for number in range(5)]
    assert calls(doors.service, lambda: doors.signed(*events)) == {"PL/Python": 1, "core": 1}


def test_the_legacy_door_enters_pl_python_once(doors: Doors) -> None:
    payloads = [json.dumps({"amount": number, "id": str(uuid.uuid4())}) for number in range(5)]
    assert calls(doors.service, lambda: doors.legacy(*payloads)) == {"PL/Python": 1, "core": 1}
