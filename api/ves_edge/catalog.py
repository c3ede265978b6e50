"""Metadata of database functions for the generated calls; `ves_edge.gen.functions` has one `Function` for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Returns = Literal["rows", "row", "value", "nothing"]
Volatility = Literal["immutable", "stable", "volatile"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result; `python` is its type annotation, which includes None if the column is nullable."""

    name: str
    sql_type: str
    python: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input; `default` is the Python literal of the SQL default, None when the parameter is required."""

    name: str
    sql_type: str
    python: str
    default: str | None
    is_key_number: bool = False
    """A number of 0 to 2^32-1 that the database stores as the int4 with the same bits."""

    @property
    def expression(self) -> str:
        """Python expression that converts the argument of a generated call to the statement's parameter."""
        if self.sql_type == "jsonb":
            return f"calls.json_text({self.name})"
        if self.is_key_number:
            return f"calls.to_int4{'s' if self.sql_type.endswith('[]') else ''}({self.name})"
        return f"calls.as_list({self.name})" if self.python.startswith("Sequence[") else self.name


@dataclass(frozen=True, slots=True)
class Function:
    """A function of schema `ves` that a database role of ours may execute.

    `returns` is the shape of the result, `record` the class of its rows (or the type of its value), `columns` the
    columns of a row. `repeatable`: the call is idempotent and may be retried when its outcome is unknown, for `reason`
    (sql/calls.toml). `statement` is the SQL text.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: Returns
    record: str
    columns: tuple[Column, ...]
    comment: str
    roles: tuple[str, ...]
    volatility: Volatility
    repeatable: bool
    reason: str
    statement: bytes
