"""The exceptions of the library."""

from __future__ import annotations

from collections.abc import Mapping

Detail = str | int | None | list[dict[str, str]]


class ProtocolError(ValueError):
    """Input that the protocol does not allow.

    `reason` is a short stable word (for example ``malformed_json``), `message` is for people.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """Copy between processes: the base class would call the constructor with the message alone."""
        return type(self), (self.reason, self.message)


class RequestRefused(ProtocolError):  # noqa: N818
    """Refusal of a whole request (VES 14.1): none of its events may be stored.

    `name` is a name of the error registry (``malformed_json``, ``empty_batch``, ...), `details` holds
    only JSON values.
    """

    def __init__(self, name: str, message: str, details: Mapping[str, Detail] | None = None) -> None:
        super().__init__(name, message)
        self.name = name
        self.details: dict[str, Detail] = dict(details or {})

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """As in the base class."""
        return type(self), (self.name, self.message, self.details)
