"""A minimal HTTP/1.1 client: requests are ready-made bytes, connections stay open, answers are kept for later checks."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from functools import partial
from typing import TYPE_CHECKING, cast

import uvloop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_STATUS = slice(9, 12)


class Answer:
    """One answer as it came: seconds from the first byte sent to the last byte received, at `ended` (monotonic)."""

    __slots__ = ("body", "ended", "index", "seconds", "status")

    def __init__(self, index: int, started: float, status: int, body: bytes) -> None:
        self.index = index
        self.ended = time.monotonic()
        self.seconds = self.ended - started
        self.status = status
        self.body = body


class Reader:
    """Cuts whole answers out of received bytes."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._total = 0
        self._body = 0
        self._status = 0

    def feed(self, data: bytes) -> tuple[int, bytes] | None:
        """(status, body) once the answer is complete; one answer at a time."""
        self._data += data
        if not self._total:
            head = self._data.find(b"\r\n\r\n")
            if head < 0:
                return None
            found = _LENGTH.search(self._data, 0, head + 2)
            if found is None:
                raise RuntimeError(f"an answer without content-length: {bytes(self._data[:head])!r}")
            self._status, self._body = int(self._data[_STATUS]), head + 4
            self._total = self._body + int(found.group(1))
        if len(self._data) < self._total:
            return None
        body = bytes(self._data[self._body : self._total])
        self._data.clear()
        self._total = 0
        return self._status, body


class _Connection(asyncio.Protocol):
    """Sends one request after another; callbacks only, since a future per request would cost as much again.

    `due`, if there is one, is when each request is sent (seconds after `started`). An answer's time counts from then, also
    where the answer before it came later.
    """

    def __init__(
        self,
        requests: Sequence[bytes],
        indexes: Iterator[int],
        answers: list[Answer],
        due: Sequence[float] | None,
    ) -> None:
        self._requests = requests
        self._due = due
        self.started = 0.0
        self._indexes = indexes
        self._answers = answers
        self._reader = Reader()
        self._index = -1
        self._sent = 0.0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not a subclass

    def send_next(self) -> None:
        index = next(self._indexes, None)
        if index is None:
            self.finished.set_result(None)
            return
        self._index, self._sent = index, time.monotonic()
        if self._due is None:
            self._transport.write(self._requests[index])
            return
        delay = self.started + self._due[index] - self._sent
        self._sent += delay
        asyncio.get_running_loop().call_later(max(0.0, delay), self._transport.write, self._requests[index])

    def data_received(self, data: bytes) -> None:
        answer = self._reader.feed(data)
        if answer is not None:
            self._answers.append(Answer(self._index, self._sent, *answer))
            self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(exc or ConnectionError("the server closed a connection"))


class Load:
    """Requests over several kept-alive connections; `shares[i]` lists what connection i sends, in order.

    `due[n]` is when request n is sent, in seconds after the start; None: when the answer before it is there.
    """

    def __init__(
        self,
        port: int,
        requests: Sequence[bytes],
        shares: Sequence[Sequence[int]],
        due: Sequence[float] | None = None,
    ) -> None:
        self._requests = requests
        self._due = due
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._answers: list[Answer] = []
        self._connections = self._runner.run(self._connect(port, shares))

    async def _connect(self, port: int, shares: Sequence[Sequence[int]]) -> list[_Connection]:
        loop = asyncio.get_running_loop()
        made = []
        for share in shares:
            connect = partial(_Connection, self._requests, iter(share), self._answers, self._due)
            _, connection = await loop.create_connection(connect, "127.0.0.1", port)
            made.append(connection)
        return made

    def run(self) -> list[Answer]:
        """Send everything; the answers in the order of their arrival."""
        self._runner.run(self._go())
        return self._answers

    async def _go(self) -> None:
        started = time.monotonic()
        for connection in self._connections:
            connection.started = started
            connection.send_next()
        await asyncio.gather(*[connection.finished for connection in self._connections])


class LoneClient:
    """One blocking connection: a request is sent when the answer before it is there."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = Reader()

    def send(self, request: bytes, index: int) -> Answer:
        """Send and wait."""
        started = time.monotonic()
        self._socket.sendall(request)
        while (answer := self._reader.feed(self._receive())) is None:
            pass
        return Answer(index, started, *answer)

    def _receive(self) -> bytes:
        data = self._socket.recv(262_144)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data
