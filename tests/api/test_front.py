"""The front: what clients may keep open and for how long, whose address the API believes, and what it does as it ends."""

from __future__ import annotations

import concurrent.futures
import csv
import http.client
import json
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from hpack import Encoder

from tests.api.front import CONFIG, HAPROXY, Fronted, exchange
from tests.api.support import INGEST, Agent, receipts_of
from tests.conftest import Database
from tests.support.cluster import ROOT
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(HAPROXY is None, reason="HAProxy is not installed")

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)
PING = bytes(2) + b"\x08\x06" + bytes(5) + b"12345678"
HEADER = b"GET /health HTTP/1.1\r\nHost: x\r\n"
BODY = b"POST " + INGEST.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"


def opened(port: int, data: bytes, source: str = "127.0.0.1") -> socket.socket:
    peer = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0))
    peer.sendall(data)
    return peer


def accepts(path: Path) -> bool:
    """Whether a process listens on this Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def answers(system: Fronted) -> bool:
    return httpx.get(f"{system.url}/ready", timeout=5).status_code == 200


def test_every_idle_or_unfinished_connection_is_ended(front: Fronted) -> None:
    """Silent, half a header, half a body, a preface alone, and drips and pings that must not extend the deadline."""
    kinds = {
        "silent": b"",
        "half a header": HEADER,
        "half a body": BODY,
        "preface": PREFACE,
        "half a preface": PREFACE[:10],
        "dripped header": HEADER,
        "dripped body": BODY,
        "pings": PREFACE,
    }
    drips = {"dripped header": b"a: b\r\n", "dripped body": b" ", "pings": PING}
    peers = {kind: opened(front.port, data) for kind, data in kinds.items()}
    for peer in peers.values():
        peer.setblocking(False)

    def none_is_left() -> bool:
        for kind, peer in list(peers.items()):
            try:
                if kind in drips:
                    peer.send(drips[kind])
                if peer.recv(65_536) == b"":
                    peers.pop(kind).close()
            except BlockingIOError:
                continue
            except OSError:
                peers.pop(kind).close()
        return not peers

    wait_until(none_is_left)


def test_an_unfinished_body_is_answered_with_our_body(front: Fronted) -> None:
    status, headers, body = exchange(front.port, BODY)
    assert (status, headers["x-error-code"]) == (408, "TIMEOUT")
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
    assert headers["cache-control"] == "no-store"
    assert json.loads(body)["error"]["request_id"] == headers["x-request-id"]


@pytest.mark.parametrize("data", [b"", HEADER, PREFACE, BODY], ids=["silent", "header", "preface", "body"])
def test_connections_that_ask_nothing_do_not_stop_others(
    start_front: Callable[..., Fronted], data: bytes
) -> None:
    """As many from three addresses as there are shared places, all held, and the fourth address is served."""
    system = start_front(places=800)
    with ExitStack() as held:
        for number in range(590):
            held.enter_context(opened(system.port, data, f"127.0.0.{2 + number % 3}"))
        assert [answers(system) for _ in range(10)] == [True] * 10


def admitted(system: Fronted, held: ExitStack, source: str) -> int:
    """Connections of one address that the front keeps, each asked for an answer, until it refuses one."""
    for number in range(system.places):
        try:
            # The reset of a refused connection may already be seen by connect.
            peer = held.enter_context(socket.create_connection(("127.0.0.1", system.port), 20, (source, 0)))
            peer.sendall(HEADER + b"\r\n")
            received = b""
            while b"\r\n\r\n" not in received and (chunk := peer.recv(65_536)):
                received += chunk
        except ConnectionError:
            received = b""
        if not received:
            return number
        assert received.startswith(b"HTTP/1.1 200"), received
    raise AssertionError("no connection was refused")


def test_beyond_the_shared_places_an_address_has_its_share_only(start_front: Callable[..., Fronted]) -> None:
    """Three quarters of the places for the first address, an eighth for the next; the third one is served still."""
    system = start_front(places=400)
    with ExitStack() as held:
        assert admitted(system, held, "127.0.0.2") == 300
        assert admitted(system, held, "127.0.0.3") == 50
        assert answers(system)


def test_streams_that_are_opened_and_reset_do_not_stop_others(front: Fronted) -> None:
    """As fast as one connection takes them; then the address that sends them is refused."""
    stop = threading.Event()
    refused = threading.Event()
    block = Encoder().encode(
        [(":method", "GET"), (":path", "/health"), (":scheme", "http"), (":authority", "x")], huffman=False
    )

    def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

    def flood() -> None:
        while not stop.is_set():
            with suppress(OSError), opened(front.port, PREFACE, "127.0.0.2") as peer:
                for stream in range(1, 200_001, 2):
                    peer.sendall(frame(1, 5, stream, block) + frame(3, 0, stream, bytes(3) + b"\x08"))
                    if stop.is_set():
                        return
                continue
            refused.set()

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        assert refused.wait(20)
        statuses = [exchange(front.port, HEADER + b"\r\n", "127.0.0.9")[0] for _ in range(20)]
    finally:
        stop.set()
        thread.join(30)
    assert statuses == [200] * 20


def test_the_api_believes_the_front_about_the_clients_address_and_nobody_else(
    start_front: Callable[..., Fronted],
) -> None:
    system = start_front(ADMIN_IP_ALLOWLIST="127.0.0.9")
    ask = b"GET /api/v1/admin/overview HTTP/1.1\r\nHost: x\r\n"
    forged = [
        b"",
        b"x-ves-peer: 127.0.0.9\r\n",
        b"X-VES-Peer: 127.0.0.9\r\nx-ves-peer: 127.0.0.9\r\n",
        b"x-forwarded-for: 127.0.0.9\r\n",
        b"forwarded: for=127.0.0.9\r\n",
        b"Connection: x-ves-peer\r\nx-ves-peer: 127.0.0.9\r\n",
    ]
    for lines in forged:
        status, headers, _ = exchange(system.port, ask + lines + b"\r\n", "127.0.0.2")
        assert (status, headers["x-error-code"]) == (403, "ADMIN_IP_DENIED"), lines
    assert exchange(system.port, ask + b"\r\n", "127.0.0.9")[0] == 401


def test_an_outer_proxy_is_trusted_by_its_own_address(start_front: Callable[..., Fronted]) -> None:
    system = start_front(
        ADMIN_IP_ALLOWLIST="198.51.100.7", TRUST_PROXY_HEADERS="true", TRUST_PROXY_ALLOWLIST="127.0.0.5"
    )
    ask = b"GET /api/v1/admin/overview HTTP/1.1\r\nHost: x\r\nx-forwarded-for: 198.51.100.7\r\n\r\n"
    assert exchange(system.port, ask, "127.0.0.5")[0] == 401
    assert exchange(system.port, ask, "127.0.0.6")[0] == 403


def test_an_api_on_a_port_does_not_look_at_the_fronts_header(start_server: Callable[..., object]) -> None:
    server = start_server(ADMIN_IP_ALLOWLIST="127.0.0.9")
    ask = b"GET /api/v1/admin/overview HTTP/1.1\r\nHost: x\r\nx-ves-peer: 127.0.0.9\r\n\r\n"
    assert exchange(server.port, ask)[0] == 403  # type: ignore[attr-defined]


def test_http_2_by_its_preface_is_served_on_the_same_port(front: Fronted) -> None:
    with httpx.Client(http1=False, http2=True) as client:
        answer = client.get(f"{front.url}/health")
    assert (answer.http_version, answer.status_code) == ("HTTP/2", 200)


def test_while_the_api_is_gone_the_front_says_so_and_then_serves_again(
    start_front: Callable[..., Fronted], tmp_path: Path
) -> None:
    """Also after a kill that left the socket's file behind."""
    system = start_front()
    assert system.process is not None
    system.process.kill()
    system.process.wait(10)
    # Its worker dies after it; until then a request may still be taken and cut, which is a 502.
    wait_until(lambda: not accepts(system.socket_path))
    answer = httpx.get(f"{system.url}/ready", headers={"x-request-id": "mine"})
    assert (answer.status_code, answer.headers["x-error-code"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"] == "mine"
    assert answer.headers["retry-after"] == "1"
    super(Fronted, system).launch(tmp_path / "again.log")
    wait_until(lambda: answers(system))


def test_a_socket_that_another_server_serves_is_refused(
    front: Fronted, database: Database, tmp_path: Path
) -> None:
    second = Fronted(database.url("ves_api"), folder=front.folder)
    second.env = {"VES_HTTP_SOCKET": str(front.socket_path)}
    super(Fronted, second).launch(tmp_path / "second.log")
    assert second.process is not None
    assert second.process.wait(20) != 0
    assert answers(front)


def test_sigterm_answers_what_is_in_flight_and_idle_clients_do_not_delay_it(
    start_front: Callable[..., Fronted],
) -> None:
    system = start_front()
    agent = Agent()
    with system.client() as client:
        assert agent.register(client).status_code == 200
    idle = http.client.HTTPConnection("127.0.0.1", system.port)
    idle.request("GET", "/health")
    idle.getresponse().read()
    with concurrent.futures.ThreadPoolExecutor(8) as pool, system.client() as client:
        events = [agent.event() for _ in range(40)]
        sent = [pool.submit(agent.ingest, client, event) for event in events]
        wait_until(lambda: any(s.done() for s in sent))
        started = time.monotonic()
        assert system.stop() == 0
        assert time.monotonic() - started < 15
        answered = [s.result() for s in sent if s.exception() is None]
    assert answered
    assert all(len(receipts_of(answer)) == 1 for answer in answered if answer.status_code == 200)
    assert {answer.status_code for answer in answered} <= {200, 503}


def test_every_code_that_the_front_answers_is_in_the_registry() -> None:
    with (ROOT / "sql" / "errors" / "errors.csv").open(encoding="utf-8") as stream:
        known = {(row["wire_code"], int(row["numeric_code"])) for row in csv.DictReader(stream)}
    text = CONFIG.read_text(encoding="utf-8")
    bodies = re.findall(r"'(\{.*?\}\})'", text)
    headers = re.findall(r"hdr x-error-code (\S+)", text)
    errors = [json.loads(body)["error"] for body in bodies]
    assert len(errors) == len(headers) == 8
    assert [error["code"] for error in errors] == headers
    assert {(error["code"], error["numeric_code"]) for error in errors} <= known


def test_haproxy_has_nothing_to_say_about_the_settings(tmp_path: Path) -> None:
    env = {
        "VES_FRONT_BIND": "[::1]:8080",
        "VES_HTTP_SOCKET": str(tmp_path / "api.sock"),
        "VES_FRONT_CONNECTIONS": "500",
        "VES_FRONT_CROWDED": "375",
        "VES_FRONT_SHARE": "62",
        "VES_FRONT_UID": "0",
        "VES_FRONT_GID": "0",
    }
    done = subprocess.run(
        [str(HAPROXY), "-c", "-f", CONFIG], env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "[WARNING]" in done.stdout + done.stderr) == (0, False), done.stderr


def test_the_front_ends_at_its_signal_without_clients(start_front: Callable[..., Fronted]) -> None:
    system = start_front()
    assert system.front is not None
    system.front.send_signal(signal.SIGUSR1)
    assert system.front.wait(10) == 0
