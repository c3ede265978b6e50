"""The processes behind the front: a dead one is replaced, none is left over, no connection to them is spoiled."""

from __future__ import annotations

import http.client
import socket
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from tests.api.front import HAPROXY, exchange
from tests.api.support import INGEST
from tests.support.processes import BOOTSTRAP_KEY
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.front import Fronted

pytestmark = pytest.mark.skipif(HAPROXY is None, reason="HAProxy is not installed")


def workers_of(system: Fronted) -> list[psutil.Process]:
    assert system.process is not None
    children = psutil.Process(system.process.pid).children(recursive=True)
    alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if "spawn_main" in " ".join(child.cmdline())]


def answers(system: Fronted) -> bool:
    return httpx.get(f"{system.url}/ready", timeout=5).status_code == 200


def test_a_killed_worker_is_replaced(start_front: Callable[..., Fronted]) -> None:
    system = start_front()
    (worker,) = workers_of(system)
    worker.kill()
    wait_until(lambda: set(workers_of(system)) - {worker})
    wait_until(lambda: answers(system))
    assert system.stop() == 0


def test_kill_9_of_the_parent_leaves_no_process_behind(start_front: Callable[..., Fronted]) -> None:
    system = start_front(VES_API_WORKERS="2")
    assert system.process is not None
    children = psutil.Process(system.process.pid).children(recursive=True)
    assert len(workers_of(system)) == 2
    system.process.kill()
    wait_until(lambda: all(not c.is_running() or c.status() == psutil.STATUS_ZOMBIE for c in children))


@pytest.mark.parametrize("protocol", ["websocket", "h2c", "other/1"])
def test_a_request_to_change_the_protocol_spoils_no_connection_to_the_api(
    front: Fronted, protocol: str
) -> None:
    """The front keeps connections to the API and shares them between clients."""
    ask = {
        "connection": "upgrade",
        "upgrade": protocol,
        "sec-websocket-version": "13",
        "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    client = http.client.HTTPConnection("127.0.0.1", front.port, timeout=20)
    for headers in [ask, {}] * 70:  # more than the connections that the front keeps
        client.request("GET", "/health", headers=headers)
        answer = client.getresponse()
        assert (answer.status, answer.read()[:1]) == (200, b"{")
    client.close()
    connect = b"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n"
    assert exchange(front.port, connect)[0] in {400, 404, 405}
    assert httpx.get(f"{front.url}/health").status_code == 200


@pytest.mark.parametrize(("media_type", "status"), [("application/json", 408), ("text/plain", 415)])
def test_the_connection_of_a_body_that_never_ends_is_closed_after_its_answer(
    start_front: Callable[..., Fronted], media_type: str, status: int
) -> None:
    """It is longer than what the front waits for, so the API reads it; nothing of it is kept open for the client."""
    system = start_front(REQUEST_TIMEOUT_SECS="0.5")
    head = (
        f"POST {INGEST} HTTP/1.1\r\nHost: x\r\nx-api-key: {BOOTSTRAP_KEY}\r\n"
        f"Content-Type: {media_type}\r\nContent-Length: 1000000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", system.port), timeout=20) as peer:
        peer.sendall(head.encode() + b" " * 100_000)
        received = bytearray()

        def is_closed() -> bool:
            try:
                peer.send(b" ")
                chunk = peer.recv(65_536)
            except (BrokenPipeError, ConnectionResetError):
                return True
            received.extend(chunk)
            return not chunk

        wait_until(is_closed)
    assert received.startswith(f"HTTP/1.1 {status}".encode())
