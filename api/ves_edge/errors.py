"""The one error type of the edge and its one body (http-api 1.6).

Every refusal has a name in sql/errors/errors.csv; status, code and default message come from there.
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
        self.message = message or entry.message
        self.details = details
        self.retry_after = retry_after
        self.resource_id = resource_id
        self.headers = headers or {}
        super().__init__(f"{self.sqlstate} {name}: {self.message}")

    @classmethod
    def from_sqlstate(cls, sqlstate: str, message: str | None, details: dict[str, Any] | None) -> ApiError:
        """The refusal that the engine raised; an unregistered code is an internal error."""
        entry = error_codes.BY_CODE.get(sqlstate)
        if entry is None:
            return cls("internal_error")
        return cls(entry.name, message, details=details, retry_after=1 if entry.retry else None)

    def body(self, request_id: str) -> bytes:
        """The response body, with unset members left out."""
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
