"""Settings of the worker process: one frozen object, read once from the environment, checked at start."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from ves_edge.dsn import MASK, connection_url, mask
from ves_edge.engine_check import read_engine_switch
from ves_edge.environment import Environment, SettingsError
from ves_edge.log import read_format, read_level
from ves_edge.seed import parse_seed
from ves_edge.tracing import read_endpoint
from ves_workers.settings.chain import ChainSettings
from ves_workers.settings.payments import PaymentSettings
from ves_workers.settings.timestamps import TimestampSettings

HIGHEST_PORT = 65535


def _read_address(text: str) -> tuple[str, int]:
    """`host:port`. Raises ValueError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) <= HIGHEST_PORT:
        raise ValueError(f"{text!r} is not host:port")
    return host, int(port)


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the worker process. The suffix of a name is the unit of time."""

    database_url: str = field(repr=False)
    signing_key: bytes | None = field(default=None, repr=False)
    sequencer_id: UUID | None = None
    log_level: str = "info"
    log_json: bool = False
    traces_endpoint: str = ""
    metrics_bind: tuple[str, int] | None = None
    poll_ms: int = 250
    heartbeat_secs: int = 30
    statement_timeout_ms: int = 30_000
    receipts_poll_ms: int = 1000
    receipts_max_events: int = 1000
    keys_poll_ms: int = 5000
    require_engine: bool = True
    retention_poll_ms: int = 60_000
    payments: PaymentSettings = field(default_factory=PaymentSettings)
    projections_poll_ms: int = 100
    chain: ChainSettings = field(default_factory=ChainSettings)
    timestamps: TimestampSettings = field(default_factory=TimestampSettings)

    @classmethod
    def from_environment(cls, env: Environment) -> Settings:
        """Read and check every setting. SettingsError names the invalid variable."""
        url = connection_url(env, "DATABASE_URL")
        if not url:
            raise SettingsError("DATABASE_URL: is not set")
        return cls(
            database_url=url,
            signing_key=env.parsed("VES_SEQUENCER_SIGNING_KEY", parse_seed),
            sequencer_id=env.parsed("VES_SEQUENCER_ID", UUID),
            log_level=read_level(env),
            log_json=read_format(env),
            traces_endpoint=read_endpoint(env),
            metrics_bind=env.parsed("VES_METRICS_BIND", _read_address),
            poll_ms=env.integer("VES_WORKER_POLL_MS", 250, low=1, high=60_000),
            heartbeat_secs=env.integer("VES_WORKER_HEARTBEAT_SECS", 30, low=1, high=3600),
            statement_timeout_ms=env.integer("DB_STATEMENT_TIMEOUT_MS", 30_000, low=100, high=3_600_000),
            receipts_poll_ms=env.integer("VES_RECEIPTS_POLL_MS", 1000, low=1, high=60_000),
            receipts_max_events=env.integer("VES_RECEIPTS_MAX_EVENTS", 1000, low=1, high=10_000),
            keys_poll_ms=env.integer("VES_KEYS_POLL_MS", 5000, low=1, high=60_000),
            require_engine=read_engine_switch(env),
            projections_poll_ms=env.integer("VES_PROJECTIONS_POLL_MS", 100, low=1, high=60_000),
            retention_poll_ms=env.integer("VES_RETENTION_POLL_MS", 60_000, low=1, high=3_600_000),
            payments=PaymentSettings.from_environment(env),
            chain=ChainSettings.from_environment(env),
            timestamps=TimestampSettings.from_environment(env),
        )

    def masked(self) -> dict[str, str | int]:
        """Return every setting with secrets masked, for logging."""
        return {
            "database_url": mask(self.database_url),
            "signing_key": MASK if self.signing_key else "",
            "sequencer_id": str(self.sequencer_id or ""),
            "poll_ms": self.poll_ms,
            "receipts_poll_ms": self.receipts_poll_ms,
            "keys_poll_ms": self.keys_poll_ms,
            "retention_poll_ms": self.retention_poll_ms,
            "payment_batch_interval_secs": self.payments.interval_secs,
            "projections_poll_ms": self.projections_poll_ms,
        }
