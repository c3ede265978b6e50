"""The read replica (operations 1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_edge.dsn import connection_url

if TYPE_CHECKING:
    from ves_edge.environment import Environment

_MOST_CONNECTIONS = 10_000


@dataclass(frozen=True, slots=True)
class ReplicaSettings:
    """A standby of the primary that serves reads of immutable facts. Times in seconds."""

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
    """Read the replica's settings; None without READ_DATABASE_URL, but its limits are validated in any case.

    `max_connections` and `application_name` are the primary's and serve as defaults.
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
