"""The OpenAPI 3.1 document, made from the routes that are really served."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from ves import error_codes
from ves_api import SERVICE_NAME, __version__
from ves_api.operations.kit import JSON

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.routes import BaseRoute

    from ves_api.http.binding import Place, Route

_REF = "#/components/schemas/{name}"
_UNAVAILABLE = 503
_COMMON_ERRORS = ("internal_error", "database_unavailable", "timeout")
_AUTH_ERRORS = (
    "missing_auth",
    "invalid_api_key",
    "invalid_token",
    "token_expired",
    "insufficient_permissions",
    "rate_limited",
    "overloaded",
    "pool_exhausted",
)
_BODY_ERRORS = ("malformed_json", "invalid_shape", "unsupported_media_type", "body_too_large")


class ErrorDetail(msgspec.Struct, omit_defaults=True):
    """Inside of every error answer."""

    code: str
    numeric_code: int
    message: str
    request_id: str
    details: dict[str, Any] | None = None
    retry_after: int | None = None
    resource_id: str | None = None


class ErrorBody(msgspec.Struct):
    """Every answer with a status of 400 or above."""

    error: ErrorDetail


def routes_of(handlers: Iterable[BaseRoute]) -> list[Route]:
    """The routes behind the router's entries, sorted by tag, path and method."""
    found = [
        handler.opt["route"]
        for entry in handlers
        for handler in getattr(entry, "route_handlers", ())
        if "route" in handler.opt
    ]
    return sorted(found, key=lambda route: (route.operation.tag, route.template, route.method.lower()))


def build(handlers: Iterable[BaseRoute]) -> dict[str, Any]:
    """The whole document."""
    routes = routes_of(handlers)
    types = {t for route in routes for t in (route.operation.body, route.operation.output) if t is not None}
    types.add(ErrorBody)
    ordered = sorted(types, key=lambda t: (t.__name__, str(t)))
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    references = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.template, {})[route.method.lower()] = _describe(route, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": SERVICE_NAME,
            "version": __version__,
            "description": "Numbers, receipts and proofs for signed events of agents.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                "authorization": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "authorization",
                    "description": "`ApiKey ss_…`, or `Bearer` and a JSON Web Token",
                },
            },
        },
    }


def _describe(route: Route, references: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    operation, is_public = route.operation, route.operation.permission.is_public
    words = re.findall(r"[a-z0-9_]+", route.template.removeprefix("/api/v1"))
    described: dict[str, Any] = {
        "operationId": "_".join([route.method.lower(), *words]),
        "summary": operation.summary,
        "description": f"Needs: {operation.permission.words}.",
        "tags": [operation.tag],
        "security": [] if is_public else [{"authorization": []}, {"apiKey": []}],
        "parameters": [_parameter(place) for place in route.parameters],
        "responses": {"200": _answer("Success.", references[operation.output], operation.media_type)},
    }
    errors = [*_COMMON_ERRORS, *operation.errors]
    if not is_public:
        errors += _AUTH_ERRORS
    if route.method != "GET" and "read" not in operation.permission.rights:
        # Whatever makes rows may meet a limit of rows (operations 3).
        errors.append("quota_exceeded")
    if route.parameters:
        errors.append("invalid_query")
    if operation.body is not None:
        errors += _BODY_ERRORS
        content = {"application/json": {"schema": references[operation.body]}}
        described["requestBody"] = {"required": True, "content": content}
    for status, text in _by_status(errors):
        schema = references[ErrorBody]
        if status == _UNAVAILABLE and operation.is_failure is not None:
            schema = {"anyOf": [references[operation.output], schema]}
        described["responses"][str(status)] = _answer(text, schema)
    return described


def _by_status(names: Iterable[str]) -> list[tuple[int, str]]:
    """One description per status, listing the codes behind it."""
    texts: dict[int, set[str]] = {}
    for name in names:
        entry = error_codes.BY_NAME[name]
        texts.setdefault(entry.http, set()).add(f"{entry.wire_code}: {entry.message}.")
    return [(status, " ".join(sorted(lines))) for status, lines in sorted(texts.items())]


def _answer(description: str, schema: dict[str, Any], media_type: str = JSON) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _parameter(place: Place) -> dict[str, Any]:
    return {
        "name": place.wire_name,
        "in": "query" if place.segment is None else "path",
        "required": place.is_required,
        "schema": place.parameter.schema,
        "description": place.parameter.description,
    }
