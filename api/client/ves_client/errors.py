"""How a command ends: the documented exit codes and the one exception that carries them."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Exit(IntEnum):
    """Exit codes of every `ves` command."""

    FINE = 0
    CHECK_FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4


class ClientError(Exception):
    """A command cannot go on. `code` is a stable word (or the server's own), `details` are JSON values."""

    def __init__(
        self, status: Exit, code: str, message: str, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details or {})


def usage(message: str) -> ClientError:
    """The caller asked for something that cannot be asked for: exit code 2."""
    return ClientError(Exit.USAGE, "usage", message)


def check_failed(message: str, details: Mapping[str, Any] | None = None) -> ClientError:
    """A receipt, proof or stream does not hold: exit code 1."""
    return ClientError(Exit.CHECK_FAILED, "check_failed", message, details)
