"""Servers that send without end, drop by drop, or nothing: a purchase ends in time and in bounded memory."""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from eth_account import Account

from tests.client.paid_double import ASSET, NETWORK
from ves_client import ClientError, Outbox
from ves_client.purchases import Budget, Payer

LIMIT = 1_000_000
OK = b"HTTP/1.1 200 OK\r\n"
DROP_SECONDS = 0.02


@contextmanager
def answering(parts: Callable[[], Iterator[bytes]], pause: float) -> Iterator[str]:
    """Answer every connection with parts, and a pause after each, until the client is gone or the test has ended."""
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            for part in parts():
                connection.sendall(part)
                if ended.wait(pause):
                    return
            ended.wait()

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def endless(first: bytes, part: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: itertools.chain([first], itertools.repeat(part))


def buy(outbox: Outbox, url: str, timeout: float) -> str:
    """Return the code of the refusal."""
    budget = Budget(NETWORK, ASSET, 1, 1)
    account = Account.from_key(bytes(range(1, 33)))
    with (
        Payer(outbox, account, budget, timeout=timeout, limit=LIMIT) as payer,
        pytest.raises(ClientError) as found,
    ):
        payer.buy(url, purchase_id="1")
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
        assert buy(outbox, url, timeout=30) == "answer_too_large"
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
def test_an_answer_that_does_not_end_is_given_up_in_time(
    outbox: Outbox, first: bytes, part: bytes, pause: float
) -> None:
    with answering(endless(first, part), pause) as url:
        began = time.monotonic()
        assert buy(outbox, url, timeout=0.5) == "unreachable"
        assert time.monotonic() - began < 10


def test_a_handshake_that_does_not_end_is_given_up_in_time(outbox: Outbox) -> None:
    with answering(endless(b"\x16\x03\x03\x3f\xff", b"a"), DROP_SECONDS) as url:
        assert buy(outbox, url.replace("http:", "https:"), timeout=0.5) == "unreachable"


def test_headers_without_end_are_given_up(outbox: Outbox) -> None:
    with answering(endless(OK, b"x: " + b"a" * 1000 + b"\r\n"), 0) as url:
        assert buy(outbox, url, timeout=30) == "unreachable"


def test_a_compressed_answer_is_refused_because_it_could_expand_to_any_length(outbox: Outbox) -> None:
    packed = gzip.compress(gzip.compress(bytes(100_000_000)))
    head = OK + b"content-encoding: gzip, gzip\r\ncontent-length: %d\r\n\r\n" % len(packed)
    with answering(lambda: iter([head + packed]), 0) as url:
        assert buy(outbox, url, timeout=30) == "unreachable"
