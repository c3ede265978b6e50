"""Exit codes of the commands and the exception that carries them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """Exit codes of every `ves` command."""

    FINE = 0
    CHECK_FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4


class ClientError(Exception):
    """Ends a command with an exit code. `code` is a stable word (or the server's code), `details` are JSON values."""

    def __init__(
        self, status: Exit, code: str, message: str, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details or {})


def usage(message: str) -> ClientError:
    """Build the error for invalid arguments or input: exit code 2."""
    return ClientError(Exit.USAGE, "usage", message)


def check_failed(message: str, details: Mapping[str, Any] | None = None) -> ClientError:
    """Build the error for a receipt, proof or stream that does not verify: exit code 1."""
    return ClientError(Exit.CHECK_FAILED, "check_failed", message, details)
