"""The typed calls of ves_edge: they are those of the catalog, and the server takes every statement."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from ves_edge.gen.functions import FUNCTIONS
from ves_edge.generate import GEN, Facts, GenerateError, generate, python_default

if TYPE_CHECKING:
    import psycopg

    from tests.conftest import Database
    from ves_edge.catalog import Function

ROLES = ("ves_api", "ves_worker", "ves_service", "ves_reader", "ves_admin")
EMPTY = "[repeat]\n[once]\n[null.parameters]\n[null.columns]\n[lists]\narrays = []\n"


def test_the_generated_files_are_those_of_the_catalog(catalog: psycopg.Connection[Any]) -> None:
    stale = [
        name for name, text in generate(catalog).items() if (GEN / name).read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run `make generate`"


def test_every_function_that_a_role_may_execute_has_a_call(catalog: psycopg.Connection[Any]) -> None:
    rows = catalog.execute(
        "select p.proname, r.rolname from pg_proc as p, pg_roles as r"
        " where p.pronamespace = 'ves'::regnamespace and r.rolname = any(%s)"
        " and has_function_privilege(r.rolname, p.oid, 'execute')",
        [list(ROLES)],
    ).fetchall()
    assert {(name, role) for name, role in rows} == {
        (f.name, role) for f in FUNCTIONS.values() for role in f.roles
    }


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_run_the_statements_of_its_functions(shared: Database, role: str) -> None:
    """Planned with nulls: a function, parameter or column that there is not, or may not be used, is an error."""
    with shared.connect(role) as connection:
        for function in FUNCTIONS.values():
            if role in function.roles:
                connection.execute(b"explain " + re.sub(rb"%\(\w+\)s", b"null", function.statement))


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_a_statement_is_prepared_with_the_types_of_its_parameters(
    shared: Database, function: Function
) -> None:
    names = [p.name for p in function.parameters]
    assert re.findall(rb"%\((\w+)\)s", function.statement) == [name.encode() for name in names]
    text = function.statement.decode()
    for place, name in enumerate(names, 1):
        text = text.replace(f"%({name})s", f"${place}")
    with shared.connect(function.roles[0]) as connection:
        connection.execute(f"prepare probe as {text}".encode())
        row = connection.execute("select parameter_types::text[] from pg_prepared_statements").fetchone()
    assert row == ([p.sql_type for p in function.parameters],)


def test_a_volatile_function_that_nobody_judged_stops_the_generation() -> None:
    facts = Facts(EMPTY)
    with pytest.raises(GenerateError, match=r"store_x: say in sql/calls\.toml"):
        facts.repeatable("store_x", "volatile")
    assert facts.repeatable("read_x", "stable")[0]


def test_an_entry_about_nothing_stops_the_generation() -> None:
    facts = Facts(EMPTY.replace("[once]", '[once]\ngone = "it was removed"'))
    assert facts.unused() == ["repeat gone"]


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        (None, None),
        ("NULL::uuid", "None"),
        ("true", "True"),
        ("1000", "1000"),
        ("'it''s'::text", '"it\'s"'),
        ("'{}'::uuid[]", "()"),
        ("'00000000-0000-0000-0000-000000000000'::uuid", "UUID('00000000-0000-0000-0000-000000000000')"),
    ],
)
def test_an_sql_default_becomes_the_same_python_value(text: str | None, literal: str | None) -> None:
    assert python_default(text) == literal


def test_a_default_that_is_no_constant_is_refused() -> None:
    with pytest.raises(GenerateError, match=r"now\(\) is not a constant"):
        python_default("now()")
