"""HTTP routes generated from operations.

Litestar is used only as the router (paths, methods, lifespan), and not at all for the hot routes. Decoding,
authentication, rate limits, errors and the OpenAPI document are uniform over all operations and implemented here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec
from litestar import Request
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from ves_api.auth.credentials import fingerprint
from ves_api.auth.origin import Origin
from ves_api.http.decode import Exchange, decode_body, parse_query, read_body
from ves_api.http.failures import report
from ves_api.http.middleware import error_headers
from ves_api.operations.admission import admit
from ves_api.operations.kit import JSON, Context, Operation
from ves_api.operations.parameters import Parameter, Parameters, refuse
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from litestar import Litestar
    from litestar.types import Receive

_UNAVAILABLE = 503
_encode = msgspec.json.Encoder().encode


class Place(NamedTuple):
    """Location of a parameter in a request; `segment` is the index of the path segment, None for the query."""

    member: str
    wire_name: str
    segment: int | None
    parameter: Parameter
    is_required: bool


class Reply(NamedTuple):
    """A response; `body` is JSON."""

    body: bytes
    status: int = 200
    headers: dict[str, str] | None = None


class Route:
    """An operation under a method and a path template (`/api/v1/agents/{agent_id}`)."""

    def __init__(self, method: str, template: str, operation: Operation[Any]) -> None:
        self.method = method
        self.template = template
        self.operation = operation
        self.parameters = _places(template, operation)
        self._in_query = frozenset(place.wire_name for place in self.parameters if place.segment is None)
        self._has_body = operation.body is not None
        # the label of metrics: /api/v1/commitments/:batch_id
        self._pattern = template.replace("{", ":").replace("}", "")

    def handler(self) -> HTTPRouteHandler:
        """The router's entry."""

        async def serve(request: Request[Any, Any, Any]) -> ASGIResponse:
            exchange = Exchange(request.scope, request.receive, request.app.state.services)
            reply = await self.answer(exchange)
            return ASGIResponse(
                body=reply.body,
                status_code=reply.status,
                headers=reply.headers,
                media_type=self.operation.media_type,
            )

        path = self.template.replace("}", ":str}")
        declare = HTTPRouteHandler(
            path, http_method=HttpMethod(self.method), status_code=200, opt={"route": self}
        )
        return declare(serve)

    async def answer(self, exchange: Exchange) -> Reply:
        """Admit the caller, decode the request, call the operation. Raises what these raise."""
        operation, context = self.operation, context_of(exchange)
        exchange.scope["state"]["pattern"] = self._pattern
        if operation.raw_body is not None:
            await admit(context, operation)
            output = await operation.call(context, await read_body(exchange))
            return Reply(output) if isinstance(output, bytes) else self._reply(output)
        if operation.slot is None:
            await admit(context, operation)
            values = self._read_parameters(exchange.scope)
            body = await read_body(exchange, operation.body_bytes) if self._has_body else None
            return self._reply(await self._call(context, values, body))
        async with operation.slot(context.services, fingerprint(context.origin.headers)):
            await admit(context, operation)
        values = self._read_parameters(exchange.scope)
        # Before taking a slot: a slow client must not hold one while it sends the body.
        body = await read_body(exchange, operation.body_bytes) if self._has_body else None
        async with operation.slot(context.services, context.identity.tenant_id):
            return self._reply(await self._call(context, values, body))

    async def _call(self, context: Context, values: dict[str, Any], body: bytes | None) -> Any:
        operation = self.operation
        if body is None:
            given = operation.input(**values)
        else:
            decoded = await context.offload(len(body), decode_body, operation.body, body)
            given = (
                operation.input(**values, body=decoded)
                if issubclass(operation.input, Parameters)
                else decoded
            )
        operation.authorize(context, given)
        return await operation.call(context, given)

    def _read_parameters(self, scope: Any) -> dict[str, Any]:
        """Read the parameters that are present. Raises invalid_query."""
        values: dict[str, Any] = {}
        query = parse_query(scope["query_string"], self._in_query) if self._in_query else {}
        segments = scope["raw_path"].partition(b"?")[0].split(b"/")
        for place in self.parameters:
            if place.segment is not None:
                # Split the raw path: an encoded slash is part of a segment, not a separator.
                text = unquote_to_bytes(segments[place.segment]).decode("utf-8", "surrogateescape")
            elif place.wire_name in query:
                text = query[place.wire_name]
            elif place.is_required:
                raise refuse(place.wire_name, "is required")
            else:
                continue
            values[place.member] = place.parameter.parse(text, place.wire_name)
        return values

    def _reply(self, output: Any) -> Reply:
        if self.operation.is_failure is not None and self.operation.is_failure(output):
            return Reply(
                _encode(output), _UNAVAILABLE, {"x-error-code": ApiError("database_unavailable").code}
            )
        return Reply(output.encode() if self.operation.media_type != JSON else _encode(output))


class HotRoutes:
    """ASGI application: serves some routes itself and leaves the rest to the framework.

    The framework's routing, request and response objects took a tenth of the API's time for a single event.
    """

    def __init__(self, app: Litestar, routes: Iterable[Route]) -> None:
        self._app = app
        self._routes = {(route.method, route.template): route for route in routes}

    async def __call__(self, scope: Any, receive: Receive, send: Callable[[Any], Awaitable[None]]) -> None:
        """Serve one connection."""
        route = None if scope["type"] != "http" else self._routes.get((scope["method"], scope["path"]))
        if route is None:
            await self._app(scope, receive, send)
            return
        services = self._app.state.services
        try:
            reply = await route.answer(Exchange(scope, receive, services))
            body, status, headers = reply.body, reply.status, [(b"content-type", b"application/json")]
            if reply.headers:
                headers += [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        except Exception as error:  # noqa: BLE001 (as the framework's exception handler)
            refusal = report(error, services, scope)
            body, status, headers = (
                refusal.body(scope["state"]["request_id"]),
                refusal.status,
                error_headers(refusal),
            )
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def context_of(exchange: Exchange) -> Context:
    """Context of a request before authentication; its headers are added to every response."""
    scope, services = exchange.scope, exchange.services
    state = scope["state"]
    trusted = services.settings.auth.trusted_proxies
    origin = Origin(state["request_id"], scope["headers"], scope.get("client"), trusted)
    context = Context(services, origin)
    state["answer_headers"] = context.answer_headers
    return context


def _places(template: str, operation: Operation[Any]) -> tuple[Place, ...]:
    """Input members named in the path template are path parameters; the others are query parameters."""
    if operation.raw_body is not None or not issubclass(operation.input, Parameters):
        return ()
    segments = {part.strip("{}"): i for i, part in enumerate(template.split("/")) if part.startswith("{")}
    places = []
    for field in msgspec.structs.fields(operation.input):
        if field.name != "body":
            parameter: Parameter = field.type.__metadata__[0]
            name = parameter.query_name or field.encode_name
            segment = None if parameter.query_name else segments.get(name)
            places.append(Place(field.name, name, segment, parameter, field.required))
    return tuple(places)
