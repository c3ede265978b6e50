"""Whom the front runs as: root binds its port and starts it, and it goes on as a user without rights."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ves_local import up
from ves_local.layout import Layout

from tests.api.front import CONFIG, HAPROXY
from tests.support.processes import free_port
from tests.support.waiting import wait_until
from ves_api import server

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWER = b"HTTP/1.1 200 OK\r\nx-error-code: none\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    # Not `tmp_path`, which is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="ves-") as checkout:
        layout = Layout(Path(checkout))
        layout.run.mkdir(parents=True)
        yield up.front_environment(layout, "127.0.0.1", free_port())
        layout.api_socket.unlink(missing_ok=True)
        if layout.front_user is not None:
            layout.api_socket.parent.rmdir()


def serve_one(listener: socket.socket) -> None:
    peer, _ = listener.accept()
    with peer:
        peer.recv(65_536)
        peer.sendall(ANSWER)


@pytest.mark.skipif(HAPROXY is None, reason="HAProxy is not installed")
def test_the_front_runs_without_root_and_reaches_the_api(environment: dict[str, str]) -> None:
    path = Path(environment["VES_HTTP_SOCKET"])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(server.socket_mode(path))
        listener.listen()
        thread = threading.Thread(target=serve_one, args=[listener], daemon=True)
        thread.start()
        front = subprocess.Popen([str(HAPROXY), "-db", "-f", CONFIG], env=environment)
        try:
            address = ("127.0.0.1", int(environment["VES_FRONT_BIND"].rsplit(":", 1)[1]))
            with wait_until(lambda: _connected(address)) as peer:
                peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert peer.recv(65_536).startswith(b"HTTP/1.1 200")
            status = Path(f"/proc/{front.pid}/status").read_text(encoding="ascii")
        finally:
            front.kill()
            front.wait(10)
    users = next(line.split()[1:] for line in status.splitlines() if line.startswith("Uid:"))
    expected = environment["VES_FRONT_UID"] if os.geteuid() == 0 else str(os.geteuid())
    assert users == [expected] * 4
    assert "0" not in users


def test_only_the_fronts_group_may_reach_the_socket(environment: dict[str, str], tmp_path: Path) -> None:
    path = Path(environment["VES_HTTP_SOCKET"])
    if os.geteuid() == 0:
        found = path.parent.stat()
        assert (found.st_uid, found.st_gid) == (0, int(environment["VES_FRONT_GID"]))
        assert found.st_mode & 0o7777 == 0o2750
        assert server.socket_mode(path) == 0o660
    assert server.socket_mode(tmp_path / "api.sock") == 0o600


def _connected(address: tuple[str, int]) -> socket.socket | None:
    try:
        return socket.create_connection(address, timeout=10)
    except ConnectionRefusedError:
        return None
