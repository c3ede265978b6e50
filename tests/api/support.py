"""An agent that signs and sends over HTTP, and the checks that every answer must pass."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.agents import SigningAgent

if TYPE_CHECKING:
    import httpx

INGEST = "/api/v1/ves/events/ingest"


@dataclass
class Agent(SigningAgent):
    """An agent whose events are JSON members, sent over HTTP."""

    def register(self, client: httpx.Client, **members: Any) -> httpx.Response:
        body = {
            "tenantId": str(self.tenant_id),
            "agentId": str(self.agent_id),
            "keyId": self.key_id,
            "publicKey": "0x" + self.public_key.hex(),
            **members,
        }
        return client.post("/api/v1/agents/keys", json=body)

    def event(self, payload: Any = None, *, raw: bytes | None = None, **changes: Any) -> dict[str, Any]:
        """A signed event; `raw` is the payload's exact JSON text (`dump` keeps it), `changes` apply before signing."""
        text = raw if raw is not None else json.dumps({"n": 1} if payload is None else payload).encode()
        unsigned = {name: changes.pop(name) for name in ("command_id", "base_version") if name in changes}
        return self.envelope(text, **changes) | {"payload": Raw(text)} | unsigned

    def body(self, *events: dict[str, Any], **changes: Any) -> bytes:
        return dump({"agentId": str(self.agent_id), "events": list(events), **changes})

    def ingest(self, client: httpx.Client, *events: dict[str, Any], **changes: Any) -> httpx.Response:
        return post(client, self.body(*events, **changes))


class Raw(bytes):
    """JSON text that `dump` puts in as it is."""


def dump(value: Any) -> bytes:
    if isinstance(value, Raw):
        return bytes(value)
    if isinstance(value, dict):
        return b"{" + b",".join(json.dumps(k).encode() + b":" + dump(v) for k, v in value.items()) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(dump(v) for v in value) + b"]"
    return json.dumps(value).encode()


def post(client: httpx.Client, body: bytes, path: str = INGEST, **headers: str) -> httpx.Response:
    return client.post(path, content=body, headers={"content-type": "application/json", **headers})


def assert_common_headers(answer: httpx.Response) -> None:
    assert answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"


def assert_error(
    answer: httpx.Response, status: int, code: str, numeric: int | None = None
) -> dict[str, Any]:
    """The one error shape, with its header; answers the inner object."""
    assert answer.status_code == status, answer.text
    assert_common_headers(answer)
    body = answer.json()
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert {"code", "numeric_code", "message", "request_id"} <= set(error)
    assert set(error) <= {
        "code",
        "numeric_code",
        "message",
        "request_id",
        "details",
        "retry_after",
        "resource_id",
    }
    assert error["code"] == code == answer.headers["x-error-code"]
    assert numeric is None or error["numeric_code"] == numeric
    assert error["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return error


def receipts_of(answer: httpx.Response) -> list[str]:
    """Each receipt as its exact text."""
    assert answer.status_code == 200, answer.text
    text = answer.text
    if '"receipts":[' not in text:
        return []
    inner = text.split('"receipts":[', 1)[1].rsplit("]", 1)[0]
    return ["{" + part.strip("{}") + "}" for part in inner.split("},{")]


def admin_call(database: Any, statement: str, *parameters: Any) -> Any:
    """One statement as the operator's role, the first column of its first row."""
    with database.connect("ves_admin") as connection:
        row = connection.execute(statement, parameters).fetchone()
    return None if row is None else row[0]
