"""The database connection texts and the read replica (operations 1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict

from ves_api.settings.environment import SettingsError

if TYPE_CHECKING:
    from ves_api.settings.environment import Environment

_SAFE_SSL_MODES = frozenset({"require", "verify-ca", "verify-full"})
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_LOCAL_BY_SWITCH = frozenset({"postgres", "host.docker.internal"})
_MOST_CONNECTIONS = 10_000


@dataclass(frozen=True, slots=True)
class ReplicaSettings:
    """A standby of the primary that may answer what cannot change. Times in seconds."""

    url: str
    max_connections: int
    min_connections: int
    acquire_timeout: float
    idle_timeout: float
    max_lifetime: float
    application_name: str

    def __repr__(self) -> str:
        return f"ReplicaSettings(url='***', max_connections={self.max_connections})"


def load_replica(env: Environment, *, max_connections: int, application_name: str) -> ReplicaSettings | None:
    """The replica, or None without READ_DATABASE_URL; its limits are checked in any case.

    `max_connections` and `application_name` are those of the primary, from which the defaults come.
    """
    replica = ReplicaSettings(
        url=connection_url(env, "READ_DATABASE_URL", ""),
        max_connections=env.integer(
            "READ_MAX_DB_CONNECTIONS", max_connections, low=1, high=_MOST_CONNECTIONS
        ),
        min_connections=env.integer("READ_MIN_DB_CONNECTIONS", 0, low=0, high=_MOST_CONNECTIONS),
        acquire_timeout=env.number("READ_DB_ACQUIRE_TIMEOUT_MS", 500, low=1) / 1000,
        idle_timeout=env.number("READ_DB_IDLE_TIMEOUT_SECS", 600, low=1),
        max_lifetime=env.number("READ_DB_MAX_LIFETIME_SECS", 1800, low=1),
        application_name=env.text("READ_DB_APPLICATION_NAME", f"{application_name}-read"),
    )
    return replica if replica.url else None


def connection_url(env: Environment, name: str, default: str) -> str:
    """The connection text of a variable; a server on another machine without TLS is refused.

    A unix socket and the loopback need no TLS, for nothing leaves the machine. ALLOW_INSECURE_LOCAL_DB adds the two
    names that a compose network gives its own database, and nothing else.
    """
    url = env.text(name, default)
    try:
        parts = conninfo_to_dict(url)
    except Exception as error:
        raise SettingsError(f"{name}: not a PostgreSQL connection string") from error
    mode = str(parts.get("sslmode") or "")
    hosts = [h for h in str(parts.get("host") or parts.get("hostaddr") or "").split(",") if h]
    local = _LOCAL_HOSTS | (_LOCAL_BY_SWITCH if env.flag("ALLOW_INSECURE_LOCAL_DB", default=False) else set())
    remote = [h for h in hosts if h not in local and not h.startswith(("/", "@"))]
    if remote and mode not in _SAFE_SSL_MODES:
        raise SettingsError(
            f"{name}: host {remote[0]} needs sslmode=require, verify-ca or verify-full "
            "(ALLOW_INSECURE_LOCAL_DB=true excepts a compose network's own database)"
        )
    return url
