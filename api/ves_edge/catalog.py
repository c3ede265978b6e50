"""What a generated call knows of its database function; `ves_edge.gen.functions` holds one `Function` for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Returns = Literal["rows", "row", "value", "nothing"]
Volatility = Literal["immutable", "stable", "volatile"]


@dataclass(frozen=True, slots=True)
class Column:
    """A member of a result; `python` is its type annotation, which says None where the value may be null."""

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
    """A number of 0 to 2^32-1 that the database keeps as the signed integer with the same bits."""

    @property
    def expression(self) -> str:
        """How a generated call makes the parameter of the statement from its argument."""
        if self.sql_type == "jsonb":
            return f"calls.json_text({self.name})"
        if self.is_key_number:
            return f"calls.to_int4{'s' if self.sql_type.endswith('[]') else ''}({self.name})"
        return f"calls.as_list({self.name})" if self.python.startswith("Sequence[") else self.name


@dataclass(frozen=True, slots=True)
class Function:
    """A function of schema `ves` that a database role of ours may execute.

    `returns` is the shape of the answer, `record` the class of its rows (or the type of its value), `columns` the
    members of a row. `repeatable` says whether a call whose outcome is unknown may be sent again, and `reason` why
    (sql/calls.toml). `statement` is what is sent.
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
