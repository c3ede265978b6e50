"""Health: liveness, readiness, and the state of the dependencies (http-api 11)."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import platform
import time
from typing import TYPE_CHECKING, Literal

import msgspec
import psycopg

from ves_api import SERVICE_NAME, __version__
from ves_api.auth.permission import ADMIN, ANY_CREDENTIAL, PUBLIC
from ves_api.operations.answers import answer
from ves_api.operations.kit import Area, Context
from ves_api.operations.parameters import NoInput
from ves_edge import metrics
from ves_edge.errors import ApiError
from ves_edge.gen import aio

if TYPE_CHECKING:
    from ves_api.pool_monitor import PoolStatus as PoolWord
    from ves_api.services import Services
    from ves_edge.gen.records import HealthRow
    from ves_edge.pool import PoolStatistics

Status = Literal["healthy", "degraded", "unhealthy"]

operation = Area("Health").operation
_PATIENCE_SECONDS = 2
_FAST_MS, _SLOW_MS = 100, 500
_POOL: dict[PoolWord, Status] = {
    "healthy": "healthy",
    "moderate": "healthy",
    "stressed": "degraded",
    "critical": "unhealthy",
}


class HealthResponse(msgspec.Struct):
    """The process is alive."""

    status: str
    service: str
    version: str
    timestamp: str


class DatabaseStatus(msgspec.Struct):
    """Result of one round trip to the database."""

    connected: bool
    response_time_ms: int


class PoolStatus(msgspec.Struct):
    """Connections of this process: `utilization` is in use against the most there may be."""

    status: str
    utilization: str
    active: int
    idle: int


class ReadyResponse(msgspec.Struct):
    """The process can serve."""

    status: str
    database: DatabaseStatus
    pool: PoolStatus


class DatabaseComponent(msgspec.Struct, omit_defaults=True):
    """The primary: healthy below 100 ms, degraded below 500 ms."""

    name: str
    status: Status
    response_time_ms: int
    message: str | None = None


class PoolComponent(msgspec.Struct):
    """Connections of this process; `avg_acquisition_ms` since its start."""

    status: Status
    total_connections: int
    active_connections: int
    idle_connections: int
    max_connections: int
    utilization_percent: float
    avg_acquisition_ms: float


class ReadsComponent(msgspec.Struct):
    """Reads of final facts since the start, by server; a resting replica failed within the last seconds."""

    status: Status
    replica: Literal["none", "used", "resting"]
    answered_by_replica: int
    answered_by_primary: int
    replica_lacked: int
    replica_unavailable: int


class CacheComponent(msgspec.Struct):
    """Counts since the start, entries now and at most."""

    hits: int
    misses: int
    evictions: int
    size: int
    max_size: int


class CircuitBreaker(msgspec.Struct):
    """A circuit breaker of any process that shares the metrics' folder; its state is that of the worst."""

    name: str
    state: metrics.CircuitState
    successes: int
    failures: int
    rejected: int


class Components(msgspec.Struct):
    """Dependencies of this process, and the circuit breakers of all."""

    database: DatabaseComponent
    pool: PoolComponent
    reads: ReadsComponent
    caches: dict[str, CacheComponent]
    circuit_breakers: list[CircuitBreaker]


class System(msgspec.Struct):
    """`rust_version` is the original's member; no Rust runs here, and it says so."""

    rust_version: str
    python_version: str
    engine_version: str | None
    engine_mode: str | None
    postgresql_version: str | None


class DetailedHealth(msgspec.Struct):
    """The report of the process that answers."""

    status: Status
    service: str
    version: str
    timestamp: str
    components: Components
    system: System


@operation(permission=PUBLIC, sheds=False)
async def get_health(_: Context, __: NoInput) -> HealthResponse:
    """Report that the process is alive.

    Never touches the database: a restart of this process would not mend the database.
    """
    return HealthResponse("healthy", SERVICE_NAME, __version__, dt.datetime.now(dt.UTC).isoformat())


# The RPC GetHealth needs a credential (grpc-api 3.3).
get_health_for_clients = dataclasses.replace(
    get_health, name="get_health_for_clients", permission=ANY_CREDENTIAL
)


@operation(permission=PUBLIC, sheds=False)
async def get_ready(context: Context, _: NoInput) -> ReadyResponse:
    """Report whether the process can serve.

    One round trip to the engine; 503 with a reason when it cannot write or does not answer soon.
    """
    if context.services.pool_monitor.is_disk_full:
        raise _unready("disk_full")
    started = time.perf_counter()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await aio.probe_write(context.database)
    except (ApiError, TimeoutError) as error:
        read_only = isinstance(error.__cause__, psycopg.errors.ReadOnlySqlTransaction)
        raise _unready("read_only" if read_only else "unreachable") from error
    elapsed = round((time.perf_counter() - started) * 1000)
    word, statistics = context.services.pool_monitor.look()
    pool = PoolStatus(word, f"{statistics.utilization * 100:.1f}%", statistics.active, statistics.idle)
    return ReadyResponse("ready", DatabaseStatus(connected=True, response_time_ms=elapsed), pool)


def _unready(reason: str) -> ApiError:
    return ApiError("database_unavailable", "Service unavailable", details={"reason": reason}, retry_after=1)


def judge_database(elapsed_ms: float, *, answered: bool) -> Status:
    """By the time of one round trip to the engine."""
    if not answered or elapsed_ms >= _SLOW_MS:
        return "unhealthy"
    return "healthy" if elapsed_ms < _FAST_MS else "degraded"


def judge_pool(status: PoolWord) -> Status:
    """The status of the pool in the words of this report."""
    return _POOL[status]


def worst(*statuses: Status) -> Status:
    """The status of the whole."""
    if "unhealthy" in statuses:
        return "unhealthy"
    return "degraded" if "degraded" in statuses else "healthy"


@operation(permission=ADMIN, sheds=False, is_failure=lambda report: report.status == "unhealthy")
async def get_detailed_health(context: Context, _: NoInput) -> DetailedHealth:
    """Report the health of this process and what it depends on.

    Served while the pool is exhausted too, if a connection can be had to check the caller.
    """
    services = context.services
    started = time.perf_counter()
    engine: HealthRow | None = None
    with contextlib.suppress(ApiError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            [engine] = await aio.health(services.database)
    elapsed = (time.perf_counter() - started) * 1000
    database = DatabaseComponent(
        "postgresql",
        judge_database(elapsed, answered=engine is not None),
        round(elapsed),
        None if engine else "no answer",
    )
    pool, reads = _pool(*services.pool_monitor.look()), _reads(services)
    caches = {
        name: answer(CacheComponent, statistics) for name, statistics in services.cache_statistics().items()
    }
    breakers = [
        CircuitBreaker(circuit.name, circuit.state, circuit.successes, circuit.failures, circuit.rejections)
        for circuit in metrics.circuits()
    ]
    circuits: Status = "degraded" if any(breaker.state == "open" for breaker in breakers) else "healthy"
    python = platform.python_version()
    return DetailedHealth(
        status=worst(database.status, pool.status, reads.status, circuits),
        service=SERVICE_NAME,
        version=__version__,
        timestamp=dt.datetime.now(dt.UTC).isoformat(),
        components=Components(database, pool, reads, caches, breakers),
        system=System(
            rust_version=f"none (Python {python})",
            python_version=python,
            engine_version=engine.engine_version if engine else None,
            engine_mode=engine.mode if engine else None,
            postgresql_version=engine.server_version if engine else None,
        ),
    )


def _pool(word: PoolWord, statistics: PoolStatistics) -> PoolComponent:
    return PoolComponent(
        status=judge_pool(word),
        total_connections=statistics.total,
        active_connections=statistics.active,
        idle_connections=statistics.idle,
        max_connections=statistics.most,
        utilization_percent=round(statistics.utilization * 100, 1),
        avg_acquisition_ms=round(statistics.waited_ms / statistics.served, 3) if statistics.served else 0.0,
    )


def _reads(services: Services) -> ReadsComponent:
    state, statistics = services.reads.replica_state, services.reads.statistics
    return ReadsComponent(
        status="degraded" if state == "resting" else "healthy",
        replica=state,
        answered_by_replica=statistics.replica,
        answered_by_primary=statistics.primary,
        replica_lacked=statistics.replica_lacked,
        replica_unavailable=statistics.replica_unavailable,
    )


@operation(permission=ADMIN, media_type="text/plain", sheds=False)
async def get_metrics(_: Context, __: NoInput) -> str:
    """Answer the metrics of all processes in the text format of Prometheus (operations 9)."""
    return metrics.exposition()
