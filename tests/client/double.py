"""A sequencer in memory behind HTTP, honest by default, whose faults and lies a test turns on."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from tests.cli.offline import AGENT, SEQUENCER_ID, SEQUENCER_SEED
from tests.support.wire import receipt_members
from ves import digests, ed25519
from ves_client import ClientError, Exit
from ves_client.evidence import Envelope

Json = dict[str, Any]
Fault = Callable[["Double"], str | None]


@dataclass
class Double:
    """The stream of one tenant: `order` are the event ids by number, `refuse` gives the reason for an event or None.

    `fault` decides for each request: "lose" closes the connection before anything is stored, "lose answer" after it;
    `busy` are answers (status, headers) that come before any other; `lie` may change an answer, `lie_window` a list of
    events. `streams` and `pushes` count what came over gRPC. `unsealed` are numbers without a signed receipt yet, `keys` the directory of agents' keys.
    `before_window` is called, without the lock, before a window of events is told over gRPC.
    """

    order: list[str] = field(default_factory=list)
    stored: dict[str, Json] = field(default_factory=dict)
    bodies: list[Json] = field(default_factory=list)
    refuse: Callable[[Json], str | None] = lambda _: None
    fault: Fault = lambda _: None
    lie: Callable[[Json], Any] = lambda answer: answer
    lie_window: Callable[[Json], Any] = lambda answer: answer
    windows: list[tuple[int, int]] = field(default_factory=list)
    unsealed: set[int] = field(default_factory=set)
    keys: dict[str, list[Json]] = field(
        default_factory=lambda: {str(AGENT.agent_id): [directory_key(AGENT.key_id, AGENT.public_key)]}
    )
    busy: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    before_window: Callable[[], object] = lambda: None
    max_events: int = 1000
    streams: int = 0
    pushes: int = 0
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ingest(self, body: Json) -> Json:
        receipts, rejections, accepted = [], [], 0
        for event in body["events"]:
            event_id = event["event_id"]
            if event_id in self.stored and self.stored[event_id] != event:
                rejections.append({"event_id": event_id, "reason": "duplicate_event_id", "message": "other"})
            elif event_id not in self.stored and (reason := self.refuse(event)):
                rejections.append({"event_id": event_id, "reason": reason, "message": f"told: {reason}"})
            else:
                if event_id not in self.stored:
                    self.stored[event_id] = event
                    self.order.append(event_id)
                    accepted += 1
                receipts.append(receipt_for(event, self.order.index(event_id) + 1))
        return {
            "eventsAccepted": accepted,
            "eventsRejected": len(rejections),
            "headSequence": len(self.order),
            "receipts": receipts,
            "rejections": rejections,
        }

    def window(self, first: int, limit: int) -> Json:
        """The events numbered `first` to `first + limit - 1` as GET /api/v1/ves/events lists them."""
        self.windows.append((first, limit))
        events: list[Json] = []
        for number in range(first, min(first + limit, len(self.order) + 1)):
            event = self.stored[self.order[number - 1]]
            numbered = {"sequence_number": number, "event": event}
            events.append(
                numbered if number in self.unsealed else numbered | {"receipt": receipt_for(event, number)}
            )
        return {"events": events, "next_sequence": first + len(events), "head_sequence": len(self.order)}

    def read(self, target: str) -> bytes:
        """The answer to a GET: a window of events, or the keys of an agent."""
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        if parts.path == "/api/v1/ves/events":
            told = self.lie_window(self.window(int(query["from"][0]), int(query["limit"][0])))
        else:
            keys = self.keys.get(parts.path.split("/")[4], [])
            told = {"keys": keys, "count": len(keys)}
        return told if isinstance(told, bytes) else json.dumps(told).encode()

    def answer(self, raw: bytes) -> tuple[int, dict[str, str], bytes] | None:
        """Status, headers and body; None closes the connection."""
        if self.busy:
            status, headers = self.busy.pop(0)
            return status, headers, b'{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"slow down"}}'
        body = json.loads(raw)
        self.bodies.append(body)
        fault = self.fault(self)
        if fault == "lose":
            return None
        if len(body["events"]) > self.max_events:
            return 400, {}, b'{"error":{"code":"BATCH_TOO_LARGE","message":"too many"}}'
        answer = self.ingest(body)
        if fault == "lose answer":
            return None
        told = self.lie(answer)
        return 200, {}, told if isinstance(told, bytes) else json.dumps(told).encode()


def directory_key(key_id: int, public_key: bytes) -> Json:
    """A signing key as the directory of agents' keys lists it."""
    return {"keyId": key_id, "keyType": "signing", "keyAlgorithm": 1, "publicKey": public_key.hex()}


def receipt_for(event: Json, number: int) -> Json:
    """A valid receipt for an event under a number."""
    envelope = msgspec.json.decode(json.dumps(event), type=Envelope)
    digest = digests.receipt_hash(
        envelope.tenant_id, envelope.store_id, envelope.event_id, number, envelope.signing_hash()
    )
    return receipt_members(
        sequencer_id=SEQUENCER_ID,
        event_id=envelope.event_id,
        sequence_number=number,
        sequenced_at="2026-01-01T00:00:00+00:00",
        receipt_hash=digest,
        signature=ed25519.sign(SEQUENCER_SEED, digest),
    )


@contextmanager
def serving(double: Double) -> Iterator[Double]:
    """Serve a double on a port of the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            with double.lock:
                told = double.answer(raw)
            if told is None:
                self.close_connection = True
                return
            self.tell(*told)

        def do_GET(self) -> None:
            with double.lock:
                told = double.read(self.path)
            self.tell(200, {}, told)

        def tell(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, text in {"content-length": str(len(content)), **headers}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    double.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def assert_stopped(sync: Callable[[], object], kind: str) -> Path:
    """A push or pull fails with evidence of this kind; so does the next one, which sends and asks for nothing."""
    paths = []
    for _ in range(2):
        with pytest.raises(ClientError) as stopped:
            sync()
        assert (stopped.value.status, stopped.value.code) == (Exit.CHECK_FAILED, "sequencer_contradiction")
        assert stopped.value.details["kind"] == kind
        paths.append(Path(stopped.value.details["evidence"]))
    assert paths[0] == paths[1]
    return paths[0]
