"""A line to PostgreSQL that is cut at the moment a marked call passes: before it, during it, or after its commit."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from pathlib import Path

Moment = Literal["before the call", "during the call", "between commit and reply"]
CHUNK = 1 << 16


class Cutter:
    """Forwards connections from a loopback port to the server's socket; `arm` cuts one of them, once per count."""

    def __init__(self, folder: Path) -> None:
        self._target = str(folder / ".s.PGSQL.5432")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._marker = b""
        self._moment: Moment = "before the call"
        self._left = 0
        self.cuts = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def arm(self, marker: bytes, moment: Moment, times: int) -> None:
        """Cut the connection of each of the next `times` calls that contain the marker."""
        with self._lock:
            self._marker, self._moment, self._left = marker, moment, times

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            swallow = threading.Event()
            threading.Thread(target=self._forward, args=(near, far, swallow), daemon=True).start()
            threading.Thread(target=self._back, args=(far, near, swallow), daemon=True).start()

    def _hit(self, data: bytes) -> Moment | None:
        with self._lock:
            if not self._left or self._marker not in data:
                return None
            self._left -= 1
            self.cuts += 1
            return self._moment

    def _forward(self, near: socket.socket, far: socket.socket, swallow: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := near.recv(CHUNK):
                moment = self._hit(data)
                if moment == "between commit and reply":
                    swallow.set()
                if moment != "before the call":
                    far.sendall(data)
                if moment in {"before the call", "during the call"}:
                    break
        self._close(near, far)

    def _back(self, far: socket.socket, near: socket.socket, swallow: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(CHUNK):
                if swallow.is_set():
                    # The server answers an autocommitted call after its commit only.
                    break
                near.sendall(data)
        self._close(near, far)

    @staticmethod
    def _close(*ends: socket.socket) -> None:
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
