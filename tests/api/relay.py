"""A TCP relay in front of a PostgreSQL socket, so that a test can cut the line."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self

from psycopg.conninfo import conninfo_to_dict


class Relay:
    """Listens on a port of the loopback interface and forwards to the server's unix socket."""

    def __init__(self, target: str, port: int) -> None:
        parts = conninfo_to_dict(target)
        self._socket_path = f"{parts['host']}/.s.PGSQL.{parts.get('port', 5432)}"
        self._port = port
        self._links: list[socket.socket] = []
        self._is_cut = False
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.url = f"postgresql://{parts['user']}@127.0.0.1:{port}/{parts['dbname']}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Drop every connection and refuse new ones."""
        self._is_cut = True
        self.drop_connections()

    def mend(self) -> None:
        self._is_cut = False

    def drop_connections(self) -> None:
        with self._lock:
            links, self._links = self._links, []
        for link in links:
            close(link)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                close(near)
                continue
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._socket_path)
            with self._lock:
                self._links += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=pump, args=(source, sink), daemon=True).start()


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    close(source)
    close(sink)


def close(link: socket.socket) -> None:
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
    link.close()
