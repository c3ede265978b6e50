"""The outermost ASGI middleware, which applies to every response.

Client address, HTTP checks that the HTTP library leaves out (Host, transfer codings), request id, security headers,
allow-list of the operator's routes, CORS, compression, timeout, early responses, strict paths, HEAD, and the error body,
also for unexpected exceptions of the framework or a handler (http-api 1.1, 1.2, 1.6, 1.9).
"""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from isal import isal_zlib

from ves_api.auth.addresses import is_denied
from ves_api.auth.origin import request_id as sent_id
from ves_api.auth.origin import sent_trace
from ves_edge import metrics, tracing
from ves_edge.errors import ApiError
from ves_edge.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar.types import ASGIApp, Receive, Send

    from ves_api.settings import Settings

Headers = list[tuple[bytes, bytes]]

_SECURITY_HEADERS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cache-control", b"no-store"),
]
_EXPOSED = b"x-request-id, x-error-code, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset"
_ALLOWED_METHODS = b"GET, POST, PUT, PATCH, DELETE, OPTIONS"
_ALLOWED_HEADERS = b"authorization, content-type, x-api-key, x-request-id"
_VARY_CORS = b"origin, access-control-request-method, access-control-request-headers"
_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Za-z:.%_~-]+\])(?::[0-9]*)?")
_DRAIN_SECONDS = 15
_DRAIN_BODIES = 4
# Of one connection: at full speed, discarding the bodies of eight clients took a core.
_DRAIN_BYTES_A_SECOND = 1 << 24
_METHODS = frozenset(_ALLOWED_METHODS.decode().split(", ")) | {"HEAD"}
# The label of requests without a route: their own paths would be labels that clients make up.
_UNMATCHED = "unmatched"
_GZIP_FLOOR = 1024
_GZIP_INLINE = 262_144
_GZIP_LEVEL = 1
_GZIP_FORMAT = 31  # zlib's number for the format of gzip with the largest window
_RULED_OUT = re.compile(rb"\s*q\s*=\s*0(\.0*)?\s*")
_log = get_logger("http")


class Middleware:
    """ASGI middleware around the application; stateless between requests."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._auth = settings.auth
        self._timeout = settings.request_timeout
        self._behind_front = bool(settings.http_socket)
        self._drain_bytes = _DRAIN_BODIES * settings.max_body_bytes
        self._any_origin = "*" in settings.cors_origins
        self._origins = frozenset(origin.encode() for origin in settings.cors_origins)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Any, receive: Receive, send: Send) -> None:
        wanted = {name: value for name, value in scope["headers"] if name in _READ_HEADERS}
        if self._behind_front and b"x-ves-peer" in wanted:
            scope["client"] = (wanted[b"x-ves-peer"].decode("latin-1"), 0)
        request_id = sent_id(wanted.get(b"x-request-id"))
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        body = _Body(receive, wanted, self._drain_bytes, continues=self._behind_front)
        seconds = min(_DRAIN_SECONDS, self._timeout / 2)
        answer = _Answer(
            send, self._common_headers(request_id, wanted.get(b"origin")), state, lambda: body.drain(seconds)
        )
        answer.accepts_gzip = _accepts_gzip(wanted.get(b"accept-encoding", b""))
        method = scope["method"]
        if method == "HEAD":
            # A copy: uvicorn reads its own to know that no body follows.
            scope = {**scope, "method": "GET"}
            answer.drops_body = True
        started = time.perf_counter()
        with tracing.span(method, "SERVER", sent_trace(wanted.items()), request_id=request_id) as span:
            try:
                await self._serve(scope, body, answer, request_id, wanted)
            except Exception as error:  # noqa: BLE001 (last resort: every request gets a response)
                _log.error("request_failed", request_id=request_id, path=scope["path"], exc_info=error)
                await answer.refuse(ApiError("internal_error"), request_id)
            seconds = time.perf_counter() - started
            pattern = state.get("pattern", _UNMATCHED)
            method_label = method if method in _METHODS else "other"
            if answer.status:
                metrics.count_http(method_label, pattern, answer.status, seconds)
            span.update_name(f"{method_label} {pattern}")
            span.set_attribute("http.response.status_code", answer.status)
            _log.debug(
                "request",
                request_id=request_id,
                method=method,
                path=scope["path"],
                status=answer.status,
                ms=round(seconds * 1000, 2),
            )

    async def _serve(
        self, scope: Any, body: _Body, answer: _Answer, request_id: str, headers: dict[bytes, bytes]
    ) -> None:
        refusal = _http_refusal(scope, headers)
        if refusal is not None:
            await answer.refuse(refusal, request_id)
            return
        if self._is_preflight(scope, headers):
            preflight = [
                (b"access-control-allow-methods", _ALLOWED_METHODS),
                (b"access-control-allow-headers", _ALLOWED_HEADERS),
            ]
            await answer.whole(200, preflight, b"")
            return
        path = scope["path"] = _path(scope)
        if "//" in path or (path.endswith("/") and path != "/"):
            # The framework would normalize these paths and serve them.
            await answer.refuse(ApiError("route_not_found"), request_id)
            return
        if is_denied(scope, path, self._auth):
            await answer.refuse(ApiError("admin_ip_denied"), request_id)
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._app(scope, body.receive, answer.send)
        except TimeoutError:
            name = "timeout" if body.ended else "body_timeout"
            _log.warning("request_timeout", request_id=request_id, path=path, name=name)
            body.ended = True
            await answer.refuse(ApiError(name, retry_after=1), request_id)

    def _allows(self, origin: bytes) -> bool:
        return self._any_origin or origin in self._origins

    def _is_preflight(self, scope: Any, headers: dict[bytes, bytes]) -> bool:
        """Whether this is a CORS preflight. A disallowed origin gets the same 200 without the allow header."""
        return (
            bool(self._origins)
            and scope["method"] == "OPTIONS"
            and b"access-control-request-method" in headers
        )

    def _common_headers(self, request_id: str, origin: bytes | None) -> Headers:
        headers = [(b"x-request-id", request_id.encode()), *_SECURITY_HEADERS]
        if not self._origins:
            return headers
        headers += [(b"vary", _VARY_CORS), (b"access-control-expose-headers", _EXPOSED)]
        if origin is not None and self._allows(origin):
            headers.append((b"access-control-allow-origin", b"*" if self._any_origin else origin))
        return headers


_READ_HEADERS = frozenset(
    {
        b"x-request-id",
        b"origin",
        b"accept-encoding",
        b"access-control-request-method",
        b"content-length",
        b"transfer-encoding",
        b"expect",
        b"x-ves-peer",
        b"traceparent",
    }
)


def _http_refusal(scope: Any, headers: dict[bytes, bytes]) -> ApiError | None:
    """Enforce RFC 9112 3.2 (Host) and 6.1 (transfer codings), which the HTTP library does not check."""
    if scope["http_version"] == "1.1":
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
            return ApiError("invalid_request", "The request needs exactly one valid Host")
    if headers.get(b"transfer-encoding", b"chunked").strip().lower() != b"chunked":
        return ApiError("unsupported_transfer_coding")
    return None


class _Body:
    """Tracks how far the request body was read, and drains the rest after an early response.

    If a server responds and closes while the client still sends, the connection is reset and most clients lose the
    response (RFC 9112 9.6). So the rest is read and discarded first: at most `most` bytes, for a bounded time.
    `continues`: the 100 (Continue) response to `Expect: 100-continue` was already sent.
    """

    def __init__(self, receive: Receive, headers: dict[bytes, bytes], most: int, *, continues: bool) -> None:
        self._receive = receive
        self._most = most
        waits = b"expect" in headers and not continues
        self._untouched = waits
        self._is_whole = headers.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in headers
        self.ended = self._is_whole

    async def receive(self) -> Any:
        """ASGI `receive` for the application."""
        self._untouched = False
        message: Any = await self._receive()
        if not message.get("more_body", False):
            self.ended = self._is_whole = True
        return message

    async def drain(self, seconds: float) -> bool:
        """Read and discard the rest of the body, within the bounds; whether all of it was read."""
        if self.ended or self._untouched:
            return self._is_whole
        dropped = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.ended and dropped <= self._most:
                    size = len((await self.receive()).get("body", b""))
                    dropped += size
                    await asyncio.sleep(size / _DRAIN_BYTES_A_SECOND)
        self.ended = True
        return self._is_whole


class _Answer:
    """ASGI `send` wrapper: adds the common headers, compresses a body that is sent in one message.

    `state` is the request's state; its `answer_headers` are added to every response, errors included. `drain` discards
    the rest of the request body.
    """

    def __init__(
        self, send: Send, headers: Headers, state: dict[str, Any], drain: Callable[[], Awaitable[bool]]
    ) -> None:
        self._send = send
        self._drain = drain
        self._state = state
        self._headers = headers
        self._start: Any = None
        self.accepts_gzip = False
        self.drops_body = False
        self.status = 0

    async def send(self, message: Any) -> None:
        """The application's `send`."""
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body" and self._start is not None:
            await self._first_body(message)
        else:
            await self._send(message)

    async def _first_body(self, message: Any) -> None:
        start, self._start = self._start, None
        headers = [_with_head(h) for h in start["headers"] if h[0] != b"cache-control"]
        body = message.get("body", b"")
        if not message.get("more_body", False):
            if len(body) >= _GZIP_FLOOR:
                headers.append((b"vary", b"accept-encoding"))
                if self.accepts_gzip:
                    body = await _compress(body)
                    headers = [h for h in headers if h[0] != b"content-length"]
                    headers += [
                        (b"content-length", str(len(body)).encode()),
                        (b"content-encoding", b"gzip"),
                    ]
            message["body"] = b"" if self.drops_body else body
        if not await self._drain():
            # What follows on this connection would be taken for the rest of the body (RFC 9112 9.3).
            headers.append((b"connection", b"close"))
        self.status = start["status"]
        start["headers"] = headers + self._headers + self._state.get("answer_headers", [])
        await self._send(start)
        await self._send(message)

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a complete response from the middleware."""
        length = (b"content-length", str(len(body)).encode())
        await self.send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await self.send({"type": "http.response.body", "body": body})

    async def refuse(self, error: ApiError, request_id: str) -> None:
        """Send an error body, unless a response has started."""
        if self.status:
            return
        self._start = None
        await self.whole(error.status, error_headers(error), error.body(request_id))


def _with_head(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Add HEAD to an `allow` that has GET: the framework does not know that HEAD is served."""
    name, value = header
    return (name, value + b", HEAD") if name == b"allow" and b"GET" in value.split(b", ") else header


async def _compress(body: bytes) -> bytes:
    """Compress with gzip, in a thread when it would block the event loop for milliseconds.

    ISA-L takes 0.1 ms for the receipts of 100 events, zlib at the same level 1.5 ms.
    """
    if len(body) <= _GZIP_INLINE:
        return isal_zlib.compress(body, _GZIP_LEVEL, wbits=_GZIP_FORMAT)
    return await asyncio.to_thread(isal_zlib.compress, body, _GZIP_LEVEL, wbits=_GZIP_FORMAT)


def _accepts_gzip(sent: bytes) -> bool:
    """Whether `accept-encoding` allows gzip (not `gzip;q=0`)."""
    if b"gzip" not in sent:
        return False
    for part in sent.split(b","):
        coding, _, parameter = part.partition(b";")
        if coding.strip() == b"gzip":
            return not _RULED_OUT.fullmatch(parameter)
    return False


def _path(scope: Any) -> str:
    """Return the path as sent: a route has one spelling; only parameters in a path may be percent-encoded."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")


def error_headers(error: ApiError) -> Headers:
    """Headers of an error response: media type, `x-error-code`, `retry-after`, and the error's own headers."""
    headers = [(b"content-type", b"application/json"), (b"x-error-code", error.code.encode())]
    if error.retry_after is not None:
        headers.append((b"retry-after", str(error.retry_after).encode()))
    headers += [(name.encode(), value.encode()) for name, value in error.headers.items()]
    return headers
