"""HTTP requests to servers that nobody vouches for: bounded in bytes and in seconds."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from types import TracebackType

CONNECT_SECONDS = 5.0


class AnswerTooLargeError(Exception):
    """An answer that is longer than its limit; the rest was not read."""


class _Watchdog:
    """Shuts the connection of a request down after so many seconds.

    The timeouts of httpx are for each read: headers that come byte by byte, or interim responses without end, restart them.
    """

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        for duplicate in self._sockets:
            duplicate.close()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Note the connection of a request: its `trace` extension (httpcore)."""
        if event == "connection.connect_tcp.complete":
            # TLS takes the socket object over; a duplicate stays usable, and a shutdown acts on both.
            self._sockets.append(info["return_value"].get_extra_info("socket").dup())
            if self.expired:
                self._shut_down()

    def _expire(self) -> None:
        self.expired = True
        self._shut_down()

    def _shut_down(self) -> None:
        for duplicate in self._sockets:
            with suppress(OSError):  # the other side has closed it
                duplicate.shutdown(socket.SHUT_RDWR)


class BoundedClient:
    """Sends each request over a connection of its own."""

    def __init__(self) -> None:
        self._http = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))

    def close(self) -> None:
        """Close the client."""
        self._http.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None,
        headers: dict[str, str],
        limit: int,
        seconds: float,
    ) -> httpx.Response:
        """Send a request and read its answer, unless that is longer than `limit` bytes (AnswerTooLargeError).

        httpx.RequestError if the answer has not ended after so many seconds, or is compressed though no compression
        is accepted: a few bytes could expand to any length. Redirects are not followed.
        """
        seconds = max(0.001, seconds)
        with _Watchdog(seconds) as watchdog:
            try:
                with self._http.stream(
                    method,
                    url,
                    content=body,
                    headers={**headers, "accept-encoding": "identity"},
                    timeout=httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
                    extensions={"trace": watchdog.trace},
                ) as answer:
                    if answer.headers.get("content-encoding", "identity") != "identity":
                        raise httpx.DecodingError("the answer is compressed")
                    content = _read(answer, limit)
            except httpx.TransportError as error:
                if watchdog.expired:
                    raise httpx.ReadTimeout("the answer did not end in time") from error
                raise
        if watchdog.expired:  # an answer without length seems to end where its connection is shut down
            raise httpx.ReadTimeout("the answer did not end in time")
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)


def _read(answer: httpx.Response, limit: int) -> bytes:
    content = bytearray()
    for chunk in answer.iter_raw():
        content += chunk
        if len(content) > limit:
            raise AnswerTooLargeError
    return bytes(content)
