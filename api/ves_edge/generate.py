"""Writes `ves_edge/gen`: the typed calls of the functions of schema `ves`, read from an installed database.

`python -m ves_edge.generate <database url>`, of a database in full mode; `make generate` starts a server for it. Facts
that the catalog lacks (nullable values, idempotent calls) are in sql/calls.toml; a missing entry is an error.
"""

from __future__ import annotations

import csv
import keyword
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from ves import error_codes
from ves_edge import templates
from ves_edge.catalog import Column, Function, Parameter, Returns, Volatility

ROOT: Final = Path(__file__).resolve().parents[2]
CALLS: Final = ROOT / "sql" / "calls.toml"
CONSTRAINTS: Final = ROOT / "sql" / "errors" / "constraints.csv"
GEN: Final = Path(__file__).parent / "gen"

_PYTHON: Final = {
    "uuid": "UUID",
    "text": "str",
    "json": "str",
    "jsonb": "Any",
    "smallint": "int",
    "integer": "int",
    "bigint": "int",
    "double precision": "float",
    "boolean": "bool",
    "bytea": "bytes",
    "timestamp with time zone": "datetime",
    "interval": "timedelta",
}
# PostgreSQL's name of the element type -> class of `ves_edge.arrays` that sends a finished array.
_ARRAYS: Final = {
    "uuid": "UuidArray",
    "text": "TextArray",
    "json": "JsonArray",
    "bytea": "BytesArray",
    "smallint": "Int2Array",
    "integer": "Int4Array",
    "bigint": "Int8Array",
}
_VOLATILITY: Final[dict[str, Volatility]] = {"i": "immutable", "s": "stable", "v": "volatile"}
_KEY_NUMBER: Final = re.compile(r"(^|_)key_ids?$")
_LITERAL: Final = re.compile(r"'((?:[^']|'')*)'(?:::([\w ]+(?:\[\])?))?")

_CATALOG: Final = b"""
select
  p.proname as name,
  coalesce(obj_description(p.oid, 'pg_proc'), '') as comment,
  p.proretset as many,
  format_type(p.prorettype, null) as result,
  p.provolatile::text as volatility,
  coalesce(p.proargmodes::text[], array_fill('i'::text, array[p.pronargs::int])) as modes,
  coalesce(p.proargnames, '{}') as names,
  (
    select coalesce(array_agg(format_type(t.oid, null) order by t.place), '{}')
    from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) with ordinality as t (oid, place)
  ) as types,
  (
    select coalesce(array_agg(pg_get_function_arg_default(p.oid, n) order by n), '{}')
    from generate_series(1, p.pronargs) as n
  ) as defaults,
  (
    select coalesce(array_agg(a.grantee::regrole::text order by a.grantee::regrole::text), '{}')
    from aclexplode(p.proacl) as a
    where a.grantee <> p.proowner and a.grantee <> 0
  ) as roles
from pg_catalog.pg_proc as p
where p.pronamespace = 'ves'::regnamespace and p.prokind = 'f'
order by p.proname
"""
_COMPOSITES: Final = b"""
select format_type(c.reltype, null) as name, coalesce(obj_description(c.reltype, 'pg_type'), '') as comment,
  array_agg(a.attname::text order by a.attnum) as names,
  array_agg(format_type(a.atttypid, null) order by a.attnum) as types
from pg_catalog.pg_class as c
inner join pg_catalog.pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'ves'::regnamespace and c.relkind = 'c'
group by c.reltype, c.oid
order by 1
"""


class GenerateError(Exception):
    """The catalog and sql/calls.toml do not fit each other."""


class Facts:
    """Reader of sql/calls.toml that records the entries used, because an unused entry is an error too."""

    def __init__(self, text: str) -> None:
        data = tomllib.loads(text)
        self._repeat: dict[str, str] = data["repeat"]
        self._once: dict[str, str] = data["once"]
        self._null: dict[str, dict[str, list[str]]] = data["null"]
        self._lists: dict[str, list[str]] = data["lists"]
        self._asked: set[tuple[str, str]] = set()

    def repeatable(self, name: str, volatility: str) -> tuple[bool, str]:
        """Whether a call may be repeated when its outcome is unknown, and why. A volatile one must be listed."""
        if volatility != "volatile":
            return True, "it reads"
        if (name in self._repeat) == (name in self._once):
            raise GenerateError(f"{name}: say in sql/calls.toml, once, under [repeat] or [once], why")
        self._asked.add(("repeat", name))
        return name in self._repeat, self._repeat.get(name) or self._once[name]

    def nullable(self, kind: str, name: str, member: str) -> bool:
        """Whether a parameter or a column, of the function or composite type `name`, may be null."""
        if member not in self._null[kind].get(name, ()):
            return False
        self._asked.add((f"{kind}.{name}", member))
        return True

    def listed(self, kind: str, name: str) -> bool:
        """Whether a function is in one of the plain lists: arrays, streams, null results."""
        if name not in self._lists[kind]:
            return False
        self._asked.add((kind, name))
        return True

    def unused(self) -> list[str]:
        """Entries of functions, columns or parameters that there are not."""
        there = {("repeat", name) for name in (*self._repeat, *self._once)}
        there |= {(kind, name) for kind, names in self._lists.items() for name in names}
        there |= {
            (f"{kind}.{name}", member)
            for kind, entries in self._null.items()
            for name, members in entries.items()
            for member in members
        }
        return sorted(" ".join(entry) for entry in there - self._asked)


def camel(name: str) -> str:
    """`ves.legacy_event` and `legacy_event` as `LegacyEvent`."""
    return "".join(part.capitalize() for part in name.removeprefix("ves.").split("_"))


def _is_key_number(name: str, sql_type: str) -> bool:
    return sql_type in {"integer", "integer[]"} and bool(_KEY_NUMBER.search(name))


def python_type(sql_type: str, composites: Mapping[str, Any]) -> str:
    """The annotation of a value of this type. GenerateError for a type that is not mapped yet."""
    if sql_type.endswith("[]"):
        return f"list[{python_type(sql_type.removesuffix('[]'), composites)}]"
    if sql_type in composites:
        return camel(sql_type)
    if sql_type not in _PYTHON:
        raise GenerateError(f"no Python type for {sql_type}")
    return _PYTHON[sql_type]


def _or_none(python: str, *, nullable: bool) -> str:
    return f"{python} | None" if nullable and python != "Any" else python


def python_default(text: str | None) -> str | None:
    """An SQL default as a Python literal. GenerateError for one that is not constant."""
    if text is None:
        return None
    if text.startswith("NULL"):
        return "None"
    if text in {"true", "false"}:
        return text.capitalize()
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return text
    if match := _LITERAL.fullmatch(text):
        content, kind = match[1].replace("''", "'"), match[2]
        if content == "{}" and kind and kind.endswith("[]"):
            return "()"
        return f"UUID({content!r})" if kind == "uuid" else repr(content)
    raise GenerateError(f"the default {text} is not a constant")


def _columns(
    names: list[str], types: list[str], owner: str, facts: Facts, composites: Mapping[str, Any]
) -> tuple[Column, ...]:
    return tuple(
        Column(
            name,
            sql_type,
            _or_none(python_type(sql_type, composites), nullable=facts.nullable("columns", owner, name)),
        )
        for name, sql_type in zip(names, types, strict=True)
    )


def _parameters(row: Mapping[str, Any], facts: Facts) -> tuple[Parameter, ...]:
    name, found = row["name"], []
    inputs = [i for i, mode in enumerate(row["modes"]) if mode == "i"]
    for index in inputs:
        parameter, sql_type = row["names"][index], row["types"][index]
        if keyword.iskeyword(parameter):
            raise GenerateError(f"{name}: {parameter} is a word of Python")
        default = python_default(row["defaults"][index])
        if facts.listed("arrays", name) and sql_type.endswith("[]"):
            python = f"arrays.{_ARRAYS[sql_type.removesuffix('[]')]}"
        else:
            python = python_type(sql_type, {}).replace("list[", "Sequence[")
        nullable = default == "None" or facts.nullable("parameters", name, parameter)
        annotation = _or_none(python, nullable=nullable)
        is_key = not python.startswith("arrays.") and _is_key_number(parameter, sql_type)
        found.append(Parameter(parameter, sql_type, annotation, default, is_key))
    return tuple(found)


def _select(column: Column, source: str, composites: Mapping[str, tuple[Column, ...]]) -> str:
    """Expression of a column: a composite one as an anonymous record, a key number as unsigned."""
    if column.sql_type in composites:
        members = ", ".join(f"({source}.{column.name}).{m.name}" for m in composites[column.sql_type])
        return f"case when not {source}.{column.name} is null then row({members}) end as {column.name}"
    if _is_key_number(column.name, column.sql_type):
        return f"{source}.{column.name}::bigint & 4294967295 as {column.name}"
    return f"{source}.{column.name}"


def _statement(
    row: Mapping[str, Any], function: Function, composites: Mapping[str, tuple[Column, ...]]
) -> bytes:
    given = ", ".join(f"{p.name} => %({p.name})s::{p.sql_type}" for p in function.parameters)
    call = f"ves.{row['name']}({given})"
    if function.returns in {"value", "nothing"}:
        return f"select {call}".encode()
    members = ", ".join(_select(column, "answer", composites) for column in function.columns)
    return f"select {members} from {call} as answer".encode()  # noqa: S608 (names of the catalog)


def _function(row: Mapping[str, Any], facts: Facts, composites: Mapping[str, tuple[Column, ...]]) -> Function:
    name, result = row["name"], row["result"]
    volatility = _VOLATILITY[row["volatility"]]
    returns: Returns
    outputs = [i for i, mode in enumerate(row["modes"]) if mode == "t"]
    null_result = facts.listed("null_results", name)
    if outputs:
        columns = _columns(
            [row["names"][i] for i in outputs], [row["types"][i] for i in outputs], name, facts, composites
        )
        returns, record = "rows", f"{camel(name)}Row"
    elif result in composites:
        columns = composites[result]
        returns, record = "rows" if row["many"] else "row", camel(result)
    elif result == "void":
        columns, returns, record = (), "nothing", "None"
    else:
        columns, returns, record = (), "value", python_type(result, composites)
    repeatable, reason = facts.repeatable(name, volatility)
    function = Function(
        name=name,
        parameters=_parameters(row, facts),
        returns=returns,
        record=_or_none(record, nullable=null_result),
        columns=columns,
        comment=row["comment"],
        roles=tuple(row["roles"]),
        volatility=volatility,
        repeatable=repeatable,
        reason=reason,
        statement=b"",
    )
    return replace(function, statement=_statement(row, function, composites))


def read_constraints() -> list[tuple[str, str, str]]:
    """Constraint, its error or `retry`, reason. GenerateError for an error that is not registered."""
    with CONSTRAINTS.open(encoding="utf-8", newline="") as file:
        rows = [(row["constraint"], row["error"], row["reason"]) for row in csv.DictReader(file)]
    for name, error, _ in rows:
        if error != "retry" and error not in error_codes.BY_NAME:
            raise GenerateError(f"{name}: {error} is not in sql/errors/errors.csv")
    return rows


def generate(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Source text by file name of `ves_edge/gen`. GenerateError where sql/calls.toml and the catalog do not fit."""
    facts = Facts(CALLS.read_text(encoding="utf-8"))
    composites: dict[str, tuple[Column, ...]] = {}
    types = []
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_COMPOSITES).fetchall():
            members = _columns(row["names"], row["types"], row["name"].removeprefix("ves."), facts, {})
            composites[row["name"]] = members
            types.append((row["name"], row["comment"], members))
        rows = [row for row in cursor.execute(_CATALOG).fetchall() if row["roles"]]
    functions = [_function(row, facts, composites) for row in rows]
    streams = [f.name for f in functions if facts.listed("streams", f.name)]
    if unused := facts.unused():
        raise GenerateError(f"sql/calls.toml names what there is not: {', '.join(unused)}")
    return {
        "constraints.py": templates.constraints(read_constraints()),
        "records.py": templates.records(types, functions, camel),
        "functions.py": templates.table(functions),
        "aio.py": templates.calls(functions, streams, asynchronous=True),
        "sync.py": templates.calls(functions, streams, asynchronous=False),
    }


def main(database_url: str) -> None:
    """Write the files."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for name, text in generate(connection).items():
            (GEN / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
