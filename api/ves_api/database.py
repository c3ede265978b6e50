"""The connection pool of one process, built from its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ves_edge.dsn import session_conninfo
from ves_edge.pool import LOCK_SLICE_MS, Pool, PoolSize

if TYPE_CHECKING:
    from ves_api.settings import ReplicaSettings, Settings


def conninfo(
    settings: Settings, replica: ReplicaSettings | None = None, *, most_lock_ms: int | None = None
) -> str:
    """Build the connection string of the primary or a replica, with the session limits (`most_lock_ms`: lock_timeout)."""
    lock_ms = settings.lock_timeout_ms
    return session_conninfo(
        replica.url if replica else settings.database_url,
        application_name=(replica or settings).application_name,
        limits={
            "statement_timeout": settings.statement_timeout_ms,
            "idle_in_transaction_session_timeout": settings.idle_in_transaction_timeout_ms,
            "lock_timeout": lock_ms if most_lock_ms is None else min(most_lock_ms, lock_ms),
        },
        read_write=replica is None,
    )


class Database(Pool):
    """Build the primary's connection pool from the settings."""

    def __init__(self, settings: Settings) -> None:
        size = PoolSize(
            least=settings.pool_floor,
            most=settings.pool_size,
            acquire_timeout=settings.acquire_timeout,
            idle_timeout=settings.idle_timeout,
            max_lifetime=settings.max_lifetime,
            lock_seconds=settings.lock_timeout_ms / 1000,
        )
        super().__init__(conninfo(settings, most_lock_ms=LOCK_SLICE_MS), size, "ves_api")
