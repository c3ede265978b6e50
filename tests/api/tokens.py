"""Tokens as a client's identity provider would make them."""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt

SECRET = "a secret of the tests that is long enough for every digest, 64 bytes and more"
ISSUER, AUDIENCE = "stateset-sequencer", "stateset-api"
SETTINGS = {"JWT_SECRET": SECRET}


def claims(tenant_id: uuid.UUID, perms: str | None = "read,write", **changes: Any) -> dict[str, Any]:
    """Claims of a token that is valid for an hour; a change to `...` leaves a claim out."""
    now = int(time.time())
    made: dict[str, Any] = {
        "sub": str(tenant_id),
        "iss": ISSUER,
        "aud": AUDIENCE,
        "exp": now + 3600,
        "iat": now,
        "nbf": now,
        "jti": uuid.uuid4().hex,
        "perms": perms,
        **changes,
    }
    return {name: value for name, value in made.items() if value is not ... and value is not None}


def token(
    tenant_id: uuid.UUID,
    perms: str | None = "read,write",
    *,
    secret: Any = SECRET,
    algorithm: str = "HS256",
    headers: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    made = claims(tenant_id, perms, **changes)
    # The library refuses to write some claims that a stranger may well send; without checks it writes them all.
    return jwt.PyJWS().encode(
        jwt.api_jwt.json.dumps(made).encode(),
        secret,
        algorithm=algorithm,
        headers={"typ": "JWT", **(headers or {})},
    )
