"""What holds for every answer: one error shape, request ids, security headers, CORS, compression, strict paths."""

from __future__ import annotations

import contextlib
import gzip
import re
import socket
import uuid
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.api.support import INGEST, Agent, assert_common_headers, assert_error, post
from tests.support.processes import BOOTSTRAP_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database
    from tests.support.processes import Server

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

EXPOSED = "x-request-id, x-error-code, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nope",
        "/api",
        "/api/v1",
        "/api/v1/ves/event",
        "/api/v1/ves/events/ingest/",
        "/health/",
        "//health",
        "/api//v1/ves/commitments",
        "/api/v1/ves/commitments/",
        "/%2e%2e/health",
        "/schema",
        "/admin",
        "/%ff",
        "/é",
    ],
)
def test_an_unknown_path_is_404_in_the_one_shape(path: str, admin: httpx.Client) -> None:
    assert_error(admin.get(path), 404, "RESOURCE_NOT_FOUND", 4001)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", INGEST, "POST"),
        ("DELETE", "/health", "GET"),
        ("PUT", "/api/v1/ves/commitments", "POST"),
        ("PATCH", "/api/v1/agents/keys", "POST"),
        ("POST", "/ready", "GET"),
        ("TRACE", "/health", "GET"),
        ("BREW", "/health", "GET"),
    ],
)
def test_a_wrong_method_is_405_and_names_the_right_ones(
    method: str, path: str, allowed: str, admin: httpx.Client
) -> None:
    answer = admin.request(method, path)
    assert_error(answer, 405, "METHOD_NOT_ALLOWED")
    assert allowed in answer.headers["allow"].split(", ")


def test_head_answers_as_get_without_a_body(admin: httpx.Client) -> None:
    answer = admin.head("/health")
    assert answer.status_code == 200
    assert answer.content == b""
    assert int(answer.headers["content-length"]) > 0
    assert_common_headers(answer)


def test_a_short_request_id_is_echoed(admin: httpx.Client) -> None:
    for sent in ("abc-123", "a" * 128, "with space", "{}[]\"'<>"):
        assert admin.get("/health", headers={"x-request-id": sent}).headers["x-request-id"] == sent
        answer = admin.get("/nope", headers={"x-request-id": sent})
        assert assert_error(answer, 404, "RESOURCE_NOT_FOUND")["request_id"] == sent


def test_an_unsafe_request_id_is_replaced(admin: httpx.Client) -> None:
    for sent in (b"a" * 129, "ü".encode(), b"\xff", b"tab\there", b""):
        answer = admin.get("/health", headers={b"x-request-id": sent})
        assert UUID4.fullmatch(answer.headers["x-request-id"]), sent


def test_request_ids_differ(admin: httpx.Client) -> None:
    ids = {admin.get("/health").headers["x-request-id"] for _ in range(50)}
    assert len(ids) == 50
    assert all(UUID4.fullmatch(one) for one in ids)


def test_every_answer_carries_the_security_headers(admin: httpx.Client, agent: Agent) -> None:
    for answer in (
        admin.get("/health"),
        admin.get("/ready"),
        admin.get("/api/openapi.json"),
        admin.get("/api/docs"),
        admin.get("/nope"),
        admin.delete("/health"),
        admin.options("/health"),
        agent.ingest(admin, agent.event()),
        post(admin, b"{"),
        post(admin, b" " * 10_485_761),
    ):
        assert_common_headers(answer)


def test_without_configured_origins_there_is_no_cors(admin: httpx.Client) -> None:
    answer = admin.get("/health", headers={"origin": "https://shop.example"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    preflight = admin.options(
        INGEST, headers={"origin": "https://shop.example", "access-control-request-method": "POST"}
    )
    assert not [name for name in preflight.headers if name.startswith("access-control-")]


def test_configured_origins_get_cors_also_on_errors(start_server: Callable[..., Server]) -> None:
    server = start_server(CORS_ALLOW_ORIGINS="https://shop.example, https://other.example")
    with server.client(key=None) as anyone:
        preflight = anyone.options(
            INGEST, headers={"origin": "https://shop.example", "access-control-request-method": "POST"}
        )
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://shop.example"
        assert preflight.headers["access-control-allow-methods"] == "GET, POST, PUT, PATCH, DELETE, OPTIONS"
        allowed = preflight.headers["access-control-allow-headers"].split(", ")
        assert {"authorization", "content-type", "x-api-key"} <= set(allowed)
        assert "access-control-allow-credentials" not in preflight.headers
        for path in ("/health", "/nope", "/api/v1/ves/commitments"):
            answer = anyone.get(path, headers={"origin": "https://other.example"})
            assert answer.headers["access-control-allow-origin"] == "https://other.example"
            exposed = answer.headers["access-control-expose-headers"]
            assert exposed == EXPOSED
            assert "origin" in answer.headers["vary"]
        refused = anyone.options(
            INGEST, headers={"origin": "https://evil.example", "access-control-request-method": "POST"}
        )
        assert refused.status_code == 200
        assert "access-control-allow-origin" not in refused.headers
        stranger = anyone.get("/health", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in stranger.headers


def test_a_star_allows_every_origin(start_server: Callable[..., Server]) -> None:
    server = start_server(CORS_ALLOW_ORIGINS="*")
    with server.client(key=None) as anyone:
        answer = anyone.get("/health", headers={"origin": "https://any.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_large_answer_is_compressed_on_request_only(admin: httpx.Client, agent: Agent) -> None:
    body = agent.body(*[agent.event() for _ in range(50)])
    plain = post(admin, body, **{"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    packed = post(admin, body, **{"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"]
    assert packed.json()["receipts"] == plain.json()["receipts"]
    assert "content-encoding" not in admin.get("/health", headers={"accept-encoding": "gzip"}).headers


@pytest.mark.parametrize(
    ("sent", "packed"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("deflate,gzip", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, identity", False),
        ("br", False),
        ("xgzipx", False),
        ("*", False),
    ],
)
def test_gzip_is_used_for_those_who_accept_it(admin: httpx.Client, sent: str, packed: bool) -> None:
    answer = admin.get("/api/openapi.json", headers={"accept-encoding": sent})
    assert ("content-encoding" in answer.headers) is packed
    assert answer.json()["openapi"] == "3.1.0"


def test_http_2_is_spoken_in_clear_text_to_those_who_begin_with_it(server: Server) -> None:
    headers = {"x-api-key": BOOTSTRAP_KEY, "x-request-id": "over h2", "accept-encoding": "gzip"}
    with httpx.Client(base_url=server.url, http1=False, http2=True, headers=headers) as client:
        answers = [
            client.get("/api/openapi.json"),
            client.get("/api/v1/ves/commitments"),
            client.get("/nope"),
        ]
    assert [a.http_version for a in answers] == ["HTTP/2"] * 3
    assert [a.status_code for a in answers] == [200, 400, 404]
    assert answers[0].headers["content-encoding"] == "gzip"
    for answer in answers:
        assert_common_headers(answer)
        assert answer.headers["x-request-id"] == "over h2"


def test_the_compressed_bytes_are_the_body(server: Server) -> None:
    with server.client() as client:
        request = client.build_request("GET", "/api/openapi.json", headers={"accept-encoding": "gzip"})
        answer = client.send(request, stream=True)
        raw = b"".join(answer.iter_raw())
    assert gzip.decompress(raw).startswith(b'{"openapi"')
    assert int(answer.headers["content-length"]) == len(raw)


def test_a_slow_request_is_504(start_server: Callable[..., Server], database: Database) -> None:
    server = start_server(REQUEST_TIMEOUT_SECS="0.5")
    agent = Agent()
    with server.client() as client, database.connect() as blocker:
        agent.register(client)
        assert agent.ingest(client, agent.event()).status_code == 200
        blocker.execute("begin")
        blocker.execute("select 1 from ves_store.ves_sequence_counters for update")
        event = agent.event()
        error = assert_error(agent.ingest(client, event), 504, "TIMEOUT", 8003)
        assert error["retry_after"] == 1
        blocker.execute("rollback")
        # The events were not taken back: a repeat finds them stored, exactly once.
        answer = agent.ingest(client, event)
        assert answer.json()["headSequence"] == 2
        assert answer.json()["receipts"][0]["sequenceNumber"] == 2


def test_a_request_cut_off_in_its_body_harms_nobody(server: Server, admin: httpx.Client) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port)) as link:
            link.sendall(
                f"POST {INGEST} HTTP/1.1\r\nhost: x\r\nx-api-key: {BOOTSTRAP_KEY}\r\n"
                "content-type: application/json\r\ncontent-length: 1000\r\n\r\n{".encode()
            )
    assert admin.get("/health").status_code == 200


def test_bytes_that_are_no_http_harm_nobody(server: Server, admin: httpx.Client) -> None:
    for garbage in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\x00" * 5000, b"GET / HTTP/9.9\r\n\r\n"):
        with (
            socket.create_connection(("127.0.0.1", server.port)) as link,
            contextlib.suppress(ConnectionError),
        ):
            link.sendall(garbage)
            link.settimeout(30)
            while link.recv(4096):
                pass
    assert admin.get("/health").status_code == 200


def test_an_error_never_shows_internals(admin: httpx.Client) -> None:
    for answer in (
        post(admin, b"\xff"),
        admin.get(f"/api/v1/ves/commitments/{uuid.uuid4()}"),
        post(admin, b"1"),
    ):
        for word in ("ves_store", "psycopg", "litestar", "File ", "line "):
            assert word not in answer.text
