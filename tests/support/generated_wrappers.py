"""`make generate`: writes plpython/wrappers, one PL/Python function of schema `ves_int` for each marked library call."""

from __future__ import annotations

import importlib
import inspect
import types
import typing
from uuid import UUID

from tests.support.cluster import ROOT
from ves.plpython_functions import MARKED, Server, SqlFunction

WRAPPERS = ROOT / "plpython" / "wrappers"
SQL_TYPES = {str: "text", bytes: "bytea", bool: "boolean", int: "bigint", UUID: "uuid", type(None): "void"}

# Importing a module marks its calls.
for _adapter in (
    "ves.plpython",
    "ves.plpython_at_rest",
    "ves.plpython_legacy",
    "ves.plpython_payments",
    "ves.plpython_schemas",
    "ves_stark.plpython",
):
    importlib.import_module(_adapter)

TEMPLATE = """\
-- Generated from {module}.{name} by `make generate`; do not edit.
create or replace function ves_int.{name}({parameters}
)
returns {returns}
language plpython3u
{attributes}
set search_path to pg_catalog, pg_temp
as $$
{body}
$$;

comment on function ves_int.{name}({input_types}) is
'{comment}';
"""


def sql_type(hint: object) -> str:
    """The SQL type of an annotation."""
    if typing.get_origin(hint) is typing.Annotated:
        return str(hint.__metadata__[0])
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        return sql_type(next(item for item in typing.get_args(hint) if item is not type(None)))
    if typing.get_origin(hint) is not None:
        return f"{sql_type(typing.get_args(hint)[0])}[]"
    return SQL_TYPES[hint]


def argument(name: str, hint: object) -> str:
    """The expression that hands a parameter on."""
    if hint is UUID:
        return f"UUID({name})"
    return f"{name} and UUID({name})" if UUID in typing.get_args(hint) else name


def wrapper(function: SqlFunction) -> str:
    """SQL text of one PL/Python function."""
    call = function.call
    hints = typing.get_type_hints(call, include_extras=True)
    returned = hints.pop("return")
    given = {name: hint for name, hint in hints.items() if hint is not Server}
    is_record = isinstance(returned, type) and issubclass(returned, tuple)
    outputs = typing.get_type_hints(returned, include_extras=True) if is_record else {}
    parameters = [f"{name} {sql_type(hint)}" for name, hint in given.items()]
    parameters += [f"out {name} {sql_type(hint)}" for name, hint in outputs.items()]
    arguments = ["plpy" if hint is Server else argument(name, hint) for name, hint in hints.items()]
    imports = [f"from {call.__module__} import {call.__name__}", "from ves.plpython_guard import guard"]
    if UUID in given.values():
        imports.insert(0, "from uuid import UUID")
    return TEMPLATE.format(
        module=call.__module__,
        name=call.__name__,
        parameters=",".join(f"\n  {parameter}" for parameter in parameters),
        returns="record" if is_record else sql_type(returned),
        attributes=function.attributes,
        body="\n".join([*imports, f"return guard(plpy, {call.__name__},\n  {', '.join(arguments)})"]),
        input_types=", ".join(map(sql_type, given.values())),
        comment=" ".join((inspect.getdoc(call) or "").split()).replace("'", "''"),
    )


def wrappers() -> dict[str, str]:
    """Text of every file of plpython/wrappers by its name."""
    return {f"{function.call.__name__}.sql": wrapper(function) for function in MARKED}


def regenerate() -> None:
    texts = wrappers()
    for path in WRAPPERS.glob("*.sql"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (WRAPPERS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    regenerate()
