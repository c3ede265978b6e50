"""The one translator from database failures to the errors of the registry."""

from __future__ import annotations

from typing import Any

import msgspec
import psycopg
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from ves_api.errors import ApiError

# Serialization failure, deadlock, lock not available, and a unique index hit by a concurrent stream.
RETRYABLE = frozenset({"40001", "40P01", "55P03", "23505"})
_QUERY_CANCELED = "57014"
_UNAVAILABLE_CLASSES = ("08", "53", "57P", "58", "25006", "28", "3D")
_RETRY_AFTER_SECONDS = 1


def translate(error: Exception) -> ApiError:
    """The refusal for a driver or pool failure; what nobody foresaw is an internal error."""
    if isinstance(error, ApiError):
        return error
    if not isinstance(error, psycopg.Error):
        return ApiError("internal_error")
    state = error.sqlstate
    if state is not None and state.startswith("VE"):
        return ApiError.from_sqlstate(state, error.diag.message_primary, _details(error.diag.message_detail))
    name = _name_without_state(error) if state is None else _name_of_state(state)
    return ApiError(name, retry_after=None if name == "internal_error" else _RETRY_AFTER_SECONDS)


def _name_without_state(error: psycopg.Error) -> str:
    """Failures of the client side: no connection could be had, or it broke."""
    if isinstance(error, PoolTimeout | TooManyRequests):
        return "overloaded"
    if isinstance(error, PoolClosed | psycopg.OperationalError | psycopg.InterfaceError):
        return "database_unavailable"
    return "internal_error"


def _name_of_state(state: str) -> str:
    """Failures that the server names by a standard SQLSTATE."""
    if state == _QUERY_CANCELED:
        return "timeout"
    if state in RETRYABLE:
        return "overloaded"
    return "database_unavailable" if state.startswith(_UNAVAILABLE_CLASSES) else "internal_error"


def connection_was_lost(error: Exception) -> bool:
    """Whether the server or the link went away, so that the same call may succeed on another connection."""
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))


def _details(text: str | None) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        parsed = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None
