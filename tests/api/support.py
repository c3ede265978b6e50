"""A server as a process, an agent that signs, and the checks that every answer must pass."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support import keyring, recorder
from ves import ed25519
from ves.canonical import jcs
from ves.digests import payload_plain_hash, signing_hash

ROOT = Path(__file__).resolve().parents[2]
BOOTSTRAP_KEY = "ss_bootstrap_key_of_the_tests_0123456789"
SEQUENCER_ID = uuid.UUID("5e90e9ce-0000-4000-8000-000000000001")
SEQUENCER_SEED = bytes(range(32))
SEQUENCER_PUBLIC_KEY = ed25519.public_key(SEQUENCER_SEED)
INGEST = "/api/v1/ves/events/ingest"
SERVE = "from ves_api import server, settings; server.run(settings.load())"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Any, seconds: float = 20) -> Any:
    """The first true value of `condition()`; AssertionError after a deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not true within {seconds} s: {condition}")


@dataclass
class Server:
    """A running server; `env` are settings beside the usual ones of the tests."""

    database_url: str
    env: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    log: Path | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, log: Path) -> Server:
        self.launch(log)
        wait_until(self.answers)
        return self

    def launch(self, log: Path) -> None:
        self.log = log
        recorder.LOGS.add(log)
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT / 'api'}:{ROOT / 'plpython'}",
            "DATABASE_URL": self.database_url,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            # The port after this one may be in use; tests/rpc name one.
            "GRPC_DISABLED": "true",
            "VES_API_WORKERS": "1",
            "BOOTSTRAP_ADMIN_API_KEY": BOOTSTRAP_KEY,
            **keyring.ENVIRONMENT,
            "VES_SEQUENCER_ID": str(SEQUENCER_ID),
            "VES_SEQUENCER_SIGNING_KEY": SEQUENCER_SEED.hex(),
            "LOG_FORMAT": "json",
            "RUST_LOG": "debug",
            **self.env,
        }
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE], env=env, stdout=stream, stderr=stream
            )

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the server ended: {self.log_text()}"
        try:
            return httpx.get(f"{self.url}/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(40)

    def log_text(self) -> str:
        return self.log.read_text(encoding="utf-8") if self.log else ""

    def client(
        self, key: str | None = BOOTSTRAP_KEY, added: dict[str, str] | None = None, **options: Any
    ) -> httpx.Client:
        """A client with this API key, if any, and `added` headers."""
        headers = {} if key is None else {"x-api-key": key}
        headers |= added or {}
        hooks = {"response": [recorder.note]}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, event_hooks=hooks, **options)


@dataclass
class Agent:
    """An agent with a signing key, for one stream."""

    tenant_id: uuid.UUID = field(default_factory=uuid.uuid4)
    store_id: uuid.UUID = field(default_factory=uuid.uuid4)
    agent_id: uuid.UUID = field(default_factory=uuid.uuid4)
    key_id: int = 1
    seed: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def register(self, client: httpx.Client, **members: Any) -> httpx.Response:
        body = {
            "tenantId": str(self.tenant_id),
            "agentId": str(self.agent_id),
            "keyId": self.key_id,
            "publicKey": "0x" + ed25519.public_key(self.seed).hex(),
            **members,
        }
        return client.post("/api/v1/agents/keys", json=body)

    def event(self, payload: Any = None, *, raw: bytes | None = None, **changes: Any) -> dict[str, Any]:
        """A signed event; `raw` is the payload's JSON text (for `request_text`), `changes` apply before signing."""
        text = raw if raw is not None else json.dumps({"n": 1} if payload is None else payload).encode()
        members: dict[str, Any] = {
            "ves_version": 1,
            "event_id": str(uuid.uuid4()),
            "tenant_id": str(self.tenant_id),
            "store_id": str(self.store_id),
            "source_agent_id": str(self.agent_id),
            "agent_key_id": self.key_id,
            "entity_type": "order",
            "entity_id": f"O-{secrets.token_hex(4)}",
            "event_type": "order.created",
            "created_at": "2025-11-14T00:30:00.948Z",
            "payload_kind": 0,
        }
        members |= {k: v for k, v in changes.items() if k not in ("command_id", "base_version")}
        plain = payload_plain_hash(jcs(text))
        digest = signing_hash(
            **{
                name: uuid.UUID(value) if name in _UUIDS else value
                for name, value in members.items()
                if name in _SIGNED
            },
            payload_plain_hash=plain,
            payload_cipher_hash=bytes(32),
        )
        members["payload"] = Raw(text)
        members["payload_plain_hash"] = "0x" + plain.hex()
        members["payload_cipher_hash"] = "0x" + "00" * 32
        members["agent_signature"] = "0x" + ed25519.sign(self.seed, digest).hex()
        return members | {k: v for k, v in changes.items() if k in ("command_id", "base_version")}

    def body(self, *events: dict[str, Any], **changes: Any) -> bytes:
        return dump({"agentId": str(self.agent_id), "events": list(events), **changes})

    def ingest(self, client: httpx.Client, *events: dict[str, Any], **changes: Any) -> httpx.Response:
        return post(client, self.body(*events, **changes))


_UUIDS = {"event_id", "tenant_id", "store_id", "source_agent_id"}
_SIGNED = _UUIDS | {
    "ves_version",
    "agent_key_id",
    "entity_type",
    "entity_id",
    "event_type",
    "created_at",
    "payload_kind",
}


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
