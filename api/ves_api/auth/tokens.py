"""JSON Web Tokens: HMAC only, judged by themselves at each request, without the database (operations 2.2)."""

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
# Settings refuse a short secret in production and the start warns of one elsewhere: once is enough.
warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)


class TokenReader:
    """Turns a token into an identity. Without a secret every token is invalid."""

    def __init__(self, settings: AuthSettings) -> None:
        self._secret = settings.jwt_secret
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience
        self._jwt = jwt.PyJWT()

    def identify(self, token: str) -> Identity:
        """The identity that the claims describe. Raises token_expired or invalid_token."""
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
                # As in the reference `nbf` and `iat` must be there but a clock that is behind refuses nobody.
                options={"require": _REQUIRED, "verify_nbf": False, "verify_iat": False},
            )
            return _identity(claims)
        except jwt.ExpiredSignatureError as error:
            raise ApiError("token_expired") from error
        except (jwt.PyJWTError, ProtocolError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise ApiError("invalid_token") from error


def _identity(claims: dict[str, Any]) -> Identity:
    """Raises ValueError, TypeError or ProtocolError for a claim that is not what it must be."""
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
    """The parts of a comma list without the blanks around them; an absent or empty list has none."""
    if value is None or value == "":
        return frozenset()
    return frozenset(part.strip() for part in _text(value).split(","))
