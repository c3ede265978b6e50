"""One superuser session for the vectors: the wrappers belong to no edge's role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Database

Call = "Callable[..., Any]"


@pytest.fixture(scope="session")
def call(shared: Database) -> Iterator[Call]:
    """`call(name, *arguments)` is the result of the function ves_int.name; several columns are a tuple.

    An argument may be a pair (value, type) where PostgreSQL cannot tell the type itself.
    """
    with shared.connect() as connection:
        found = connection.execute("select 1 from pg_extension where extname = 'plpython3u'").fetchone()
        if found is None:
            pytest.skip("core mode has no PL/Python")

        def run(name: str, *arguments: Any) -> Any:
            pairs = [item if isinstance(item, tuple) else (item, type_of(item)) for item in arguments]
            marks = ", ".join(f"%s::{kind}" for _, kind in pairs)
            values = [value for value, _ in pairs]
            row = connection.execute(f"select * from ves_int.{name}({marks})", values).fetchone()
            return row[0] if len(row) == 1 else tuple(row)

        yield run


def type_of(value: Any) -> str:
    return {bytes: "bytea", int: "bigint", str: "text"}[type(value)]


def sqlstate_of(run: Callable[[], Any]) -> str | None:
    """The SQLSTATE that a call ends with."""
    with pytest.raises(psycopg.Error) as caught:
        run()
    return caught.value.sqlstate
