"""Settings of caches, read replica, schema registry and encryption at rest (operations 1.2, 1.4, 1.5, 6.3; VES 16)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from ves.errors import ProtocolError
from ves.keyring import VARIABLES
from ves.keyring_source import FILE_VARIABLE, RingSource
from ves.schemas.judge import DEFAULT_MODE, ValidationMode, parse_mode
from ves_edge.dsn import connection_url
from ves_edge.environment import Environment, SettingsError

_MOST_CONNECTIONS = 10_000


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """Maximum number of entries of a cache and maximum age of an entry in seconds; both at least 1."""

    max_entries: int
    ttl_seconds: int


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """Limits of each cache. The VES caches default to the limits of the legacy ones."""

    commitment: CacheLimits
    proof: CacheLimits
    ves_commitment: CacheLimits
    ves_proof: CacheLimits
    agent_key: CacheLimits
    schema: CacheLimits


def load_caches(env: Environment) -> CacheSettings:
    """Read CACHE_*_MAX and CACHE_*_TTL_SECS. As in the original, an invalid value means the default."""

    def limits(name: str, default: CacheLimits) -> CacheLimits:
        return CacheLimits(
            env.positive(f"CACHE_{name}_MAX", default.max_entries),
            env.positive(f"CACHE_{name}_TTL_SECS", default.ttl_seconds),
        )

    commitment = limits("COMMITMENT", CacheLimits(1000, 300))
    proof = limits("PROOF", CacheLimits(5000, 600))
    return CacheSettings(
        commitment=commitment,
        proof=proof,
        ves_commitment=limits("VES_COMMITMENT", commitment),
        ves_proof=limits("VES_PROOF", proof),
        agent_key=limits("AGENT_KEY", CacheLimits(10_000, 3600)),
        schema=limits("SCHEMA", CacheLimits(1000, 600)),
    )


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


@dataclass(frozen=True, slots=True)
class SchemaSettings:
    """`validation`: mode of payload validation at ingest."""

    validation: ValidationMode


def load_schemas(env: Environment) -> SchemaSettings:
    """Read the mode. As in the original, an unknown word means the default, with a warning."""
    mode = parse_mode(env.text("SCHEMA_VALIDATION_MODE", DEFAULT_MODE))
    if mode is None:
        logging.getLogger("ves_api.settings").warning(
            "%s is not a known mode: %s counts", "SCHEMA_VALIDATION_MODE", DEFAULT_MODE
        )
    return SchemaSettings(mode or DEFAULT_MODE)


@dataclass(frozen=True, slots=True)
class AtRestSettings:
    """The source of the key ring; its repr shows key ids instead of keys."""

    source: RingSource = field(repr=False)

    @property
    def mode(self) -> str:
        """`disabled`, `optional` or `required`."""
        return self.source.ring().mode

    def require_key(self) -> None:
        """Raise SettingsError when encryption is required, which is the default, and there is no key."""
        try:
            self.source.ring().require_key()
        except ProtocolError as error:
            raise SettingsError(f"{error.reason}: {error.message}") from None


def load_at_rest(env: Environment) -> AtRestSettings:
    """Read the ring. Raises SettingsError; its message never quotes a key."""
    try:
        return AtRestSettings(RingSource({name: env.text(name) for name in (*VARIABLES, FILE_VARIABLE)}))
    except ProtocolError as error:
        raise SettingsError(f"{error.reason}: {error.message}") from None
