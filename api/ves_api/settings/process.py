"""Process settings: one frozen object, read once from the environment (operations 1.1-1.4).

Variable names are those of the original. An invalid value stops the start with a message that names the variable.
The repr of the object masks secrets.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from ves_api.settings.auth import PRODUCTION_SECRET_LENGTH, AuthSettings, load_auth
from ves_api.settings.sections import (
    AtRestSettings,
    CacheSettings,
    ReplicaSettings,
    SchemaSettings,
    load_at_rest,
    load_caches,
    load_replica,
    load_schemas,
)
from ves_edge.chain import ChainNodes, read_anchor_contract, read_nodes
from ves_edge.dsn import connection_url
from ves_edge.engine_check import read_engine_switch
from ves_edge.environment import OFF, Environment, SettingsError, masked_repr
from ves_edge.log import read_format, read_level
from ves_edge.seed import parse_seed
from ves_edge.tracing import read_endpoint

_DEVELOPMENT = frozenset({"", "local", "dev", "development", "test", "testing", "ci", "staging"})
_DATABASE_URL = "postgres://localhost/stateset_sequencer"
_PROFILES = frozenset({"legacy", "hybrid", "pqc-strict"})
_SECRETS = frozenset({"database_url", "bootstrap_key", "signing_key"})
_STARK_PROCESSES = 4
_SETTLE_SECONDS, _ANSWER_SECONDS = 75.0, 2.0
_U16_MAX = 65_535
_I32_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the process. Sizes are in bytes, times in seconds."""

    host: str
    port: int
    http_socket: str
    grpc_port: int | None
    grpc_timeout: float
    workers: int
    request_timeout: float
    shutdown_timeout: int
    max_body_bytes: int
    max_events: int
    max_payload_bytes: int
    cors_origins: tuple[str, ...]

    database_url: str
    max_connections: int
    min_connections: int
    acquire_timeout: float
    idle_timeout: float
    max_lifetime: float
    statement_timeout_ms: int
    idle_in_transaction_timeout_ms: int
    lock_timeout_ms: int
    application_name: str
    pool_sample: float
    require_engine: bool
    startup_retries: int
    startup_retry_delay: float
    allow_unsafe_server: bool

    bootstrap_key: str | None
    replica: ReplicaSettings | None
    chain: ChainNodes
    anchor_contract: str
    anchor_wait: float
    caches: CacheSettings
    schemas: SchemaSettings
    at_rest: AtRestSettings
    auth: AuthSettings

    sequencer_id: uuid.UUID
    signing_key: bytes | None
    key_version: int
    profile: str
    strict_format: bool
    coalesce: bool
    stark_verify_on_submit: bool
    stark_concurrency: int

    log_level: str
    log_json: bool
    traces_endpoint: str

    @property
    def pool_size(self) -> int:
        """Connections of one process: the configured maximum is shared by all worker processes."""
        return self.shared(self.max_connections)

    @property
    def pool_floor(self) -> int:
        """Minimum number of open connections of one process."""
        return min(self.pool_size, self.shared(self.min_connections))

    def shared(self, connections: int) -> int:
        """Share of one worker process, rounded up, in a number of connections configured for all of them."""
        return -(-connections // self.workers)

    @property
    def settle_patience(self) -> float:
        """Seconds for which a facilitator's caller waits for the chain: less than what its own HTTP client waits (x402 B6)."""
        return min(_SETTLE_SECONDS, self.request_timeout - _ANSWER_SECONDS)

    @property
    def anchor_patience(self) -> float:
        """Seconds for which a caller waits for a commitment to be in a block: it gets an answer before the request times out."""
        return min(self.anchor_wait, self.request_timeout - _ANSWER_SECONDS)

    @property
    def stark_processes(self) -> int:
        """Proofs that one process verifies at a time: the configured number is shared by all worker processes."""
        return max(1, -(-self.stark_concurrency // self.workers))

    def __repr__(self) -> str:
        return masked_repr(self, _SECRETS)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and validate the settings. Raises SettingsError naming the first invalid variable."""
    return read(Environment(os.environ if environ is None else environ))


def read(env: Environment) -> Settings:
    """As `load`, with an Environment, which records each variable that was read and its effective value."""
    workers = env.integer("VES_API_WORKERS", os.cpu_count() or 1, low=1, high=256)
    production = (env.text("SEQUENCER_ENV") or env.text("ENVIRONMENT")).lower() not in _DEVELOPMENT
    port = env.integer("PORT", 8080, low=0, high=_U16_MAX)
    max_connections = env.integer("MAX_DB_CONNECTIONS", 8 * workers, low=1, high=10_000)
    application_name = env.text("DB_APPLICATION_NAME", "stateset-sequencer")
    return Settings(
        host=env.text("HOST", "0.0.0.0"),  # noqa: S104 (the original's default)
        port=port,
        http_socket=env.text("VES_HTTP_SOCKET"),
        grpc_port=_grpc_port(env, port),
        grpc_timeout=env.number("GRPC_REQUEST_TIMEOUT_SECS", 30.0, low=0.001),
        workers=workers,
        request_timeout=env.number("REQUEST_TIMEOUT_SECS", 30.0, low=0.001),
        shutdown_timeout=env.integer("SHUTDOWN_TIMEOUT_SECS", 25, low=1, high=3600),
        max_body_bytes=env.integer("MAX_BODY_SIZE_BYTES", 10_485_760, low=1),
        max_events=env.integer("MAX_EVENTS_PER_BATCH", 1000, low=1),
        max_payload_bytes=env.integer("MAX_EVENT_PAYLOAD_SIZE", 1_048_576, low=1),
        cors_origins=tuple(o for o in (p.strip() for p in env.text("CORS_ALLOW_ORIGINS").split(",")) if o),
        database_url=connection_url(env, "DATABASE_URL", _DATABASE_URL),
        max_connections=max_connections,
        min_connections=env.integer("MIN_DB_CONNECTIONS", workers, low=0, high=10_000),
        acquire_timeout=env.number("DB_ACQUIRE_TIMEOUT_MS", 5_000, low=1) / 1000,
        idle_timeout=env.number("DB_IDLE_TIMEOUT_SECS", 600, low=1),
        max_lifetime=env.number("DB_MAX_LIFETIME_SECS", 1800, low=1),
        statement_timeout_ms=env.integer("DB_STATEMENT_TIMEOUT_MS", 30_000, low=0),
        idle_in_transaction_timeout_ms=env.integer("DB_IDLE_IN_TX_TIMEOUT_MS", 60_000, low=0),
        lock_timeout_ms=env.integer("DB_LOCK_TIMEOUT_MS", 10_000, low=0),
        application_name=application_name,
        pool_sample=env.number("VES_POOL_SAMPLE_SECS", 15, low=0.01),
        require_engine=read_engine_switch(env),
        startup_retries=env.integer("DB_STARTUP_MAX_RETRIES", 10, low=0),
        startup_retry_delay=env.number("DB_STARTUP_RETRY_DELAY_SECS", 3, low=0),
        allow_unsafe_server=env.flag("VES_DANGER_ALLOW_UNSAFE_SERVER", default=False),
        bootstrap_key=_bootstrap_key(env, production=production),
        replica=load_replica(env, max_connections=max_connections, application_name=application_name),
        chain=read_nodes(env),
        anchor_contract=read_anchor_contract(env),
        anchor_wait=env.number("VES_ANCHOR_WAIT_SECS", 25.0, low=0),
        caches=load_caches(env),
        schemas=load_schemas(env),
        at_rest=load_at_rest(env),
        auth=load_auth(env, production=production),
        sequencer_id=_sequencer_id(env),
        signing_key=env.parsed("VES_SEQUENCER_SIGNING_KEY", parse_seed),
        key_version=env.integer("VES_SEQUENCER_KEY_VERSION", 0, low=0, high=_I32_MAX),
        profile=env.choice("VES_SEQUENCER_SECURITY_PROFILE", "legacy", _PROFILES),
        strict_format=env.text("VES_STRICT_FORMAT_VALIDATION").lower() not in OFF,
        coalesce=env.flag("VES_COALESCE", default=True),
        stark_verify_on_submit=env.given("VES_STARK_VERIFY_ON_SUBMIT", "true").lower() not in OFF,
        stark_concurrency=env.integer(
            "VES_STARK_VERIFY_CONCURRENCY", min(os.cpu_count() or 1, _STARK_PROCESSES), low=1, high=64
        ),
        log_level=read_level(env),
        log_json=read_format(env),
        traces_endpoint=read_endpoint(env),
    )


def _grpc_port(env: Environment, port: int) -> int | None:
    """Port of the gRPC listener, by default the one after PORT; None when gRPC is switched off."""
    default = min(port + 1, _U16_MAX) if port else 0
    chosen = env.integer("GRPC_PORT", default, low=0, high=_U16_MAX)
    return None if env.flag("GRPC_DISABLED", default=False) else chosen


def _bootstrap_key(env: Environment, *, production: bool) -> str | None:
    key = env.text("BOOTSTRAP_ADMIN_API_KEY")
    if not key:
        return None
    if not key.startswith("ss_"):
        raise SettingsError("BOOTSTRAP_ADMIN_API_KEY: must start with ss_, or it could never authenticate")
    if production and len(key) < PRODUCTION_SECRET_LENGTH:
        raise SettingsError(
            f"BOOTSTRAP_ADMIN_API_KEY: needs at least {PRODUCTION_SECRET_LENGTH} characters in production"
        )
    return key


def _sequencer_id(env: Environment) -> uuid.UUID:
    """Return the sequencer id for receipts. If unset, a random id is exported to the environment for all workers."""
    parsed = env.parsed("VES_SEQUENCER_ID", uuid.UUID)
    if parsed is None:
        parsed = uuid.uuid4()
        os.environ["VES_SEQUENCER_ID"] = str(parsed)
    return parsed
