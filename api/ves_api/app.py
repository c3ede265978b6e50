"""The application: routes, shared services, lifespan, and the shell around it all."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from litestar import Litestar

from ves_api.http.docs.routes import ROUTES as DOCS_ROUTES
from ves_api.http.failures import answer_exception
from ves_api.http.ingest.routes import ROUTES as INGEST_ROUTES
from ves_api.http.ingest.service import IngestService
from ves_api.http.legacy.ingest import ROUTES as LEGACY_INGEST_ROUTES
from ves_api.http.routes import ROUTES as BOUND
from ves_api.http.shell import Shell
from ves_api.services import Services, make_services

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ves_api.settings import Settings

ROUTES = [
    *INGEST_ROUTES,
    *[route.handler() for route in BOUND],
    *LEGACY_INGEST_ROUTES,
    *DOCS_ROUTES,
]


@asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncIterator[None]:
    """Open what the services need, and on the way out finish what was accepted."""
    services: Services = make_services(app.state.settings)
    app.state.services = services
    app.state.ingest = IngestService(services)
    await services.database.open()
    await services.reads.open()
    services.flusher.start()
    services.login_audit.start()
    services.pool_monitor.start()
    try:
        yield
    finally:
        await services.pool_monitor.close()
        await services.coalescer.drain()
        await services.flusher.close()
        await services.login_audit.close()
        await services.verifier.close()
        services.lanes.close()
        await services.reads.close()
        await services.database.close()


def make_app(settings: Settings) -> Shell:
    """The ASGI application for these settings."""
    app = Litestar(
        route_handlers=ROUTES,
        lifespan=[_lifespan],
        exception_handlers={Exception: answer_exception},
        openapi_config=None,
        logging_config=None,
    )
    app.state.settings = settings
    return Shell(app, settings)
