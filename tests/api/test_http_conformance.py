"""What the RFCs demand of an HTTP server, asked with raw sockets: of the API by itself, and of the API behind its front.

Also the early answers: a refusal that comes before a large body was read must reach clients that write before they read.
"""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.front import HAPROXY, Fronted, exchange
from tests.api.support import INGEST
from tests.conftest import Database
from tests.support.processes import BOOTSTRAP_KEY, Server

BODY = b'{"agentId":"x","events":[]}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
POST = b"POST " + INGEST.encode() + b" HTTP/1.1\r\nHost: x\r\nx-api-key: " + BOOTSTRAP_KEY.encode() + b"\r\n"
JSON_POST = POST + b"Content-Type: application/json\r\n"
GET = b"GET /health HTTP/1.1\r\n"
NODE, GO = shutil.which("node"), shutil.which("go")


@pytest.fixture(scope="module", params=["direct", "front"])
def door(
    request: pytest.FixtureRequest,
    server: Server,
    api_database: Database,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """The API by itself, then behind the front."""
    if request.param == "direct":
        yield server
        return
    if HAPROXY is None:
        pytest.skip("HAProxy is not installed")
    fronted = Fronted(api_database.url("ves_api"))
    fronted.start(tmp_path_factory.mktemp("front") / "server.log")
    yield fronted
    assert fronted.stop() == 0


def is_fronted(door: Server) -> bool:
    return isinstance(door, Fronted)


def refused(door: Server, data: bytes, status: int, code: str) -> dict[str, str]:
    """Send bytes that must be refused with our one error body; answers the headers."""
    found, headers, body = exchange(door.port, data)
    assert found == status, body
    error = json.loads(body)["error"]
    assert error["code"] == headers["x-error-code"] == code
    assert error["request_id"] == headers["x-request-id"] != ""
    return headers


@pytest.mark.parametrize(
    "hosts",
    [b"", b"Host: a\r\nHost: b\r\n", b"Host:\r\n", b"Host: a b\r\n", b"Host: u@b\r\n", b"Host: a/b\r\n"],
    ids=["none", "two", "empty", "space", "userinfo", "path"],
)
def test_http_1_1_needs_exactly_one_valid_host(door: Server, hosts: bytes) -> None:
    if is_fronted(door) and hosts.count(b"Host") == 2:
        assert (
            exchange(door.port, GET + hosts + b"\r\n")[0] == 400
        )  # the front's parser, with a page of its own
    else:
        refused(door, GET + hosts + b"\r\n", 400, "INVALID_FIELD_VALUE")


@pytest.mark.parametrize("host", [b"x", b"x:8080", b"[::1]:80", b"192.0.2.1", b"x.example:"])
def test_a_name_or_address_with_or_without_a_port_is_a_host(door: Server, host: bytes) -> None:
    assert exchange(door.port, GET + b"Host: " + host + b"\r\n\r\n")[0] == 200


def test_http_1_0_needs_no_host(door: Server) -> None:
    assert exchange(door.port, b"GET /health HTTP/1.0\r\n\r\n")[0] == 200


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"gzip, identity"])
def test_a_body_with_a_content_coding_is_refused_and_told_what_to_send(door: Server, coding: bytes) -> None:
    data = JSON_POST + LENGTH + b"Content-Encoding: " + coding + b"\r\n\r\n" + BODY
    assert refused(door, data, 415, "UNSUPPORTED_MEDIA_TYPE")["accept-encoding"] == "identity"


@pytest.mark.parametrize("charset", [b"utf-16", b'"ISO-8859-1"'])
def test_json_in_another_charset_is_refused(door: Server, charset: bytes) -> None:
    data = POST + b"Content-Type: application/json; charset=" + charset + b"\r\n" + LENGTH + b"\r\n" + BODY
    refused(door, data, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "media", [b"application/json; charset=UTF-8", b'application/json;charset="utf-8"; a=b']
)
def test_json_that_names_utf_8_is_read(door: Server, media: bytes) -> None:
    data = POST + b"Content-Type: " + media + b"\r\nContent-Encoding: identity\r\n" + LENGTH + b"\r\n" + BODY
    assert exchange(door.port, data)[0] == 422


def test_a_transfer_coding_other_than_chunked_is_not_implemented(door: Server) -> None:
    data = JSON_POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS
    if is_fronted(door):
        assert exchange(door.port, data)[0] == 422  # the front's parser, with a page of its own
    else:
        refused(door, data, 501, "UNSUPPORTED_TRANSFER_CODING")


@pytest.mark.parametrize(
    "lines",
    [
        LENGTH + b"Content-Length: 3\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: +27\r\n",
        b"Content-Length: 0x1b\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, chunked\r\n",
        b"Transfer-Encoding: \x0bchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
    ],
)
def test_a_message_whose_end_is_ambiguous_is_refused(door: Server, lines: bytes) -> None:
    status, _, _ = exchange(door.port, JSON_POST + lines + b"\r\n" + BODY)
    assert status in {400, 422, 501}


@pytest.mark.parametrize(
    "head",
    [
        JSON_POST + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n",
        JSON_POST + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"\r\n",
        (JSON_POST + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n").replace(b"\r\n", b"\n"),
        JSON_POST + LENGTH + b"Transfer-Encoding:\r\n chunked\r\n\r\n",
    ],
    ids=["length then coding", "coding then length", "bare line feeds", "folded line"],
)
def test_no_second_request_can_be_smuggled_behind_a_length_and_a_coding(door: Server, head: bytes) -> None:
    """Read by its length, the body ends inside the chunks, and what follows would be a request of its own."""
    smuggled = b"0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", door.port), timeout=20) as peer:
        peer.sendall(head + b"%x\r\n%s\r\n" % (len(BODY), BODY) + smuggled)
        received = b""
        while chunk := peer.recv(65_536):
            received += chunk
            if b'"healthy"' in received:
                break
    # Refused, or read by its chunks with the connection closed behind it: nothing after the body is looked at.
    assert received.count(b"HTTP/1.1 ") == 1, received
    assert b'"healthy"' not in received


def test_what_the_http_library_refuses_has_our_body_behind_the_front(door: Server) -> None:
    data = GET + b"Host: x\r\nA: \x00\r\n\r\n"
    if is_fronted(door):
        refused(door, data, 400, "INVALID_FIELD_VALUE")
    else:
        assert exchange(door.port, data)[0] == 400


def test_the_front_refuses_a_version_that_it_does_not_speak(door: Server) -> None:
    if not is_fronted(door):
        pytest.skip("without the front the HTTP library closes the connection")
    refused(door, b"GET /health HTTP/3.0\r\nHost: x\r\n\r\n", 505, "INVALID_FIELD_VALUE")


@pytest.mark.parametrize("method", [b"DELETE", b"OPTIONS"])
def test_head_is_named_where_get_is_allowed(door: Server, method: bytes) -> None:
    _, headers, _ = exchange(door.port, method + b" /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert {"GET", "HEAD"} <= set(headers["allow"].split(", "))


CASES = {
    "without a credential": (401, INGEST, {"content-type": "application/json"}, 9_000_000),
    "of a revoked key": (
        401,
        INGEST,
        {"content-type": "application/json", "x-api-key": "ss_gone"},
        9_000_000,
    ),
    "too long": (413, INGEST, {"content-type": "application/json", "x-api-key": BOOTSTRAP_KEY}, 12_000_000),
    "far too long": (
        413,
        INGEST,
        {"content-type": "application/json", "x-api-key": BOOTSTRAP_KEY},
        30_000_000,
    ),
    "to nowhere": (404, "/nowhere", {}, 9_000_000),
    "of a wrong method": (405, "/health", {}, 9_000_000),
    "of a wrong type": (415, INGEST, {"content-type": "text/plain", "x-api-key": BOOTSTRAP_KEY}, 9_000_000),
    "to closed registration": (
        403,
        "/api/v1/agents/register",
        {"content-type": "application/json"},
        9_000_000,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_early_answer_reaches_a_client_that_writes_first(door: Server, case: str) -> None:
    status, path, headers, size = CASES[case]
    for _ in range(3):
        connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=30)
        connection.request("POST", path, b"x" * size, headers)
        answer = connection.getresponse()
        assert answer.status == status
        assert json.loads(answer.read())["error"]["code"] == answer.headers["x-error-code"]
        connection.close()


_NODE = """
const [url, size] = process.argv.slice(1);
(async () => { for (let i = 0; i < 5; i++) {
  const a = await fetch(url, {method: 'POST', body: 'x'.repeat(+size), headers: {'content-type': 'application/json'}});
  console.log(a.status, (await a.json()).error.code);
} })();
"""
_GO = """package main
import ("fmt"; "io"; "net/http"; "os"; "strings")
func main() { for i := 0; i < 5; i++ {
  a, err := http.Post(os.Args[1], "application/json", strings.NewReader(strings.Repeat("x", 9000000)))
  if err != nil { fmt.Println(err); os.Exit(1) }
  io.Copy(io.Discard, a.Body); a.Body.Close()
  fmt.Println(a.StatusCode, a.Header.Get("x-error-code"))
} }
"""


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
def test_an_early_answer_reaches_node(door: Server) -> None:
    command = [str(NODE), "-e", _NODE, door.url + INGEST, "9000000"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["401 AUTH_REQUIRED"] * 5


@pytest.mark.skipif(GO is None, reason="Go is not installed")
def test_an_early_answer_reaches_go(door: Server, tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(_GO)
    command = [str(GO), "run", str(tmp_path / "main.go"), door.url + INGEST]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == ["401 AUTH_REQUIRED"] * 5


def test_a_client_that_asks_first_is_refused_without_its_body(door: Server) -> None:
    """Without the front, which answers 100 itself, `Expect` spares the client a body that nobody would read."""
    if is_fronted(door):
        pytest.skip("the front tells the client to go on, and the body is read and dropped")
    head = (
        b"POST "
        + INGEST.encode()
        + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n\r\n"
    )
    started = time.monotonic()
    refused(door, head, 401, "AUTH_REQUIRED")
    assert time.monotonic() - started < 5
