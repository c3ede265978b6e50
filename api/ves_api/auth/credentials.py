"""Reading a credential from request headers; costs no database call (http-api 1.3)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ves_api.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_CREDENTIAL_BYTES = 8192


def read_credential(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The hash of the API key in `Authorization`, or else in `x-api-key`.

    Accepted: `ApiKey ss_…`, a bare `ss_…`, and `Bearer ss_…` (which the reference refuses).
    Raises missing_auth (nothing usable), invalid_api_key (not an `ss_` key) or invalid_token (a Bearer value
    that is no key).
    """
    value: bytes | None = None
    for name, content in headers:
        if name == b"authorization":
            value = content
            break
        if name == b"x-api-key" and value is None:
            value = content
    if not value or len(value) > _MAX_CREDENTIAL_BYTES:
        raise ApiError("missing_auth")
    if value.startswith(b"Bearer "):
        key = value[7:].strip()
        if not key.startswith(b"ss_"):
            raise ApiError("invalid_token")
    elif value.startswith(b"ApiKey "):
        key = value[7:].strip()
        if not key.startswith(b"ss_"):
            raise ApiError("invalid_api_key")
    elif value.startswith(b"ss_"):
        key = value.strip()
    else:
        raise ApiError("missing_auth")
    return hash_key(key)


def hash_key(key: bytes) -> str:
    """Lower-case hex SHA-256 of the whole key: the only form in which a key is stored or cached."""
    return hashlib.sha256(key).hexdigest()
