"""Connections that begin HTTP/2 and gRPC as they please, and read no message."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Self

import h2.config
import h2.connection
import h2.events
import h2.settings

if TYPE_CHECKING:
    from google.protobuf.message import Message

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
# A HEADERS frame of 4,096 bytes whose first byte is all that ever comes.
UNFINISHED_HEADERS = b"\x00\x10\x00\x01\x00\x00\x00\x00\x01\x00"


class RawClient:
    """A connection on which no message is read; the server may send `window` bytes of a response."""

    def __init__(self, host: str, port: int, *, window: int = 0) -> None:
        self.socket = socket.create_connection((host, port), timeout=10)
        self._window = window

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def begin(self) -> None:
        """Send the preface and the settings."""
        self._http = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
        self._http.initiate_connection()
        self._http.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: self._window})
        self.socket.sendall(self._http.data_to_send())

    def call(self, path: str, message: Message, key: str) -> None:
        """Send one request as a gRPC client does."""
        number = self._http.get_next_available_stream_id()
        names = {
            ":method": "POST",
            ":scheme": "http",
            ":path": path,
            ":authority": "raw",
            "content-type": "application/grpc",
            "te": "trailers",
            "x-api-key": key,
        }
        self._http.send_headers(number, list(names.items()))
        body = message.SerializeToString()
        self._http.send_data(number, struct.pack(">?I", False, len(body)) + body, end_stream=True)
        self.socket.sendall(self._http.data_to_send())

    def wait_for_headers(self) -> None:
        """Read until the server has begun the response to a call."""
        events: list[h2.events.Event] = []
        while not any(isinstance(event, h2.events.ResponseReceived) for event in events):
            received = self.socket.recv(4096)
            assert received, "the server has closed the connection"
            events = self._http.receive_data(received)
