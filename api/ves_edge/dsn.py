"""Connection strings: parsed by libpq's rules, completed with session settings, redacted for display."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo

from ves_edge.environment import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ves_edge.environment import Environment

MASK: Final = "********"
# libpq's display hint for parameters that must not be shown (`dispchar`).
_SECRETS: Final = {
    option.keyword.decode() for option in Conninfo.get_defaults() if option.dispchar == b"*"
} | {"password", "sslpassword", "oauth_client_secret"}
_SAFE_SSL_MODES: Final = frozenset({"require", "verify-ca", "verify-full"})
_LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LOCAL_BY_SWITCH: Final = frozenset({"postgres", "host.docker.internal"})
_CONNECT_TIMEOUT_SECONDS: Final = 5
_SETTINGS: Final = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "array_nulls": "on",
    "standard_conforming_strings": "on",
    "default_transaction_isolation": r"read\ committed",
    "default_transaction_deferrable": "off",
}


def mask(url: str) -> str:
    """Redact the secrets of a connection string (URI or key-value form, any quoting).

    A string with a secret is rebuilt from its parameters; one that libpq cannot parse is redacted as a whole.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        return MASK
    secrets = {name: MASK for name in _SECRETS if parts.get(name)}
    return make_conninfo("", **{**parts, **secrets}) if secrets else url


def connection_url(env: Environment, name: str, default: str = "") -> str:
    """Validate the connection string of a variable; a remote server without TLS is refused. Raises SettingsError.

    Unix sockets and loopback need no TLS, as the traffic stays on the machine. ALLOW_INSECURE_LOCAL_DB also exempts the
    two host names of the database in the compose network.
    """
    url = env.text(name, default)
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        # The parser's message may quote the string with its secrets, so it is not chained.
        raise SettingsError(f"{name}: not a PostgreSQL connection string") from None
    mode = str(parts.get("sslmode") or "")
    hosts = [h for h in _hosts(parts) if h]
    local = _LOCAL_HOSTS | (_LOCAL_BY_SWITCH if env.flag("ALLOW_INSECURE_LOCAL_DB", default=False) else set())
    remote = [h for h in hosts if h not in local and not h.startswith(("/", "@"))]
    if remote and mode not in _SAFE_SSL_MODES:
        raise SettingsError(
            f"{name}: host {remote[0]} needs sslmode=require, verify-ca or verify-full "
            "(ALLOW_INSECURE_LOCAL_DB=true excepts a compose network's own database)"
        )
    return url


def _hosts(parts: Mapping[str, Any]) -> list[str]:
    return str(parts.get("host") or parts.get("hostaddr") or "").split(",")


def session_conninfo(
    url: str, *, application_name: str, limits: Mapping[str, int], read_write: bool = True
) -> str:
    """The connection string of a session: `limits` (settings in milliseconds) and fixed settings in its `options`.

    With `read_write`, a string with several hosts connects to the one that accepts writes. A single host is also used
    while it is read-only: it serves reads and refuses writes at once. The string's own target_session_attrs, timeouts
    and application name take precedence.
    """
    parts: dict[str, Any] = dict(conninfo_to_dict(url))
    # Neither results of the engine's functions nor what the driver can read may depend on defaults of the role or the
    # database; what waits for a lock must see what its holder committed.
    fixed = {**_SETTINGS, **limits}
    # A receipt needs a durable commit. `remote_apply` in the string takes precedence, as it is stronger than `on`.
    own = str(parts.pop("options", "") or "")
    options = " ".join(["-c synchronous_commit=on", own, *[f"-c {k}={v}" for k, v in fixed.items()]])
    parts["client_encoding"] = "UTF8"
    parts.setdefault("connect_timeout", _CONNECT_TIMEOUT_SECONDS)
    parts.setdefault("application_name", application_name)
    if read_write and len(_hosts(parts)) > 1:
        parts.setdefault("target_session_attrs", "read-write")
    return make_conninfo(options=options, **{k: v for k, v in parts.items() if v is not None})
