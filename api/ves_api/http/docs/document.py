"""The OpenAPI 3.1 document, made from the routes that are really served."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from litestar.enums import HttpMethod

from ves import error_codes
from ves_api import SERVICE_NAME, __version__
from ves_api.http.binding import Route
from ves_api.http.docs.operation import Operation, Parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from litestar.handlers import HTTPRouteHandler
    from litestar.routes import BaseRoute

_REF = "#/components/schemas/{name}"
_PATH_TYPE = re.compile(r"\{(\w+):\w+\}")
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


def operations(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str, Operation]]:
    """(path template, method, operation) of every documented handler, sorted by path."""
    found = []
    for route in routes:
        for handler in getattr(route, "route_handlers", ()):
            operation = _operation_of(handler)
            if operation is not None:
                path = _PATH_TYPE.sub(r"{\1}", route.path)
                found += [
                    (path, HttpMethod(method).value.lower(), operation) for method in handler.http_methods
                ]
    yield from sorted(found, key=lambda item: (item[2].tag, item[0], item[1]))


def _operation_of(handler: HTTPRouteHandler) -> Operation | None:
    route = handler.opt.get("route")
    if isinstance(route, Route):
        return _described(route)
    operation = handler.opt.get("operation")
    return operation if isinstance(operation, Operation) else None


def _described(route: Route) -> Operation:
    declared = route.operation
    return Operation(
        summary=declared.summary,
        tag=declared.tag,
        needs=declared.permission.words,
        response=declared.output,
        request=declared.body,
        parameters=tuple(
            Parameter(
                place.wire_name,
                "query" if place.segment is None else "path",
                place.parameter.schema,
                place.parameter.description,
                place.is_required,
            )
            for place in route.parameters
        ),
        errors=declared.errors,
        public=declared.permission.is_public,
        unhealthy=None if declared.is_failure is None else declared.output,
    )


def build(routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """The whole document."""
    listed = list(operations(routes))
    types = {t for _, _, o in listed for t in (o.request, o.response, o.unhealthy) if t is not None} | {
        ErrorBody
    }
    ordered = sorted(types, key=lambda t: t.__name__)
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    references = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for path, method, operation in listed:
        paths.setdefault(path, {})[method] = _operation(path, method, operation, references)
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


def _operation(
    path: str, method: str, operation: Operation, references: dict[type, dict[str, Any]]
) -> dict[str, Any]:
    words = re.findall(r"[a-z0-9_]+", path.removeprefix("/api/v1"))
    described: dict[str, Any] = {
        "operationId": "_".join([method, *words]),
        "summary": operation.summary,
        "description": f"Needs: {operation.needs}.",
        "tags": [operation.tag],
        "security": [] if operation.public else [{"authorization": []}, {"apiKey": []}],
        "parameters": [_parameter(p) for p in operation.parameters],
        "responses": {"200": _answer("Success.", references[operation.response])},
    }
    errors = [*_COMMON_ERRORS, *operation.errors]
    if not operation.public:
        errors += _AUTH_ERRORS
    if operation.parameters:
        errors.append("invalid_query")
    if operation.request is not None:
        errors += _BODY_ERRORS
        content = {"application/json": {"schema": references[operation.request]}}
        described["requestBody"] = {"required": True, "content": content}
    for status, text in _by_status(errors):
        schema = references[ErrorBody]
        if status == _UNAVAILABLE and operation.unhealthy is not None:
            schema = {"anyOf": [references[operation.unhealthy], schema]}
        described["responses"][str(status)] = _answer(text, schema)
    return described


def _by_status(names: Iterable[str]) -> list[tuple[int, str]]:
    """One description per status, listing the codes behind it."""
    texts: dict[int, set[str]] = {}
    for name in names:
        entry = error_codes.BY_NAME[name]
        texts.setdefault(entry.http, set()).add(f"{entry.wire_code}: {entry.message}.")
    return [(status, " ".join(sorted(lines))) for status, lines in sorted(texts.items())]


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "schema": parameter.schema,
        "description": parameter.description,
    }
