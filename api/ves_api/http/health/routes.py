"""`GET /health` and `GET /ready` (http-api 11); `detailed` has the third."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from typing import Any

import msgspec
import psycopg
from litestar import Request, get
from litestar.response.base import ASGIResponse

from ves_api import SERVICE_NAME, __version__
from ves_api.errors import ApiError
from ves_api.http.docs.operation import Operation, operation_opt
from ves_api.http.encode import answer
from ves_api.http.failures import DISK_FULL_UNTIL
from ves_api.http.health.detailed import ROUTES as DETAILED_ROUTES
from ves_api.services import services_of
from ves_edge.gen.aio import probe_write

_PATIENCE_SECONDS = 2


class HealthResponse(msgspec.Struct):
    """The process is alive."""

    status: str
    service: str
    version: str
    timestamp: str


class DatabaseStatus(msgspec.Struct):
    """How the database answered."""

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


_HEALTH = Operation(
    summary="Is the process alive",
    tag="Health",
    needs="nothing",
    response=HealthResponse,
    public=True,
)
_READY = Operation(
    summary="Can the process serve",
    tag="Health",
    needs="nothing",
    response=ReadyResponse,
    public=True,
)


@get("/health", sync_to_thread=False, opt=operation_opt(_HEALTH))
def get_health() -> ASGIResponse:
    """Never touches the database: a restart of this process would not mend the database."""
    now = dt.datetime.now(dt.UTC).isoformat()
    return answer(HealthResponse("healthy", SERVICE_NAME, __version__, now))


@get("/ready", opt=operation_opt(_READY))
async def get_ready(request: Request[Any, Any, Any]) -> ASGIResponse:
    """One round trip to the engine (http-api 11); 503 with a reason when it cannot write or does not answer soon."""
    services = services_of(request)
    if time.monotonic() < request.app.state.get(DISK_FULL_UNTIL, 0.0):
        raise _unready("disk_full")
    started = time.perf_counter()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await probe_write(services.database)
    except (ApiError, TimeoutError) as error:
        read_only = isinstance(error.__cause__, psycopg.errors.ReadOnlySqlTransaction)
        raise _unready("read_only" if read_only else "unreachable") from error
    elapsed = round((time.perf_counter() - started) * 1000)
    word, figures = services.pool_monitor.look()
    pool = PoolStatus(word, f"{figures.utilization * 100:.1f}%", figures.active, figures.idle)
    return answer(ReadyResponse("ready", DatabaseStatus(connected=True, response_time_ms=elapsed), pool))


def _unready(reason: str) -> ApiError:
    return ApiError("database_unavailable", "Service unavailable", details={"reason": reason}, retry_after=1)


ROUTES = [get_health, get_ready, *DETAILED_ROUTES]
