"""A server behind the front: the API on a Unix socket, HAProxy with the settings of `deploy/front` before it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.cluster import ROOT
from tests.support.processes import Server

CONFIG = ROOT / "deploy" / "front" / "haproxy.cfg"
HAPROXY = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")


@dataclass
class Fronted(Server):
    """As `Server`, reached through the front. `places` are the client connections that the front admits."""

    places: int = 2_000
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="ves")))
    front: subprocess.Popen[bytes] | None = None

    @property
    def socket_path(self) -> Path:
        return self.folder / "api.sock"

    def launch(self, log: Path) -> None:
        self.env = {**self.env, "VES_HTTP_SOCKET": str(self.socket_path)}
        super().launch(log)
        self.launch_front(log.with_suffix(".front"))

    def launch_front(self, log: Path) -> None:
        assert HAPROXY is not None
        env = {
            "VES_FRONT_BIND": f"127.0.0.1:{self.port}",
            "VES_HTTP_SOCKET": str(self.socket_path),
            "VES_FRONT_CONNECTIONS": str(self.places),
            "VES_FRONT_CROWDED": str(self.places * 3 // 4),
            "VES_FRONT_SHARE": str(self.places // 8),
            "VES_FRONT_UID": "0",
            "VES_FRONT_GID": "0",
        }
        with log.open("ab") as stream:
            self.front = subprocess.Popen(
                [HAPROXY, "-db", "-f", CONFIG], env=env, stdout=stream, stderr=stream
            )

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.front is not None
        self.front.send_signal(signal.SIGUSR1)
        status = super().stop(number)
        self.front.wait(10)
        shutil.rmtree(self.folder)
        return status


def exchange(port: int, data: bytes, source: str = "127.0.0.1") -> tuple[int, dict[str, str], bytes]:
    """Send bytes on a fresh connection; the first final answer's status, headers (in lower case) and the rest.

    The rest is everything until the peer closes or `content-length` is reached, so a second answer would be in it.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(source, 0)) as peer:
        peer.sendall(data)
        received = bytearray()
        while chunk := peer.recv(65_536):
            received += chunk
            while received.startswith(b"HTTP/1.1 100") and b"\r\n\r\n" in received:
                del received[: received.index(b"\r\n\r\n") + 4]
            head, separator, body = bytes(received).partition(b"\r\n\r\n")
            if separator and len(body) >= int(_headers(head).get("content-length", "1000000000")):
                break
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1]) if head else 0
    return status, _headers(head), body


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
