"""The error type of the edge and its response body (http-api 1.6).

Every error has a name in the registry sql/errors/errors.csv, which gives status, code and default message.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ves import error_codes

_ENCODE = msgspec.json.Encoder().encode


class ApiError(Exception):
    """A refusal that ends a request; `name` is a name of the error registry.

    `details` is a JSON object, `retry_after` whole seconds, `headers` extra response headers.
    """

    def __init__(
        self,
        name: str,
        message: str | None = None,
        *,
        details: dict[str, Any] | None = None,
        retry_after: int | None = None,
        resource_id: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        entry = error_codes.BY_NAME[name]
        self.name = name
        self.sqlstate = entry.code
        self.code = entry.wire_code
        self.numeric_code = entry.numeric_code
        self.status = entry.http
        self.grpc = entry.grpc
        self.message = message or entry.message
        field = (details or {}).get("field")
        if field and str(field) not in self.message:
            # Clients show the message alone.
            self.message = f"{field}: {self.message}"
        self.details = details
        self.retry_after = retry_after
        self.resource_id = resource_id
        self.headers = headers or {}
        super().__init__(f"{self.sqlstate} {name}: {self.message}")

    def __reduce__(self) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
        """Copy between processes."""
        return type(self), (self.name, self.message), self.__dict__

    @classmethod
    def from_sqlstate(cls, sqlstate: str, message: str | None, details: dict[str, Any] | None) -> ApiError:
        """Build the error for an SQLSTATE of the engine; an unregistered one becomes internal_error."""
        entry = error_codes.BY_CODE.get(sqlstate)
        if entry is None:
            return cls("internal_error")
        return cls(entry.name, message, details=details, retry_after=1 if entry.retry else None)

    def body(self, request_id: str) -> bytes:
        """Return the response body without unset members."""
        error: dict[str, Any] = {
            "code": self.code,
            "numeric_code": self.numeric_code,
            "message": self.message,
        }
        if self.details:
            error["details"] = self.details
        if self.retry_after is not None:
            error["retry_after"] = self.retry_after
        if self.resource_id is not None:
            error["resource_id"] = self.resource_id
        error["request_id"] = request_id
        return _ENCODE({"error": error})
