"""RPCs made from operations: admission, reading, permission, call, answer and status are the same for all of them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import grpc
from google.protobuf.message import DecodeError, Message

from ves.ingest import count_refusal
from ves_api.auth.origin import Origin, request_id, sent_trace
from ves_api.lanes import Effort
from ves_api.operations.admission import admit
from ves_api.operations.kit import Context, Operation, refusal_of
from ves_edge import metrics, tracing
from ves_edge.errors import ApiError
from ves_edge.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ves_api.rpc.unsent import Unsent
    from ves_api.services import Services

Metadata = tuple[tuple[str, str | bytes], ...]
Headers = list[tuple[bytes, bytes]]

_MAX_DETAIL_BYTES = 1024
_MAX_BODY_BYTES = 4096
_log = get_logger("grpc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rpc:
    """A unary method bound to an operation.

    `read` makes the operation's input of the request (for an append: the body of the HTTP route), `write` the response
    of (context, request, output), a long one in slices. Both raise ApiError or ProtocolError.
    """

    name: str
    operation: Operation[Any]
    request: type[Message]
    read: Callable[[Any], Any]
    write: Callable[[Context, Any, Any], Message | Awaitable[Message]]

    async def answer(self, context: Context, message: Any) -> Message:
        """Serve one request of an admitted call. Raises ApiError or ProtocolError."""
        operation = self.operation
        read = partial(self.read, message)
        if operation.raw_body is None:
            given = read()
            operation.authorize(context, given)
        else:
            refusal = count_refusal(len(message.events), context.services.ingest.limits)
            if refusal is not None:  # before anything that its events have (grpc-api 2.2, 3.3)
                raise refusal
            given = await context.services.ingest.lanes.run(
                context.identity.tenant_id, read, Effort.of(message.ByteSize())
            )
        written = self.write(context, message, await operation.call(context, given))
        return written if isinstance(written, Message) else await written


def decode(request: type[Message], raw: bytes) -> Message:
    """A request; unknown fields are ignored. Raises invalid_shape, e.g. for text that is not UTF-8."""
    try:
        return request.FromString(raw)
    except DecodeError as error:
        raise ApiError("invalid_shape", "the message is not a valid " + request.DESCRIPTOR.name) from error


def unary(services: Services, rpc: Rpc, timeout: float, unsent: Unsent) -> grpc.RpcMethodHandler:
    """The handler of a unary method; `timeout` in seconds."""

    async def serve(raw: bytes, call: grpc.aio.ServicerContext) -> bytes:
        async def work(context: Context) -> bytes:
            async with asyncio.timeout(timeout):
                await admit(context, rpc.operation)
                answer = (await rpc.answer(context, decode(rpc.request, raw))).SerializeToString()
            unsent.answer(context.identity.tenant_id, len(answer), call)
            return answer

        answer: bytes = await guarded(services, call, rpc.name, work)
        return answer

    # Requests and responses stay bytes here: the library answers a decoding failure with INTERNAL.
    return grpc.unary_unary_rpc_method_handler(serve)


async def guarded(
    services: Services,
    call: grpc.aio.ServicerContext,
    name: str,
    work: Callable[[Context], Awaitable[Any]],
) -> Any:
    """Run the work of a call; end the call with the status of an exception (grpc-api 1.3)."""
    context, started = context_of(services, call), time.perf_counter()
    status, code = None, "OK"
    with tracing.span(
        name, "SERVER", sent_trace(context.origin.headers), request_id=context.origin.request_id
    ) as span:
        try:
            result = await work(context)
        except asyncio.CancelledError:
            code = "CANCELLED"  # by the client, which is how most streams end
            raise
        except grpc.aio.InternalError:
            code = "CANCELLED"  # nothing can be sent any more: the peer left before it cancelled
            raise asyncio.CancelledError from None
        except Exception as error:  # noqa: BLE001 (every call gets a status)
            status = _refuse(context, name, error)
            code = status[0].name
        finally:
            span.set_attribute("rpc.response.status_code", code)
            metrics.count_grpc(name, code, time.perf_counter() - started)
    if status is not None:
        await call.abort(*status)
    call.set_trailing_metadata(_common(context))
    return result


def context_of(services: Services, call: grpc.aio.ServicerContext) -> Context:
    """The context of a call before admission."""
    headers: Headers = [
        (name.encode(), value if isinstance(value, bytes) else value.encode("latin-1", "replace"))
        for name, value in call.invocation_metadata() or ()
    ]
    sent = next((value for name, value in headers if name == b"x-request-id"), b"")
    trusted = services.settings.auth.trusted_proxies
    return Context(services, Origin(request_id(sent), headers, _peer(call.peer()), trusted))


def _peer(text: str) -> tuple[str, int] | None:
    """(address, port) of `ipv4:127.0.0.1:5000` or `ipv6:%5B::1%5D:5000`; None of a Unix socket."""
    kind, _, place = unquote(text).partition(":")
    host, _, port = place.rpartition(":")
    return (host.strip("[]"), int(port)) if kind in ("ipv4", "ipv6") and port.isdigit() else None


def _refuse(context: Context, name: str, error: Exception) -> tuple[grpc.StatusCode, str, Metadata]:
    """Log an exception; code, text and trailing metadata: `x-error-code`, `retry-after`, and the error body of HTTP.

    The caller keeps no exception: its traceback would refer to the caller's frame, and the frame to the exception, so
    that what the call has read stayed in memory until the next run of the cycle collector.
    """
    refusal = ApiError("timeout", retry_after=1) if isinstance(error, TimeoutError) else refusal_of(error)
    _record(context, name, refusal, error)
    code = grpc.StatusCode[refusal.grpc]
    trailing: list[tuple[str, str | bytes]] = [*_common(context), ("x-error-code", refusal.code)]
    if refusal.retry_after is not None:
        trailing.append(("retry-after", str(refusal.retry_after)))
    body = refusal.body(context.origin.request_id)
    if len(body) <= _MAX_BODY_BYTES:
        trailing.append(("x-error-bin", body))
    return code, refusal.message[:_MAX_DETAIL_BYTES], tuple(trailing)


def _common(context: Context) -> Metadata:
    limits = ((name.decode(), value.decode()) for name, value in context.answer_headers)
    return (("x-request-id", context.origin.request_id), *limits)


def _record(context: Context, name: str, refusal: ApiError, error: Exception) -> None:
    """Log a refusal, as HTTP does."""
    fields = {"request_id": context.origin.request_id, "path": name, "code": refusal.sqlstate}
    if refusal.name == "internal_error" and refusal is not error:
        _log.error("request_failed", **fields, exc_info=error)
    elif refusal.status >= 500:  # noqa: PLR2004 (a failure of the server)
        _log.warning("request_refused", **fields, name=refusal.name)
    else:
        _log.info("request_refused", **fields, name=refusal.name)
