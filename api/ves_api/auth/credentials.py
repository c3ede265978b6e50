"""Credential parsing from request headers, without a database call (http-api 1.3)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from ves_edge.errors import ApiError

_HEADERS = frozenset({b"authorization", b"x-api-key"})
_MAX_CREDENTIAL_BYTES = 8192
_RANDOM_BYTES = 24
_TENANT_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key, of which only the hash is kept, or a bearer token (`token` is its text).

    `fingerprint` is the lower-case hex SHA-256 of the key or the token. All look-ups use it, so no secret is
    compared byte by byte (timing side channel).
    """

    fingerprint: str
    token: str | None = None

    def __repr__(self) -> str:
        return f"Credential({self.fingerprint[:16]}…)"


def read_credential(headers: Iterable[tuple[bytes, bytes]]) -> Credential:
    """The credential in `Authorization`, or else in `x-api-key`.

    Accepted: `ApiKey ss_…`, a bare `ss_…`, `Bearer ss_…` (which the original refuses) and `Bearer <token>`; the name of
    a scheme has any case (RFC 9110 11.1).
    Raises missing_auth (no usable header, or one with two values), invalid_api_key (not an `ss_` key) or invalid_token (a Bearer value
    without the three parts of a token).
    """
    sent: dict[bytes, bytes] = {}
    for name, content in headers:
        if name in _HEADERS and sent.setdefault(name, content) != content:
            # A proxy in front of us may have checked the other one.
            raise ApiError("missing_auth", f"{name.decode()} has two values")
    value = sent.get(b"authorization", sent.get(b"x-api-key"))
    if not value or len(value) > _MAX_CREDENTIAL_BYTES:
        raise ApiError("missing_auth")
    scheme, blank, rest = value.partition(b" ")
    scheme, key = scheme.lower(), rest.strip()
    if blank and scheme == b"bearer":
        if not key.startswith(b"ss_"):
            return _token(key)
    elif blank and scheme == b"apikey":
        if not key.startswith(b"ss_"):
            raise ApiError("invalid_api_key")
    elif value.startswith(b"ss_"):
        key = value.strip()
    else:
        raise ApiError("missing_auth")
    return Credential(hash_key(key))


def fingerprint(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Fingerprint of the credential before it is checked: whose turn it is. None without a usable one."""
    try:
        return read_credential(headers).fingerprint
    except ApiError:
        return None


def _token(value: bytes) -> Credential:
    if value.count(b".") != 2 or not value.isascii():  # noqa: PLR2004 (header, claims, signature)
        raise ApiError("invalid_token")
    return Credential(hash_key(value), value.decode("ascii"))


def hash_key(key: bytes) -> str:
    """Lower-case hex SHA-256 of the whole key: the only form in which a key is stored or cached."""
    return hashlib.sha256(key).hexdigest()


def new_key(tenant_id: uuid.UUID) -> str:
    """A fresh key: `ss_`, the first 8 hex digits of the tenant id, 32 random characters (operations 2.1)."""
    random = base64.urlsafe_b64encode(secrets.token_bytes(_RANDOM_BYTES)).decode()
    return f"ss_{str(tenant_id)[:_TENANT_CHARACTERS]}{random}"
