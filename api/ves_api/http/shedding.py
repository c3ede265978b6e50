"""Refusing work while there are no connections to do it with (http-api 1.3: before authentication)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ves_api.http.docs.operation import Operation

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers import BaseRouteHandler

    from ves_api.services import Services


def shed_load(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard of every route. Raises pool_exhausted on those that need a credential, except the health report."""
    operation = handler.opt.get("operation")
    if isinstance(operation, Operation) and not operation.public and operation.sheds:
        cast("Services", connection.app.state.services).pool_monitor.require_capacity()
