"""Translation of driver, pool and server failures to errors of the registry."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import psycopg
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from ves import json_decode
from ves_edge.errors import ApiError
from ves_edge.gen.constraints import CONSTRAINTS, RETRY

# Serialization failure, deadlock, lock not available: the transaction was rolled back because of a concurrent one.
_LOCKED: Final = "55P03"
_CONFLICTS: Final = frozenset({"40001", "40P01", _LOCKED})
_READ_ONLY: Final = "25006"
# Plans of a function or table that an installation replaced: 0A000 says that a result has other columns, XX000 that an
# object was dropped while the plan was made again.
_OUTDATED: Final = frozenset({_READ_ONLY, "0A000", "XX000"})
_QUERY_CANCELED: Final = "57014"
_UNAVAILABLE_CLASSES: Final = ("08", "53", "57P", "58", _READ_ONLY, "28", "3D")
# Errors of one statement, after which the session remains usable: our own, data, constraints, conflicts, resource
# limits, statement timeout. After any other error the session is replaced.
_SESSION_SERVES_ON: Final = ("VE", "22", "23", "40", "53", "55", _QUERY_CANCELED, "P0")
_RETRY_AFTER_SECONDS: Final = 1
# What a repeat cannot change.
_FINAL: Final = ("internal_error", "invalid_field")


def translate(error: Exception) -> ApiError:
    """Map a failure of driver, pool or server to an ApiError; an unexpected one becomes internal_error."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, UnicodeEncodeError):
        return ApiError("invalid_field")
    if not isinstance(error, psycopg.Error):
        return ApiError("internal_error")
    state = error.sqlstate
    if state is not None and state.startswith("VE"):
        return ApiError.from_sqlstate(state, error.diag.message_primary, _details(error.diag.message_detail))
    if state is None:
        name = _name_without_state(error)
    elif is_conflict(error):
        name = "overloaded"
    else:
        name = CONSTRAINTS.get(error.diag.constraint_name or "") or _name_of_state(state)
    return ApiError(name, retry_after=None if name in _FINAL else _RETRY_AFTER_SECONDS)


def is_conflict(error: Exception) -> bool:
    """Whether the call was rolled back because of a concurrent one, so that a retry may succeed."""
    if not isinstance(error, psycopg.Error):
        return False
    return error.sqlstate in _CONFLICTS or CONSTRAINTS.get(error.diag.constraint_name or "") == RETRY


def is_locked(error: Exception) -> bool:
    """Whether the call gave up its wait for a lock."""
    return isinstance(error, psycopg.Error) and error.sqlstate == _LOCKED


def is_outdated(error: Exception) -> bool:
    """Whether the session, not the call, is to blame, and others of its age are like it: the call did nothing.

    Its server is no longer a primary, or was switched to read-only, or it has plans of an engine that was replaced.
    """
    return isinstance(error, psycopg.Error) and error.sqlstate in _OUTDATED


def connection_was_lost(error: Exception) -> bool:
    """Whether the connection was lost, so that a retry on another connection may succeed."""
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))


def session_serves_on(error: Exception) -> bool:
    """Whether the session remains usable after this error; otherwise it must be replaced.

    A read-only session, or one with revoked rights or cached plans of a replaced engine, fails every call although its
    connection is alive.
    """
    return isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith(_SESSION_SERVES_ON)


def describe(error: Exception) -> dict[str, str | None]:
    """Log fields of a server error, without DETAIL and CONTEXT, which may quote row data."""
    if not isinstance(error, psycopg.Error):
        return {"error": type(error).__name__}
    return {
        "sqlstate": error.sqlstate,
        "error": error.diag.message_primary or type(error).__name__,
        "constraint": error.diag.constraint_name,
    }


def _name_without_state(error: psycopg.Error) -> str:
    """Map client-side failures: no connection available, or the connection broke."""
    if isinstance(error, PoolTimeout | TooManyRequests):
        return "overloaded"
    if isinstance(error, PoolClosed | psycopg.OperationalError | psycopg.InterfaceError):
        return "database_unavailable"
    # A value that the driver cannot send, e.g. a text with NUL.
    return "invalid_field" if isinstance(error, psycopg.DataError) else "internal_error"


def _name_of_state(state: str) -> str:
    """Map server errors with a standard SQLSTATE."""
    if state == _QUERY_CANCELED:
        return "timeout"
    return "database_unavailable" if state.startswith(_UNAVAILABLE_CLASSES) else "internal_error"


def _details(text: str | None) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        parsed = json_decode.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None
