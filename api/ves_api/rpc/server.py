"""The gRPC server of one process: listener, limits of connections, health, reflection, shutdown (grpc-api 1)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from ves_api.database import conninfo
from ves_api.rpc import keys, v1, v2
from ves_api.rpc.binding import Rpc, unary
from ves_api.rpc.pages import Pages
from ves_api.rpc.streams import PULL, STREAM_EVENTS, SUBSCRIBE_ENTITY, StreamRpc, Streams
from ves_api.rpc.sync_stream import SYNC_STREAM, SyncStream
from ves_api.rpc.unsent import Unsent
from ves_api.rpc.watcher import Watcher
from ves_edge.log import get_logger
from ves_edge.pool import Pool, PoolSize

if TYPE_CHECKING:
    from ves_api.services import Services

SERVICES: dict[str, tuple[Rpc | StreamRpc | SyncStream, ...]] = {
    v1.SERVICE: (*v1.METHODS, PULL),
    v2.SERVICE: (*v2.METHODS, STREAM_EVENTS, SUBSCRIBE_ENTITY, SYNC_STREAM),
    keys.SERVICE: keys.METHODS,
}
_MESSAGE_BYTES = 4 * 1024 * 1024
_MAX_CALLS = 20_000
_OPTIONS = (
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_metadata_size", 16 * 1024),
    # Each worker process has a listener on the port; the kernel distributes connections over them.
    ("grpc.so_reuseport", 1),
    ("grpc.server_handshake_timeout_ms", 10_000),
    # A peer that does not answer a ping or the settings is gone; a connection without calls is closed.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.ping_timeout_ms", 20_000),
    ("grpc.http2.settings_timeout", 20_000),
    ("grpc.max_connection_idle_ms", 300_000),
    # A client may ping every ten seconds, also without calls; one that floods is disconnected.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 2),
    ("grpc.max_concurrent_streams", 10_000),
    # Calls that wait to be accepted. The library's defaults end some of more than 1,000 at random, and those that wait for
    # 30 s, as CANCELLED without a reason; a call has its own deadline, and one too many is told by a status.
    ("grpc.server.max_pending_requests", _MAX_CALLS),
    ("grpc.server.max_pending_requests_hard_limit", _MAX_CALLS),
    ("grpc.server_max_unrequested_time_in_server", 600),
)
# One for the watcher and one for the pages: streams never wait for the connections of requests, nor these for streams.
_CONNECTIONS = 2
_ACQUIRE_SECONDS = 60.0
_log = get_logger("grpc")


def _is_failure(record: logging.LogRecord) -> bool:
    """Whether a line of the library tells more than that a client left while its answer was being sent."""
    return not record.getMessage().startswith("ExecuteBatchError")


logging.getLogger("grpc._cython.cygrpc").addFilter(_is_failure)


class RpcServer:
    """Owned by one event loop. `start` after the services, `stop` before they are closed."""

    def __init__(self, services: Services) -> None:
        settings = services.settings
        self._grace = settings.shutdown_timeout / 2
        self._address = f"{_bracketed(settings.host)}:{settings.grpc_port}"
        size = PoolSize(
            least=0,
            most=_CONNECTIONS,
            acquire_timeout=_ACQUIRE_SECONDS,
            idle_timeout=settings.idle_timeout,
            max_lifetime=settings.max_lifetime,
        )
        self._database = Pool(conninfo(settings), size, "ves_api_streams")
        pages = Pages(self._database, services.at_rest, services.ingest.signer)
        self._watcher = Watcher(self._database, services.authenticator, pages)
        unsent = Unsent()
        streams = Streams(services, self._database, pages, self._watcher, unsent)
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=_MAX_CALLS)
        for name, methods in SERVICES.items():
            handlers = {
                rpc.name: unary(services, rpc, settings.grpc_timeout, unsent)
                if isinstance(rpc, Rpc)
                else rpc.handler(streams, settings.grpc_timeout)
                for rpc in methods
            }
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection(
            (*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server
        )

    async def start(self) -> None:
        """Listen. Raises RuntimeError if the address cannot be bound."""
        self._server.add_insecure_port(self._address)
        await self._database.open()
        self._watcher.start()
        await self._server.start()
        for name in ("", *SERVICES):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        _log.info("grpc_listens", address=self._address)

    async def stop(self) -> None:
        """Refuse new calls, end streams, and let other calls finish within half of the shutdown timeout."""
        await self._health.enter_graceful_shutdown()
        await self._watcher.end_all(self._grace)
        await self._server.stop(self._grace)
        await self._watcher.close()
        await self._database.close()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
