"""JSON Web Tokens: HMAC only, validated statelessly at each request (operations 2.2)."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import jwt

from ves.codec import parse_uuid
from ves.errors import ProtocolError
from ves_api.auth.identity import Identity
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    import uuid

    from ves_api.settings import AuthSettings

_ALGORITHMS = ["HS256", "HS384", "HS512"]
_LEEWAY_SECONDS = 60
_REQUIRED = ["sub", "iss", "aud", "exp", "iat", "nbf", "jti"]
_TIMES = ("exp", "iat", "nbf")
_MAX_NAME = 64
# Disable the library's warning: settings refuse a short secret in production, and start-up warns of one elsewhere.
warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)


class TokenReader:
    """Validates tokens and maps their claims to identities. Without a secret every token is invalid."""

    def __init__(self, settings: AuthSettings) -> None:
        self._secret = settings.jwt_secret
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience
        self._jwt = jwt.PyJWT()

    def identify(self, token: str) -> Identity:
        """Verify the token and return the identity of its claims. Raises token_expired or invalid_token."""
        if self._secret is None:
            raise ApiError("invalid_token")
        try:
            claims = self._jwt.decode(
                token,
                self._secret,
                algorithms=_ALGORITHMS,
                issuer=self._issuer,
                audience=self._audience,
                leeway=_LEEWAY_SECONDS,
                # As in the original, `nbf` and `iat` are required but not compared with the clock (clock skew).
                options={"require": _REQUIRED, "verify_nbf": False, "verify_iat": False},
            )
            return _identity(claims)
        except jwt.ExpiredSignatureError as error:
            raise ApiError("token_expired") from error
        except (jwt.PyJWTError, ProtocolError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise ApiError("invalid_token") from error


def _identity(claims: dict[str, Any]) -> Identity:
    """Map claims to an identity. Raises ValueError, TypeError or ProtocolError for a malformed claim."""
    for name in _TIMES:
        if isinstance(claims[name], bool) or not isinstance(claims[name], int | float):
            raise TypeError(name)
    permissions = _words(claims.get("perms"))
    agent = claims.get("agent")
    return Identity(
        tenant_id=_uuid(claims["sub"]),
        stores=frozenset(map(_uuid, _words(claims.get("stores")))),
        agent_id=None if agent is None else _uuid(agent),
        can_read="read" in permissions,
        can_write="write" in permissions,
        can_admin="admin" in permissions,
        rate_limit=None,
        budget_of=None,
        epoch=None,
        kind="jwt",
        name=_text(claims["jti"])[:_MAX_NAME],
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _uuid(value: object) -> uuid.UUID:
    return parse_uuid(_text(value))


def _words(value: object) -> frozenset[str]:
    """Split a comma list and trim each part; absent or empty gives no parts."""
    if value is None or value == "":
        return frozenset()
    return frozenset(part.strip() for part in _text(value).split(","))
