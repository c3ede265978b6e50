"""`GET /health/detailed` (http-api 11)."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import platform
import time
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from litestar import Request, get
from litestar.response.base import ASGIResponse

from ves_api import SERVICE_NAME, __version__
from ves_api.errors import ApiError
from ves_api.gateway.operations import Health, health
from ves_api.http.docs.operation import Operation, operation_opt
from ves_api.http.encode import answer
from ves_api.services import identify, services_of

if TYPE_CHECKING:
    from ves_api.gateway.database import PoolFigures
    from ves_api.pool_monitor import PoolStatus
    from ves_api.services import Services

Status = Literal["healthy", "degraded", "unhealthy"]

_PATIENCE_SECONDS = 2
_FAST_MS, _SLOW_MS = 100, 500
_UNAVAILABLE = 503
_POOL: dict[PoolStatus, Status] = {
    "healthy": "healthy",
    "moderate": "healthy",
    "stressed": "degraded",
    "critical": "unhealthy",
}


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
    """Who answered final facts since the start; a replica that rests failed within the last seconds."""

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


class Components(msgspec.Struct):
    """What this process depends on."""

    database: DatabaseComponent
    pool: PoolComponent
    reads: ReadsComponent
    caches: dict[str, CacheComponent]


class System(msgspec.Struct):
    """`rust_version` is the reference's member; no Rust runs here, and it says so."""

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


_DETAILED = Operation(
    summary="Report the health of this process and what it depends on",
    tag="Health",
    needs="admin",
    response=DetailedHealth,
    unhealthy=DetailedHealth,
    sheds=False,
)


def judge_database(elapsed_ms: float, *, answered: bool) -> Status:
    """By the time of one round trip to the engine."""
    if not answered or elapsed_ms >= _SLOW_MS:
        return "unhealthy"
    return "healthy" if elapsed_ms < _FAST_MS else "degraded"


def judge_pool(status: PoolStatus) -> Status:
    """The pool's word in this report's words."""
    return _POOL[status]


def worst(*statuses: Status) -> Status:
    """The status of the whole."""
    if "unhealthy" in statuses:
        return "unhealthy"
    return "degraded" if "degraded" in statuses else "healthy"


@get("/health/detailed", opt=operation_opt(_DETAILED))
async def get_detailed_health(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Served while the pool is exhausted too, if a connection can be had to check the caller."""
    identity = await identify(request)
    identity.require("admin")
    report = await _report(services_of(request))
    response = answer(report)
    if report.status == "unhealthy":
        response.status_code = _UNAVAILABLE
        response.headers["x-error-code"] = "SERVICE_UNAVAILABLE"
    return response


async def _report(services: Services) -> DetailedHealth:
    started = time.perf_counter()
    engine: Health | None = None
    with contextlib.suppress(ApiError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            engine = await health(services.database)
    elapsed = (time.perf_counter() - started) * 1000
    database = DatabaseComponent(
        "postgresql",
        judge_database(elapsed, answered=engine is not None),
        round(elapsed),
        None if engine else "no answer",
    )
    pool, reads = _pool(*services.pool_monitor.look()), _reads(services)
    caches = {
        name: CacheComponent(f.hits, f.misses, f.evictions, f.size, f.max_size)
        for name, f in services.cache_figures().items()
    }
    python = platform.python_version()
    return DetailedHealth(
        status=worst(database.status, pool.status, reads.status),
        service=SERVICE_NAME,
        version=__version__,
        timestamp=dt.datetime.now(dt.UTC).isoformat(),
        components=Components(database, pool, reads, caches),
        system=System(
            rust_version=f"none (Python {python})",
            python_version=python,
            engine_version=engine.engine_version if engine else None,
            engine_mode=engine.mode if engine else None,
            postgresql_version=engine.server_version if engine else None,
        ),
    )


def _pool(word: PoolStatus, figures: PoolFigures) -> PoolComponent:
    return PoolComponent(
        status=judge_pool(word),
        total_connections=figures.total,
        active_connections=figures.active,
        idle_connections=figures.idle,
        max_connections=figures.most,
        utilization_percent=round(figures.utilization * 100, 1),
        avg_acquisition_ms=round(figures.waited_ms / figures.served, 3) if figures.served else 0.0,
    )


def _reads(services: Services) -> ReadsComponent:
    state, figures = services.reads.replica_state, services.reads.figures
    return ReadsComponent(
        status="degraded" if state == "resting" else "healthy",
        replica=state,
        answered_by_replica=figures.replica,
        answered_by_primary=figures.primary,
        replica_lacked=figures.replica_lacked,
        replica_unavailable=figures.replica_unavailable,
    )


ROUTES = [get_detailed_health]
