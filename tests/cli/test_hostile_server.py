"""A server that is busy, broken or crooked: the command line retries what it may and believes nothing."""

from __future__ import annotations

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.cli.offline import SEQUENCER_ID, SEQUENCER_KEY, SEQUENCER_SEED, STORE, TENANT, make_evidence, other
from tests.support.wire import receipt_members
from ves import digests, ed25519
from ves_client.evidence import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Answer = tuple[int, bytes]


def honest(body: bytes) -> dict[str, Any]:
    """What a sequencer answers to an ingest request, numbers from 1."""
    events = json.loads(body)["events"]
    given = []
    for number, event in enumerate(events, 1):
        envelope = msgspec.json.decode(json.dumps(event), type=Envelope)
        digest = digests.receipt_hash(
            envelope.tenant_id, envelope.store_id, envelope.event_id, number, envelope.signing_hash()
        )
        given.append(
            receipt_members(
                sequencer_id=SEQUENCER_ID,
                event_id=envelope.event_id,
                sequence_number=number,
                sequenced_at="2026-01-01T00:00:00+00:00",
                receipt_hash=digest,
                signature=ed25519.sign(SEQUENCER_SEED, digest),
            )
        )
    return {
        "eventsAccepted": len(events),
        "eventsRejected": 0,
        "sequenceStart": 1,
        "sequenceEnd": len(events),
        "headSequence": len(events),
        "receipts": given,
    }


class Stage:
    """Answers every request by `play(method, path, body)`; counts them."""

    def __init__(self) -> None:
        self.requests = 0
        self.play: Callable[[str, str, bytes], Answer] = lambda *_: (200, b"{}")
        stage = self

        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                stage.requests += 1
                status, content = stage.play(self.command, self.path, body)
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = respond  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.server.shutdown()


@pytest.fixture
def push(ves: Callable[..., Any], stage: Stage, tmp_path: Path, monkeypatch: Any) -> Callable[..., Any]:
    for name, value in {
        "VES_HTTP_URL": stage.url,
        "VES_API_KEY": "ss_x",
        "VES_TENANT_ID": str(TENANT),
        "VES_STORE_ID": str(STORE),
        "VES_SEQUENCER_PUBLIC_KEY": SEQUENCER_KEY.hex(),
    }.items():
        monkeypatch.setenv(name, value)
    assert ves("keys", "new").code == 0
    events = tmp_path / "events"
    events.write_text('{"entity_type":"a","entity_id":"b","event_type":"c","payload":1}\n' * 3)
    return lambda: ves("push", str(events), "--json")


def document(value: Any) -> Answer:
    return 200, json.dumps(value).encode()


def test_a_busy_server_is_asked_again(push: Callable[..., Any], stage: Stage) -> None:
    stage.play = lambda _, __, body: (503, b"") if stage.requests < 3 else document(honest(body))
    assert push().code == 0
    assert stage.requests == 3


def test_a_server_that_stays_busy_is_given_up(push: Callable[..., Any], stage: Stage) -> None:
    stage.play = lambda *_: (429, b'{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"slow down"}}')
    result = push()
    assert result.code == 4
    assert json.loads(result.out)["error"]["code"] == "RATE_LIMIT_EXCEEDED"
    assert stage.requests == 5


def test_a_registration_is_never_repeated(
    ves: Callable[..., Any], push: Callable[..., Any], stage: Stage
) -> None:
    stage.play = lambda *_: (503, b"")
    assert ves("keys", "register").code == 4
    assert stage.requests == 1


@pytest.mark.parametrize(("answer", "code"), [((500, b"<html>"), 4), ((200, b"<html>"), 3), ((404, b""), 4)])
def test_an_answer_that_is_none_is_no_success(
    push: Callable[..., Any], stage: Stage, answer: Answer, code: int
) -> None:
    stage.play = lambda *_: answer
    assert push().code == code


def test_garbage_instead_of_a_document_means_not_reachable(
    ves: Callable[..., Any], push: Callable[..., Any], stage: Stage
) -> None:
    stage.play = lambda *_: (200, b"<html>")
    assert ves("prove", "1").code == 3


def drop_a_receipt(answer: dict[str, Any]) -> None:
    answer["receipts"].pop()


def repeat_a_receipt(answer: dict[str, Any]) -> None:
    answer["receipts"][1] = answer["receipts"][0]


def receipt_for_a_stranger(answer: dict[str, Any]) -> None:
    answer["receipts"].append({**answer["receipts"][0], "eventId": str(uuid.uuid4())})


def another_number(answer: dict[str, Any]) -> None:
    answer["receipts"][0]["sequenceNumber"] = 7


def no_signature(answer: dict[str, Any]) -> None:
    answer["receipts"][0] |= {"signatureAlg": "none", "sequencerSignature": ""}


def a_wrong_type(answer: dict[str, Any]) -> None:
    answer["receipts"][0]["sequenceNumber"] = "one"


@pytest.mark.parametrize(
    "spoil",
    [drop_a_receipt, repeat_a_receipt, receipt_for_a_stranger, another_number, no_signature, a_wrong_type],
)
def test_a_crooked_answer_ends_with_1_and_no_receipt_is_kept(
    push: Callable[..., Any], stage: Stage, tmp_path: Path, spoil: Callable[..., None]
) -> None:
    def play(_: str, __: str, body: bytes) -> Answer:
        answer = honest(body)
        spoil(answer)
        return document(answer)

    stage.play = play
    assert push().code == 1
    assert len((tmp_path / "events.receipts.ndjson").read_text().splitlines()) == 1, "the header only"


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("proof", "leaf_index"),
        ("proof", "proof_path"),
        ("proof", "merkle_root"),
        ("proof", "directions"),
        ("commitment", "new_state_root"),
        ("commitment", "leaf_count"),
        ("commitment", "tree_depth"),
    ],
)
def test_a_crooked_proof_ends_with_1_and_is_not_written(
    ves: Callable[..., Any], push: Callable[..., Any], stage: Stage, tmp_path: Path, part: str, name: str
) -> None:
    evidence = make_evidence()

    def play(_: str, path: str, __: bytes) -> Answer:
        if "/commitments" in path:
            return document({"commitments": [evidence["commitment"]]})
        return document(evidence["proof"])

    stage.play = play
    assert ves("prove", "3", "--output", "good.json").code == 0
    evidence[part][name] = other(evidence[part][name])
    assert ves("prove", "3", "--output", "bad.json").code == 1
    assert not (tmp_path / "bad.json").exists()


def test_the_story_ends_badly_when_an_event_is_rejected(
    ves: Callable[..., Any], push: Callable[..., Any], stage: Stage
) -> None:
    def play(_: str, path: str, body: bytes) -> Answer:
        if path.endswith("/keys"):
            return document({"success": True})
        refused = {
            "event_id": json.loads(body)["events"][2]["event_id"],
            "reason": "invalid_signature",
            "message": "",
        }
        answer = honest(body)
        return document({**answer, "rejections": [refused], "receipts": answer["receipts"][:2]})

    stage.play = play
    result = ves("story", "--json")
    assert result.code == 1
    assert json.loads(result.out)["error"]["details"]["rejections"][0]["reason"] == "invalid_signature"
