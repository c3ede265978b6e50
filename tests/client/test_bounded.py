"""Servers that send without end, drop by drop, or nothing: every exchange ends in time and in bounded memory."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from eth_account import Account

from tests.cli.offline import SEQUENCER_KEY
from tests.client.dripping import DROP_SECONDS, OK, answering, endless
from tests.client.paid_double import ASSET, NETWORK
from tests.client.test_outbox import record
from ves_client import ClientError, Outbox, Sequencer, Trust, pull_async, push
from ves_client.bounded import AnswerTooLargeError, BoundedClient
from ves_client.purchases import Budget, Payer

LIMIT = 1_000_000
TRUST = Trust((SEQUENCER_KEY,))


def buy(outbox: Outbox, url: str, timeout: float) -> None:
    budget = Budget(NETWORK, ASSET, 1, 1)
    account = Account.from_key(bytes(range(1, 33)))
    with Payer(outbox, account, budget, timeout=timeout, limit=LIMIT) as payer:
        payer.buy(url, purchase_id="1")


def sync(outbox: Outbox, url: str, timeout: float) -> None:
    with Sequencer(url, "ss_x", timeout=timeout) as sequencer:
        push(outbox, sequencer, TRUST)


def sync_async(outbox: Outbox, url: str, timeout: float) -> None:
    with Sequencer(url, "ss_x", timeout=timeout) as sequencer:
        asyncio.run(pull_async(outbox, sequencer, TRUST))


CALLS = pytest.mark.parametrize("call", [buy, sync, sync_async])


def refusal(call: Callable[[Outbox, str, float], None], outbox: Outbox, url: str, timeout: float) -> str:
    """Return the code of the refusal; the threads of the exchanges have ended."""
    record(outbox, 1)
    with pytest.raises(ClientError) as found:
        call(outbox, url, timeout)
    ends = time.monotonic() + 10
    while any(thread.name == "ves-http" for thread in threading.enumerate()):
        assert time.monotonic() < ends
    return found.value.code


@pytest.mark.parametrize(
    ("first", "part"),
    [
        (OK + b"\r\n", b"x" * 65536),
        (OK + b"transfer-encoding: chunked\r\n\r\n", b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
        (OK + b"content-length: 999999999999\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 402 Payment Required\r\n\r\n", b"x" * 65536),
    ],
    ids=["until the end of the connection", "in chunks", "by its length", "an offer"],
)
def test_a_body_without_end_is_given_up_at_the_limit(outbox: Outbox, first: bytes, part: bytes) -> None:
    with answering(endless(first, part), 0) as url:
        tracemalloc.start()
        assert refusal(buy, outbox, url, timeout=30) == "answer_too_large"
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8 * LIMIT


@pytest.mark.parametrize(
    ("first", "part", "pause"),
    [
        (b"", b"", DROP_SECONDS),
        (OK + b"x: ", b"a", DROP_SECONDS),
        (OK + b"\r\n", b"a", DROP_SECONDS),
        (OK + b"content-length: 9999\r\n\r\n", b"a", DROP_SECONDS),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", DROP_SECONDS),
    ],
    ids=["nothing", "headers", "a body", "a body with a length", "interim answers", "few interim answers"],
)
@CALLS
def test_an_answer_that_does_not_end_is_given_up_in_time(
    call: Callable[[Outbox, str, float], None], outbox: Outbox, first: bytes, part: bytes, pause: float
) -> None:
    with answering(endless(first, part), pause) as url:
        began = time.monotonic()
        assert refusal(call, outbox, url, timeout=0.5) == "unreachable"
        assert time.monotonic() - began < 10


@CALLS
def test_a_handshake_that_does_not_end_is_given_up_in_time(
    call: Callable[[Outbox, str, float], None], outbox: Outbox
) -> None:
    with answering(endless(b"\x16\x03\x03\x3f\xff", b"a"), DROP_SECONDS) as url:
        assert refusal(call, outbox, url.replace("http:", "https:"), timeout=0.5) == "unreachable"


def test_headers_without_end_are_given_up(outbox: Outbox) -> None:
    with answering(endless(OK, b"x: " + b"a" * 1000 + b"\r\n"), 0) as url:
        assert refusal(buy, outbox, url, timeout=30) == "unreachable"


def compressed(content: bytes, encoding: bytes) -> Callable[[], Iterator[bytes]]:
    head = OK + b"content-encoding: %b\r\ncontent-length: %d\r\n\r\n" % (encoding, len(content))
    return lambda: iter([head + content])


def test_an_answer_that_is_compressed_twice_is_refused(outbox: Outbox) -> None:
    packed = gzip.compress(gzip.compress(bytes(100_000_000)))
    with answering(compressed(packed, b"gzip, gzip"), 0) as url:
        assert refusal(buy, outbox, url, timeout=30) == "unreachable"


def test_a_compressed_answer_is_given_up_at_the_limit(outbox: Outbox) -> None:
    packed = gzip.compress(bytes(100_000_000))
    with answering(compressed(packed, b"gzip"), 0) as url:
        tracemalloc.start()
        assert refusal(buy, outbox, url, timeout=30) == "answer_too_large"
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8 * LIMIT


@CALLS
@pytest.mark.parametrize(
    "content", [gzip.compress(b"x" * 10_000)[:-9], b"no gzip", b""], ids=["cut", "other", "empty"]
)
def test_an_answer_that_is_no_gzip_is_refused(
    call: Callable[[Outbox, str, float], None], outbox: Outbox, content: bytes
) -> None:
    with answering(compressed(content, b"gzip"), 0) as url:
        assert refusal(call, outbox, url, timeout=0.5) == "unreachable"


def test_a_compressed_answer_within_the_limit_is_read() -> None:
    content = bytes(range(256)) * 1000
    client = BoundedClient(keep_alive=False)
    with answering(compressed(gzip.compress(content), b"gzip"), 0) as url:
        answer = client.send("GET", url, limit=len(content), seconds=30)
        with pytest.raises(AnswerTooLargeError):
            client.send("GET", url, limit=len(content) - 1, seconds=30)
    client.close()
    assert answer.content == content


class Paths(BaseHTTPRequestHandler):
    """Answers with the client's port, so that connections can be told apart; `/held` waits for `release`."""

    protocol_version = "HTTP/1.1"
    release: threading.Event

    def do_GET(self) -> None:
        if self.path == "/held":
            self.release.wait()
        content = str(self.client_address[1]).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        with suppress(OSError):  # the client is gone
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Paths.release = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Paths) as made:
        made.daemon_threads = True
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        Paths.release.set()
        made.shutdown()
        thread.join()


def test_a_connection_is_kept_for_the_next_request_unless_that_is_unwanted(
    server: ThreadingHTTPServer,
) -> None:
    for keep_alive, connections in ((True, 1), (False, 3)):
        client = BoundedClient(f"http://127.0.0.1:{server.server_port}", keep_alive=keep_alive)
        ports = {client.send("GET", "/", limit=LIMIT, seconds=30).content for _ in range(3)}
        client.close()
        assert len(ports) == connections


def test_a_late_answer_costs_no_other_thread_its_own(server: ThreadingHTTPServer) -> None:
    client = BoundedClient(f"http://127.0.0.1:{server.server_port}")
    with ThreadPoolExecutor() as threads:
        patient = threads.submit(client.send, "GET", "/held", limit=LIMIT, seconds=30)
        with pytest.raises(httpx.ReadTimeout):
            client.send("GET", "/held", limit=LIMIT, seconds=0.2)
        assert client.send("GET", "/", limit=LIMIT, seconds=30).is_success
        Paths.release.set()
        assert patient.result().is_success
    client.close()


def test_a_body_that_the_server_does_not_read_is_given_up_in_time() -> None:
    client = BoundedClient()
    with answering(lambda: iter(()), 0) as url, pytest.raises(httpx.ReadTimeout):
        client.send("POST", url, body=bytes(64 * 1024 * 1024), limit=LIMIT, seconds=0.3)
    client.close()
