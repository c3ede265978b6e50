"""HTTP routes generated from operations.

Litestar is used only as the router (paths, methods, lifespan). Decoding, authentication, rate limits, errors and the
OpenAPI document are uniform over all operations and implemented here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec
from litestar import Request
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from ves.uuids import decoder
from ves_api.auth.origin import Origin
from ves_api.http.decode import decode_struct, parse_query, read_body
from ves_api.operations.admission import admit
from ves_api.operations.kit import Context, Operation
from ves_api.operations.parameters import Parameter, Parameters, refuse
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ves_api.services import Services

_UNAVAILABLE = 503
_encode = msgspec.json.Encoder().encode


class Place(NamedTuple):
    """Location of a parameter in a request; `segment` is the index of the path segment, None for the query."""

    member: str
    wire_name: str
    segment: int | None
    parameter: Parameter
    is_required: bool


class Route:
    """An operation under a method and a path template (`/api/v1/agents/{agent_id}`)."""

    def __init__(self, method: str, template: str, operation: Operation[Any]) -> None:
        self.method = method
        self.template = template
        self.operation = operation
        self.parameters = _places(template, operation)
        self._in_query = frozenset(place.wire_name for place in self.parameters if place.segment is None)
        self._decode: Callable[[bytes], Any] | None = (
            None if operation.body is None or operation.raw_body else decoder(operation.body)
        )

    def handler(self) -> HTTPRouteHandler:
        """The router's entry."""

        async def serve(request: Request[Any, Any, Any]) -> ASGIResponse:
            return await self._serve(request)

        path = self.template.replace("}", ":str}")
        declare = HTTPRouteHandler(
            path, http_method=HttpMethod(self.method), status_code=200, opt={"route": self}
        )
        return declare(serve)

    async def _serve(self, request: Request[Any, Any, Any]) -> ASGIResponse:
        operation, context = self.operation, context_of(request)
        if operation.raw_body is not None:
            await admit(context, operation)
            output = await operation.call(context, await read_body(request))
            if isinstance(output, bytes):
                return ASGIResponse(body=output, media_type="application/json")
            return self._answer(output)
        if operation.slot is None:
            await admit(context, operation)
            values = self._read_parameters(request.scope)
            body = None if self._decode is None else await read_body(request)
            return self._answer(await self._call(context, values, body))
        async with operation.slot(context.services):
            await admit(context, operation)
        values = self._read_parameters(request.scope)
        # Before taking a slot: a slow client must not hold one while it sends the body.
        body = None if self._decode is None else await read_body(request)
        async with operation.slot(context.services):
            return self._answer(await self._call(context, values, body))

    async def _call(self, context: Context, values: dict[str, Any], body: bytes | None) -> Any:
        operation = self.operation
        if body is None or self._decode is None:
            given = operation.input(**values)
        elif issubclass(operation.input, Parameters):
            given = operation.input(**values, body=decode_struct(body, self._decode))
        else:
            given = decode_struct(body, self._decode)
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

    def _answer(self, output: Any) -> ASGIResponse:
        response = ASGIResponse(body=_encode(output), media_type="application/json")
        if self.operation.is_failure is not None and self.operation.is_failure(output):
            response.status_code = _UNAVAILABLE
            response.headers["x-error-code"] = ApiError("database_unavailable").code
        return response


def context_of(request: Request[Any, Any, Any]) -> Context:
    """Context of a request before authentication; its headers are added to every response."""
    scope: Any = request.scope
    services: Services = request.app.state.services
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
