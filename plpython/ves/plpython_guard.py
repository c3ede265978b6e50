"""Converts ProtocolError to a database error. Used by the PL/Python functions only."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn, Protocol, TypeVar

from ves.errors import ProtocolError, RequestRefused

T = TypeVar("T")


class Plpy(Protocol):
    """The part of PL/Python's `plpy` module that is used here."""

    def error(self, message: str, *, sqlstate: str, detail: str) -> None:
        """Raise a database error."""


def refuse(plpy: Plpy, error: ProtocolError) -> NoReturn:
    """Raise a protocol error as the registered database error of its name, with JSON detail."""
    # Lazy import: only errors need the registry.
    from ves import error_codes  # noqa: PLC0415

    known = error.reason in error_codes.BY_NAME
    entry = error_codes.BY_NAME[error.reason if known else "invalid_field"]
    details = error.details if isinstance(error, RequestRefused) else {}
    if not known:
        details = {"field": error.reason}
    plpy.error(error.message, sqlstate=entry.code, detail=json.dumps(details))
    raise AssertionError("plpy.error returned")


def guard(plpy: Plpy, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """The result of a library call whose ProtocolError becomes a database error."""
    try:
        return call(*arguments, **named)
    except ProtocolError as error:
        refuse(plpy, error)
