"""Mapping of exceptions to the error body (http-api 1.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from litestar import Response
from litestar.exceptions import HTTPException

from ves_api.http.middleware import error_headers
from ves_api.operations.kit import refusal_of
from ves_edge import metrics
from ves_edge.errors import ApiError
from ves_edge.log import get_logger

if TYPE_CHECKING:
    from litestar import Request

    from ves_api.services import Services

_log = get_logger("http")
_BY_STATUS = {
    400: "invalid_request",
    404: "route_not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
}
_UNEXPECTED = 500
_DATABASE_FAILURES = frozenset({"database_unavailable", "pool_exhausted", "overloaded"})


def answer_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Exception handler registered with the framework."""
    refusal = report(error, request.app.state.services, request.scope)
    headers = {name.decode(): value.decode() for name, value in error_headers(refusal)}
    request_id = request.scope["state"].get("request_id", "")
    return Response(refusal.body(request_id), status_code=refusal.status, headers=headers)


def report(error: Exception, services: Services, scope: Any) -> ApiError:
    """Map the exception of a request to an ApiError and log it."""
    refusal = to_api_error(error)
    if refusal.name in _DATABASE_FAILURES:
        metrics.ERRORS_DATABASE.inc()
    if isinstance(refusal.__cause__, psycopg.errors.DiskFull):
        services.pool_monitor.record_full_disk()
    request_id = scope["state"].get("request_id", "")
    if refusal.status == _UNEXPECTED and refusal is not error:
        _log.error("request_failed", request_id=request_id, path=scope["path"], exc_info=error)
    elif refusal.status > _UNEXPECTED:
        _log.warning("request_refused", request_id=request_id, code=refusal.sqlstate, name=refusal.name)
    else:
        _log.info("request_refused", request_id=request_id, code=refusal.sqlstate, name=refusal.name)
    return refusal


def to_api_error(error: Exception) -> ApiError:
    """Map an exception to an ApiError; an unknown one becomes internal_error."""
    if isinstance(error, HTTPException):
        name = _BY_STATUS.get(error.status_code, "internal_error")
        return ApiError(name, headers=dict(error.headers or {}))
    return refusal_of(error)
