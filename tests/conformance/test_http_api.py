"""A plain client (http.client) walks through http-api.md, route by route, through the front door."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import uuid
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.api.front import HAPROXY, Fronted
from tests.api.support import Agent
from tests.conformance.table import ELSEWHERE, LINES, OWN, Line
from tests.conftest import Database
from tests.support.processes import BOOTSTRAP_KEY
from ves import ed25519

pytestmark = pytest.mark.skipif(HAPROXY is None, reason="HAProxy is not installed")

ERROR = {"code", "numeric_code", "message", "request_id"}


class Answer(NamedTuple):
    """An answer with its headers in lower case; `body` is decoded JSON, None when it is empty."""

    status: int
    headers: dict[str, str]
    body: Any


class Walk:
    """One client and what it has learned."""

    def __init__(self, system: Fronted) -> None:
        self._port = system.port
        agent = Agent()
        self.event = agent.event(event_type="walked")
        self.agent = agent
        # A name that an earlier line should have given and did not: that line's test fails, and so does the one that needs it.
        self.names: dict[str, str] = defaultdict(lambda: "missing")
        self.names |= {
            "tenant": str(agent.tenant_id),
            "store": str(agent.store_id),
            "agent_id": str(agent.agent_id),
            "public_key": ed25519.public_key(agent.seed).hex(),
            "event_id": self.event["event_id"],
            "event_type": "walked",
            "entity_type": "order",
            "entity_id": "O-1",
            "sequence_number": "1",
        }

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        known = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, known, json.loads(text) if text else None)

    def path(self, line: Line) -> str:
        return (line.template + ("?" + line.query if line.query else "")).format_map(self.names)

    def body(self, line: Line) -> bytes | None:
        if line.body is None:
            return None
        if line.body == "event":
            return self.agent.body(self.event)
        if line.body == "legacy event":
            return json.dumps(self._legacy()).encode()
        return json.dumps(_filled(line.body, self.names)).encode()

    def take(self, line: Line) -> Answer:
        headers = {"authorization": f"ApiKey {BOOTSTRAP_KEY}"} | (
            {} if line.body is None else {"content-type": "application/json"}
        )
        answer = self.ask(line.method, self.path(line), self.body(line), **headers)
        if answer.status == line.status:
            self.names |= {new: str(answer.body[name]) for name, new in line.keep.items()}
        return answer

    def _legacy(self) -> dict[str, Any]:
        event = {name: self.event[name] for name in ("tenant_id", "store_id", "entity_type", "created_at")}
        agent = str(self.agent.agent_id)
        event |= {
            "event_id": str(uuid.uuid4()),
            "entity_id": "O-1",
            "event_type": "walked",
            "payload": {},
            "payload_hash": hashlib.sha256(b"{}").hexdigest(),
            "source_agent": agent,
        }
        return {"agent_id": agent, "events": [event]}


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return value.format_map(names)
    if isinstance(value, dict):
        return {name: _filled(item, names) for name, item in value.items()}
    return value


@pytest.fixture(scope="module")
def walk(api_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    env = {"PUBLIC_AGENT_REGISTRATION_ENABLED": "true"}
    system = Fronted(api_database.url("ves_api"), env)
    system.start(tmp_path_factory.mktemp("walk") / "server.log")
    yield Walk(system)
    system.stop()


@pytest.fixture(scope="module")
def taken(walk: Walk) -> dict[str, Answer]:
    """Every line's answer, taken in the order of the table."""
    return {_name(line): walk.take(line) for line in LINES}


def _name(line: Line) -> str:
    return f"{line.method} {line.template}"


def test_every_route_of_the_running_server_has_a_line(walk: Walk) -> None:
    document = walk.ask("GET", "/api/openapi.json").body
    served = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert served == {_name(line) for line in LINES} | OWN | ELSEWHERE


@pytest.mark.parametrize("line", LINES, ids=_name)
def test_the_answer_has_the_members_of_the_page(taken: dict[str, Answer], line: Line) -> None:
    status, headers, body = taken[_name(line)]
    assert status == line.status, body
    first = body[0] if isinstance(body, list) else body
    assert set(line.members.split()) - set(first) == set()
    assert headers["content-type"] == "application/json"
    _assert_headers(headers)


@pytest.mark.parametrize("line", LINES, ids=_name)
def test_without_a_credential_only_public_routes_are_served(
    walk: Walk, taken: dict[str, Answer], line: Line
) -> None:
    """The method comes before the credential only where the path has no such method (http-api 1.1, 1.3)."""
    assert taken
    path = re.sub("{[a-z_]+}", "1", line.template)
    answer = walk.ask(line.method, path, b"" if line.body else None)
    if not line.is_public:
        _assert_error(answer, 401, "AUTH_REQUIRED")
    elif line.body is not None:
        _assert_error(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
    else:
        assert answer.status == 200


@pytest.mark.parametrize("line", LINES, ids=_name)
def test_another_method_is_refused_with_those_that_are_allowed(walk: Walk, line: Line) -> None:
    answer = walk.ask(
        "TRACE", re.sub("{[a-z_]+}", "1", line.template), authorization=f"ApiKey {BOOTSTRAP_KEY}"
    )
    _assert_error(answer, 405, answer.body["error"]["code"])
    assert line.method in answer.headers["allow"].split(", ")


@pytest.mark.parametrize("line", [line for line in LINES if line.body is not None], ids=_name)
@pytest.mark.parametrize(
    ("body", "media", "status"),
    [(b"{", "application/json", 400), (b"[]", "application/json", 422), (b"{}", "text/plain", 415)],
    ids=["no JSON", "another shape", "another media type"],
)
def test_a_body_that_cannot_be_read_has_its_status(
    walk: Walk, taken: dict[str, Answer], line: Line, body: bytes, media: str, status: int
) -> None:
    """http-api 1.6, extraction failures."""
    assert taken
    path = line.template.format_map(walk.names)
    answer = walk.ask(
        line.method, path, body, **{"content-type": media, "authorization": f"ApiKey {BOOTSTRAP_KEY}"}
    )
    _assert_error(answer, status, answer.body["error"]["code"])


def _assert_headers(headers: dict[str, str]) -> None:
    """http-api 1.2."""
    assert headers["x-request-id"]
    wanted = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "cache-control": "no-store"}
    assert {name: headers[name] for name in wanted} == wanted


def _assert_error(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.headers["x-error-code"]) == (status, code), answer.body
    assert ERROR - set(answer.body["error"]) == set()
    assert answer.body["error"]["request_id"] == answer.headers["x-request-id"]
    _assert_headers(answer.headers)
