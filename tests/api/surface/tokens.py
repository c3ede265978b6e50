"""JSON Web Tokens made by hand, so that what the server's library reads is not checked by itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

SECRET = "the secret of the tests' tokens, 32+"
_DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def claims(tenant_id: str, **changes: Any) -> dict[str, Any]:
    """Good claims (operations 2.2) with changes; a change to None takes the claim away."""
    now = int(time.time())
    made = {
        "sub": tenant_id,
        "iss": "stateset-sequencer",
        "aud": "stateset-api",
        "exp": now + 3600,
        "iat": now,
        "nbf": now,
        "jti": str(uuid.uuid4()),
        "perms": "read,write,admin",
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def token(tenant_id: str, secret: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    """A signed token; algorithm `none` leaves the signature empty."""
    head = _part({"alg": algorithm, "typ": "JWT"})
    signed = f"{head}.{_part(claims(tenant_id, **changes))}"
    if algorithm == "none":
        return f"{signed}."
    digest = hmac.new(secret.encode(), signed.encode(), _DIGESTS[algorithm]).digest()
    return f"{signed}.{_base64url(digest)}"


def _part(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
