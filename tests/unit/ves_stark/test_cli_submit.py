"""`ves-stark prove-submit` against a small server that keeps what it is sent."""

from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

import ves_stark
from tests.unit.ves_stark import receipts
from tests.unit.ves_stark.vectors import case
from ves_stark.cli import main

CASE = case("aml_default")
EVENT = CASE.inputs.event_id


class Sequencer(ThreadingHTTPServer):
    """Answers by path; remembers (method, path, key, body)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        self.answers = {}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def reply(self):
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size)
        self.server.seen.append((self.command, self.path, self.headers["Authorization"], body))
        status, answer = self.server.answers[self.path]
        self.send_response(status)
        if status == 307:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    do_GET = do_POST = reply  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture
def sequencer(monkeypatch):
    monkeypatch.setenv("STATESET_API_KEY", "ss_secret")
    server = Sequencer()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    stored = {"proof_id": "p-1", "proof_hash": CASE.data["proofHash"], "policy_hash": CASE.inputs.policy_hash}
    root = "/api/v1/ves/compliance"
    server.answers = {
        f"{root}/{EVENT}/inputs": (200, {"public_inputs": CASE.data["publicInputs"]}),
        f"{root}/{EVENT}/proofs": (200, stored | {"witness_commitment_hex": "ab"}),
        f"{root}/proofs/p-1/verify": (200, {"valid": True, "stark_valid": True, "stark_error": None}),
    }
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def submit(server, *more, amount=5000, limit=10000, event=EVENT):
    place = ["--sequencer-url", server.url + "/", "--event-id", event]
    return main(["prove-submit", *place, "-a", str(amount), "-l", str(limit), *map(str, more)])


def test_a_proof_is_made_for_the_fetched_inputs_and_submitted(sequencer, capsys):
    assert submit(sequencer, "--verify") == 0
    out = capsys.readouterr().out
    assert out == (
        f"Submitted proof_id=p-1\n  proof_hash={CASE.data['proofHash']}\n"
        f"  policy_hash={CASE.inputs.policy_hash}\n  witness_commitment_hex=ab\n"
        "Verified valid=true\n  stark_valid=true\n"
    )
    fetched, stored, checked = sequencer.seen
    assert json.loads(fetched[3]) == {"policyId": "aml.threshold", "policyParams": {"threshold": 10000}}
    assert json.loads(stored[3]) == {
        "policyId": "aml.threshold", "policyParams": {"threshold": 10000}, "proofType": "stark",
        "proofVersion": 2, "proofB64": base64.b64encode(CASE.proof).decode(),
        "witnessCommitment": CASE.data["witnessCommitmentHex"], "publicInputs": CASE.data["publicInputs"],
    }  # fmt: skip
    assert [call[0] for call in sequencer.seen] == ["POST", "POST", "GET"]
    assert {call[2] for call in sequencer.seen} == {"ApiKey ss_secret"}
    assert checked[1].endswith("/proofs/p-1/verify")


def test_a_stored_proof_that_does_not_verify_ends_with_code_one(sequencer, capsys):
    path = next(path for path in sequencer.answers if path.endswith("/verify"))
    sequencer.answers[path] = (200, {"valid": False, "stark_error": "no"})
    assert submit(sequencer, "--verify") == 1
    assert "Verified valid=false\n  stark_error=no\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ((404, {"error": "Event not found"}), "HTTP 404"),
        ((307, b""), "HTTP 307"),
        ((200, b"<html>"), "not JSON"),
        ((200, b"[]"), "not a JSON object"),
        ((200, {}), "Failed to parse public inputs"),
        ((200, {"public_inputs": case("cap_secure").data["publicInputs"]}), "another event"),
        ((200, {"public_inputs": CASE.data["publicInputs"] | {"policyHash": "00" * 32}}), "policyHash"),
    ],
)
def test_a_bad_answer_stops_before_the_proof(sequencer, capsys, answer, complaint):
    sequencer.answers[f"/api/v1/ves/compliance/{EVENT}/inputs"] = answer
    assert submit(sequencer) == 1
    assert complaint in capsys.readouterr().err
    assert len(sequencer.seen) == 1


def test_nothing_is_sent_for_an_amount_that_violates_the_policy(sequencer, capsys):
    assert submit(sequencer, amount=10_000) == 1
    assert "must be <" in capsys.readouterr().err
    assert sequencer.seen == []


def test_a_key_and_a_web_address_are_needed(sequencer, capsys, monkeypatch):
    assert main(["prove-submit", "--sequencer-url", "file:///", "--event-id", EVENT, "-a1", "-l5"]) == 1
    assert "not an http or https URL" in capsys.readouterr().err
    monkeypatch.delenv("STATESET_API_KEY")
    assert submit(sequencer) == 1
    assert "STATESET_API_KEY environment variable is required" in capsys.readouterr().err


def test_a_sequencer_that_does_not_answer_is_an_error(sequencer, capsys):
    closed = Sequencer()
    closed.server_close()
    assert submit(closed) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("Error: ")


def test_an_authorization_is_submitted_under_its_receipt(sequencer, capsys, tmp_path):
    inputs, receipt = receipts.inputs(), receipts.receipt()
    root = f"/api/v1/ves/compliance/{inputs.event_id}"
    sequencer.answers[f"{root}/inputs"] = (200, {"public_inputs": inputs.to_json()})
    sequencer.answers[f"{root}/proofs"] = (200, {"proof_id": "p-2"})
    path = tmp_path / "receipt"
    path.write_text(json.dumps(receipt))
    policy = ("-p", "agent.authorization.v1")
    more = (*policy, "--authorization-receipt", path)
    asked = {"amount": 12_500, "limit": receipts.MAX_TOTAL, "event": inputs.event_id}
    assert submit(sequencer, *more, **asked) == 0
    sent = json.loads(sequencer.seen[-1][3])
    proof = base64.b64decode(sent["proofB64"])
    limbs = ves_stark.inputs.commitment_limbs(sent["witnessCommitment"])
    assert ves_stark.verify_agent_authorization(proof, inputs, limbs, receipt)
    assert submit(sequencer, *more, **(asked | {"amount": 5})) == 1
    assert submit(sequencer, *more, **(asked | {"event": EVENT})) == 1
    capsys.readouterr()
    assert submit(sequencer, *policy, "--intent-hash", receipts.INTENT, **asked) == 0
    assert "no authorization receipt provided" in capsys.readouterr().err
