"""What the library raises, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping


class ProtocolError(ValueError):
    """Input that the protocol does not allow.

    `reason` is a short stable word (for example ``malformed_json``), `message` is for people.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class RequestRefused(ProtocolError):  # noqa: N818
    """A whole request is refused (VES 14.1): nothing of it may be stored.

    `name` is a name of the error registry (``malformed_json``, ``empty_batch``, ...), `details` holds
    only JSON values.
    """

    def __init__(
        self, name: str, message: str, details: Mapping[str, str | int | None] | None = None
    ) -> None:
        super().__init__(name, message)
        self.name = name
        self.details: dict[str, str | int | None] = dict(details or {})
