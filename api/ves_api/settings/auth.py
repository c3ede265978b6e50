"""Settings of authentication and rate limits (operations 1.3, 2.6)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_edge.environment import SettingsError, masked_repr

if TYPE_CHECKING:
    from ves_edge.environment import Environment

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PRODUCTION_SECRET_LENGTH = 32
_SECRETS = frozenset({"jwt_secret"})
_MODES = frozenset({"required", "disabled"})
_PRIVATE_NETWORKS = (
    "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,::1/128,fc00::/7,fe80::/10"
)
_PER_MINUTE = 30
_TENANT_PER_MINUTE = 600_000
_ENTRIES = 10_000
_WINDOW_SECONDS = 60
_MAX_WINDOW_SECONDS = 86_400
_I32_MAX = 2**31 - 1
_MAPPED_BITS = 96


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `limit` requests in any `window_seconds`; counters are kept for at most `max_entries` callers."""

    limit: int
    window_seconds: int
    max_entries: int


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Authentication, addresses and rate limits. None disables a feature; networks keep the configured order.

    `rate_limit` is the limit of a tenant; `credential_window` and `credential_entries` complete the limit stored with an
    API key. `trusted_proxies` None: proxy headers are ignored.
    """

    required: bool
    jwt_secret: bytes | None
    jwt_issuer: str
    jwt_audience: str
    rate_limit: Budget | None
    credential_window: int
    credential_entries: int
    registration: Budget | None
    trusted_proxies: tuple[Network, ...] | None
    admin_networks: tuple[Network, ...] | None

    def __repr__(self) -> str:
        return masked_repr(self, _SECRETS)


def load_auth(env: Environment, *, production: bool) -> AuthSettings:
    """Read and validate. Raises SettingsError naming the variable."""
    window = env.integer("RATE_LIMIT_WINDOW_SECONDS", _WINDOW_SECONDS, low=1, high=_MAX_WINDOW_SECONDS)
    entries = env.integer("RATE_LIMIT_MAX_ENTRIES", _ENTRIES, low=1, high=_I32_MAX)
    is_limited = env.text("RATE_LIMIT_PER_MINUTE") != "off"
    limit = (
        env.integer("RATE_LIMIT_PER_MINUTE", _TENANT_PER_MINUTE, low=1, high=_I32_MAX) if is_limited else 0
    )
    trusts = env.flag("TRUST_PROXY_HEADERS", default=False)
    proxies = _networks(env, "TRUST_PROXY_ALLOWLIST", _PRIVATE_NETWORKS)
    return AuthSettings(
        required=_auth_required(env, production=production),
        jwt_secret=_jwt_secret(env, production=production),
        jwt_issuer=env.text("JWT_ISSUER", "stateset-sequencer"),
        jwt_audience=env.text("JWT_AUDIENCE", "stateset-api"),
        rate_limit=Budget(limit, _WINDOW_SECONDS, entries) if limit else None,
        credential_window=window,
        credential_entries=entries,
        registration=_registration(env),
        trusted_proxies=proxies if trusts else None,
        admin_networks=_networks(env, "ADMIN_IP_ALLOWLIST", "") or None,
    )


def _auth_required(env: Environment, *, production: bool) -> bool:
    """Whether authentication is required. Disabling it takes two variables and is refused in production."""
    allowed = env.flag("ALLOW_AUTH_DISABLED", default=False)
    if env.choice("AUTH_MODE", "required", _MODES) == "required":
        return True
    if production:
        raise SettingsError(
            "AUTH_MODE: disabled is refused in production (SEQUENCER_ENV or ENVIRONMENT is no development word)"
        )
    if not allowed:
        raise SettingsError("AUTH_MODE: disabled needs ALLOW_AUTH_DISABLED=true too")
    return False


def _jwt_secret(env: Environment, *, production: bool) -> bytes | None:
    secret = env.text("JWT_SECRET")
    if production and secret and len(secret) < PRODUCTION_SECRET_LENGTH:
        raise SettingsError(f"JWT_SECRET: needs at least {PRODUCTION_SECRET_LENGTH} characters in production")
    return secret.encode() or None


def _registration(env: Environment) -> Budget | None:
    limit = env.integer("PUBLIC_AGENT_REGISTRATION_RATE_LIMIT_PER_MINUTE", _PER_MINUTE, low=1, high=_I32_MAX)
    window = env.integer(
        "PUBLIC_AGENT_REGISTRATION_RATE_LIMIT_WINDOW_SECONDS",
        _WINDOW_SECONDS,
        low=1,
        high=_MAX_WINDOW_SECONDS,
    )
    entries = env.integer("PUBLIC_AGENT_REGISTRATION_RATE_LIMIT_MAX_ENTRIES", _ENTRIES, low=1, high=_I32_MAX)
    budget = Budget(limit, window, entries)
    return budget if env.flag("PUBLIC_AGENT_REGISTRATION_ENABLED", default=False) else None


def _networks(env: Environment, name: str, default: str) -> tuple[Network, ...]:
    """Parse a comma list of addresses and CIDR blocks; host bits beyond the prefix are ignored."""
    found = []
    for part in env.text(name, default).split(","):
        text = part.strip()
        if not text:
            continue
        try:
            found.append(_unmapped(ipaddress.ip_network(text, strict=False)))
        except ValueError:
            raise SettingsError(f"{name}: {text!r} is not an IP address or CIDR block") from None
    return tuple(found)


def _unmapped(network: Network) -> Network:
    """Convert IPv4-mapped IPv6 (::ffff:a.b.c.d) to IPv4, the form in which addresses are compared."""
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= _MAPPED_BITS:
        inner = network.network_address.ipv4_mapped
        if inner is not None:
            return ipaddress.IPv4Network((inner, network.prefixlen - _MAPPED_BITS))
    return network
