"""Marks the library calls that are functions of schema `ves_int`. `make generate` writes plpython/wrappers from them.

Name and parameters of the SQL function are those of the Python one, its comment is the docstring, and its types
follow from the annotations: str is text, bytes bytea, bool boolean, a list or Sequence an array, None void, a
NamedTuple one OUT parameter for each field; `Annotated` names any other type. A uuid arrives as text: the wrapper
converts it where the annotation is UUID. A parameter of type `Server` gets PL/Python's `plpy` and is none of the SQL
function. A ProtocolError becomes the registered database error.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, NamedTuple, Protocol, TypeVar

Smallint = Annotated[int, "smallint"]
Integer = Annotated[int, "integer"]
Bigint = Annotated[int, "bigint"]
UuidText = Annotated[str, "uuid"]
Json = Annotated[str, "json"]

PURE = "immutable strict parallel safe cost 100"

F = TypeVar("F", bound=Callable[..., Any])


class Server(Hashable, Protocol):
    """The part of PL/Python's `plpy` module that is used here."""

    def warning(self, message: str) -> None:
        """Send a warning to the caller and to the server's log."""

    def prepare(self, query: str, argument_types: Sequence[str]) -> Any:
        """Plan a statement."""

    def execute(self, query: Any, arguments: Sequence[Any] = ()) -> Sequence[Mapping[str, Any]]:
        """Run a statement, a text or a plan; processes cancellation and statement_timeout."""


@cache
def plan(plpy: Server, query: str, *argument_types: str) -> Any:
    """Plan a statement once in a session."""
    return plpy.prepare(query, argument_types)


class SqlFunction(NamedTuple):
    """A marked call and the attributes of its SQL function: volatility, strictness, parallel safety, cost."""

    call: Callable[..., Any]
    attributes: str


MARKED: list[SqlFunction] = []


def sql_function(attributes: str = PURE) -> Callable[[F], F]:
    """Mark a call as a function of schema `ves_int`."""

    def mark(call: F) -> F:
        MARKED.append(SqlFunction(call, attributes))
        return call

    return mark
