"""HTTP requests to servers that nobody vouches for: bounded in bytes and in seconds."""

from __future__ import annotations

import socket
import threading
import zlib
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_SECONDS = 5.0
GZIP = 31  # `wbits` of zlib for a gzip stream with its header and checksum


class AnswerTooLargeError(httpx.ReadError):
    """An answer that is longer than its limit; the rest was not read."""


class _Lane:
    """An HTTP client with at most one connection, which another thread can shut down."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._socket: socket.socket | None = None
        self._abandoned = False

    def close(self) -> None:
        self._http.close()
        if self._socket:
            self._socket.close()

    def abandon(self) -> None:
        """Shut the connection down, or the one that is being made, so that the thread which uses it ends."""
        self._abandoned = True
        if self._socket:
            with suppress(OSError):  # the other side has closed it
                self._socket.shutdown(socket.SHUT_RDWR)

    def exchange(self, limit: int, **request: Any) -> httpx.Response:
        with self._http.stream(**request, extensions={"trace": self._trace}) as answer:
            content = _read(answer, limit)
        # Without the headers that describe an encoding which has been undone.
        names = answer.headers.keys() - {"content-encoding", "content-length", "transfer-encoding"}
        headers = {name: answer.headers[name] for name in names}
        return httpx.Response(answer.status_code, headers=headers, content=content)

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        """Note the connection when it is made: the `trace` extension of a request (httpcore)."""
        if event == "connection.connect_tcp.complete":
            if self._socket:
                self._socket.close()
            # TLS takes the socket object over; a duplicate stays usable, and a shutdown acts on both.
            self._socket = info["return_value"].get_extra_info("socket").dup()
            if self._abandoned:
                self.abandon()


class BoundedClient:
    """An HTTP client whose requests end in time. Thread-safe.

    The timeouts of httpx are for each read, write or address of a host: headers that come byte by byte restart them. So a
    request runs in a daemon thread, and when its time is over the caller goes on and its connection is shut down.
    """

    def __init__(
        self, base_url: str = "", headers: Mapping[str, str] | None = None, *, keep_alive: bool = True
    ) -> None:
        self._options: dict[str, Any] = {
            "base_url": base_url,
            "headers": {**(headers or {}), "accept-encoding": "gzip"},
            "verify": httpx.create_ssl_context(),
            "limits": httpx.Limits(max_connections=1, max_keepalive_connections=1 if keep_alive else 0),
        }
        self._lock = threading.Lock()
        self._idle: list[_Lane] = []
        self._closed = False

    def close(self) -> None:
        """Close the connections; one that is in use is closed when its answer has come."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for lane in idle:
            lane.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        limit: int,
        seconds: float,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request and read its answer, which gzip may have compressed. Redirects are not followed.

        AnswerTooLargeError beyond `limit` bytes, decompressed; httpx.ReadTimeout if the answer has not ended after so
        many seconds; other httpx.RequestError.
        """
        seconds = max(0.001, seconds)
        lane = self._take()
        answer: Future[httpx.Response] = Future()

        def exchange() -> None:
            timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
            request = {"method": method, "url": url, "content": body, "headers": headers, "params": params}
            try:
                answer.set_result(lane.exchange(limit, **request, timeout=timeout))
            except BaseException as error:  # noqa: BLE001 - raised where the answer is waited for
                answer.set_exception(error)

        threading.Thread(target=exchange, name="ves-http", daemon=True).start()
        try:
            answer.exception(seconds)
        except BaseException as error:  # late, or interrupted by Ctrl-C
            lane.abandon()
            answer.add_done_callback(lambda _: lane.close())
            if isinstance(error, TimeoutError):
                raise httpx.ReadTimeout("the answer did not end in time") from None
            raise
        self._put_back(lane)
        return answer.result()

    def _take(self) -> _Lane:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Lane(httpx.Client(**self._options))

    def _put_back(self, lane: _Lane) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(lane)
                return
        lane.close()


def _read(answer: httpx.Response, limit: int) -> bytes:
    """Read a body. The decoders of httpx do not bound what a few compressed bytes expand to."""
    encoding = answer.headers.get("content-encoding", "identity")
    inflate = zlib.decompressobj(GZIP) if encoding == "gzip" else None
    if inflate is None and encoding != "identity":
        raise httpx.DecodingError(f"the answer has the encoding {encoding[:40]!r}")
    content = bytearray()
    for chunk in answer.iter_raw():
        try:
            content += inflate.decompress(chunk, limit + 1 - len(content)) if inflate else chunk
        except zlib.error as error:
            raise httpx.DecodingError(f"the answer is not gzip: {error}") from None
        if len(content) > limit:
            raise AnswerTooLargeError(f"an answer of more than {limit} bytes")
    if inflate and not inflate.eof:
        raise httpx.DecodingError("the compressed answer ends early")
    return bytes(content)
