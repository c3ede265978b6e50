"""Every public SQL function with generated arguments, as each role that may call it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.arguments import argument
from tests.fuzz.functions import ROLES, public_functions
from ves import error_codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database
    from tests.fuzz.arguments import Known
    from tests.fuzz.functions import Function

# Only ves_api may call these, which made the arrays itself; looking through them for nulls would cost every batch. The
# constraints of the tables refuse such a row, with their own SQLSTATE, and the API answers what it answers to any
# fault of its own.
TRUSTING = {
    "append_payment_intents",
    "record_exact_payment",
    "record_paid_resource",
    "ingest_events",
    "ingest_legacy_events",
    "store_compliance_proof",
}
# The last three: JSON that is no array of objects, a number beyond numeric, an escaped NUL.
CONSTRAINT_STATES = {"23502", "23514", "22P02", "22023", "22003", "22P05"}


@pytest.fixture(scope="session")
def sessions(shared: Database) -> Iterator[dict[str, psycopg.Connection[Any]]]:
    """A session of each role, in which nothing is kept and nothing may take long."""
    opened = {role: shared.connect(role) for role in ROLES}
    for connection in opened.values():
        connection.execute("set statement_timeout to '5s'")
        connection.execute("set lock_timeout to '2s'")
        connection.autocommit = False
    yield opened
    for connection in opened.values():
        with closing(connection):
            connection.rollback()


def outcome(connection: psycopg.Connection[Any], statement: str, arguments: list[Any]) -> str:
    """`ok` or the SQLSTATE; nothing is kept."""
    try:
        connection.execute(statement, arguments).fetchall()
    except psycopg.Error as error:
        return error.sqlstate or type(error).__name__
    else:
        return "ok"
    finally:
        connection.rollback()


def test_every_function_ends_with_a_result_or_a_registered_refusal(
    shared: Database, sessions: dict[str, psycopg.Connection[Any]], known: Known
) -> None:
    functions = public_functions(shared)
    assert len(functions) > 60
    wrong: dict[str, str] = {}
    good: set[str] = set()
    for function in functions:
        assert function.roles, function.name
        _fuzz(function, sessions, known, wrong, good)
    assert not wrong, "\n".join(f"{key}: {call}" for key, call in sorted(wrong.items()))
    assert len(good) > len(functions) / 2, "most calls should get past the first check"
    for connection in sessions.values():
        held = connection.execute(
            "select locktype from pg_locks where pid = pg_backend_pid() and locktype not in ('relation', 'virtualxid')"
        ).fetchall()
        connection.rollback()
        assert held == []


def _fuzz(
    function: Function,
    sessions: dict[str, psycopg.Connection[Any]],
    known: Known,
    wrong: dict[str, str],
    good: set[str],
) -> None:
    @settings(
        max_examples=40,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        role=st.sampled_from(function.roles),
        count=st.integers(function.required, len(function.parameters)),
        values=st.tuples(*(argument(name, kind, known) for name, kind in function.parameters)),
    )
    def call(role: str, count: int, values: tuple[Any, ...]) -> None:
        state = outcome(sessions[role], function.call(count), list(values[:count]))
        if state == "ok":
            good.add(function.name)
        elif function.name in TRUSTING and state in CONSTRAINT_STATES:
            assert role == "ves_api"
        elif state not in error_codes.BY_CODE:
            wrong.setdefault(f"{function.name} {state}", f"{role} {values[:count]!r}"[:400])

    call()
