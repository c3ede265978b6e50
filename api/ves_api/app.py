"""The application: routes, services, lifespan, and the middleware around it all."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from litestar import Litestar

from ves_api.http.binding import HotRoutes
from ves_api.http.docs.routes import ROUTES as DOCS_ROUTES
from ves_api.http.failures import answer_exception
from ves_api.http.middleware import Middleware
from ves_api.http.routes import HOT_ROUTES
from ves_api.http.routes import ROUTES as OPERATIONS
from ves_api.rpc.server import RpcServer
from ves_api.services import make_services
from ves_edge import tracing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ves_api.settings import Settings

ROUTES = [*[route.handler() for route in OPERATIONS], *DOCS_ROUTES]


@asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncIterator[None]:
    """Start the services and the gRPC listener; at shutdown finish the accepted requests."""
    services = app.state.services = make_services(app.state.settings)
    rpc = None if app.state.settings.grpc_port is None else RpcServer(services)
    await services.start()
    if rpc is not None:
        await rpc.start()
    try:
        yield
    finally:
        if rpc is not None:
            await rpc.stop()
        await services.close()
        tracing.close()


def make_app(settings: Settings) -> Middleware:
    """The ASGI application for these settings."""
    app = Litestar(
        route_handlers=ROUTES,
        lifespan=[_lifespan],
        exception_handlers={Exception: answer_exception},
        openapi_config=None,
        logging_config=None,
    )
    app.state.settings = settings
    return Middleware(HotRoutes(app, HOT_ROUTES), settings)
