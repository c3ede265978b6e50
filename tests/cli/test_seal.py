"""`ves seal` and `ves open`: a payload is read by its recipients, and by nobody else."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.processes import environment
from ves import hpke
from ves_client.agent import AgentKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.system import System

PAYLOAD = '{ "total": 1e2, "card":"not for everybody", "é": [true, null] }'
CANONICAL = '{"card":"not for everybody","total":100,"é":[true,null]}'
KINDS = ["--entity-type", "order", "--entity-id", "O-1", "--event-type", "order.created"]


@dataclass
class Desk:
    """An agent with its key file in a fresh tenant, and two recipients 3 and 2^32-1 with theirs."""

    ves: Callable[..., Any]
    folder: Path
    keys: dict[int, str]

    def seal(self, *more: str, payload: str = PAYLOAD) -> Any:
        (self.folder / "payload.json").write_text(payload, encoding="utf-8")
        return self.ves("seal", str(self.folder / "payload.json"), *KINDS, *more)

    def envelope(self, *more: str) -> dict[str, Any]:
        told = self.seal(*self.to(*self.keys), *more)
        assert told.code == 0, told.err
        assert told.out.count("\n") == 1
        envelope: dict[str, Any] = json.loads(told.out)
        return envelope

    def to(self, *kids: int) -> list[str]:
        return [part for kid in kids for part in ("--recipient", f"{kid}={self.keys[kid]}")]

    def open(self, envelope: Any, kid: int, *more: str, secret: int | str | None = None) -> Any:
        text = envelope if isinstance(envelope, str) else json.dumps(envelope)
        (self.folder / "sealed.json").write_text(text)
        key = str(self.folder / f"{secret or kid}.key")
        return self.ves("open", str(self.folder / "sealed.json"), "--kid", str(kid), "--secret", key, *more)


@pytest.fixture
def desk(ves: Callable[..., Any], tmp_path: Path, monkeypatch: Any) -> Desk:
    monkeypatch.setenv("VES_TENANT_ID", str(uuid.uuid4()))
    monkeypatch.setenv("VES_STORE_ID", str(uuid.uuid4()))
    assert ves("keys", "new").code == 0
    keys = {}
    for kid in (3, 2**32 - 1, 77):
        file = tmp_path / f"{kid}.key"
        keys[kid] = json.loads(ves("keys", "new-encryption", str(file), "--json").out)["public_key"]
        assert file.stat().st_mode & 0o777 == 0o600
    del keys[77]  # the stranger
    return Desk(ves, tmp_path, keys)


def test_each_recipient_opens_the_payload(desk: Desk) -> None:
    envelope = desk.envelope()
    assert "not for everybody" not in json.dumps(envelope)
    for kid in desk.keys:
        told = desk.open(envelope, kid)
        assert (told.code, told.out) == (0, CANONICAL + "\n")
    assert json.loads(desk.open(envelope, 3, "--json").out) == {
        "event_id": envelope["event_id"],
        "recipient_kid": 3,
        "payload": json.loads(CANONICAL),
    }
    written = desk.folder / "opened.json"
    assert desk.open(envelope, 3, "--output", str(written)).out == ""
    assert written.read_text(encoding="utf-8") == CANONICAL
    assert written.stat().st_mode & 0o777 == 0o600
    assert desk.open(envelope, 3, "--output", str(written)).code == 2


CHANGED = [
    ('{"id":9007199254740993}', '{"id":9007199254740992}', "9007199254740993"),
    ('{"id":-9007199254740993}', '{"id":-9007199254740992}', "-9007199254740993"),
    ('{"id":1234567890123456789}', '{"id":1234567890123456800}', "1234567890123456789"),
    ('{"id":18446744073709551615}', '{"id":18446744073709552000}', "18446744073709551615"),
    ('{"lat":[51.123456789012345678]}', '{"lat":[51.123456789012344]}', "51.123456789012345678"),
    ('{"x":1e-400}', '{"x":0}', "1e-400"),
    ('{"a":1,"a":2}', '{"a":2}', "'a'"),
    ('[{"\\u0061":1,"b":0,"a":1}]', '[{"a":1,"b":0}]', "'a'"),
]


@pytest.mark.parametrize(("payload", "canonical", "named"), CHANGED)
def test_a_payload_that_its_canonical_form_changes_is_sealed_only_on_request(
    desk: Desk, payload: str, canonical: str, named: str
) -> None:
    for agent in ([], ["--agent", str(uuid.uuid4()), "--agent-key-id", "1"]):
        refused = desk.seal(*desk.to(3), *agent, payload=payload)
        assert (refused.code, refused.out) == (2, "")
        assert named in refused.err
        assert "--lossy" in refused.err
        sealed = desk.seal(*desk.to(3), *agent, "--lossy", payload=payload)
        assert sealed.code == 0
        assert desk.open(sealed.out, 3).out == canonical + "\n"


@pytest.mark.parametrize(
    "payload",
    [
        '{"id":9007199254740991,"n":-9007199254740991}',
        '{"a":[0.1,1.0,1e2,5e-324,1.7976931348623157e308],"b":{"a":1},"c":{"a":1}}',
    ],
)
def test_a_payload_that_keeps_its_values_is_sealed(desk: Desk, payload: str) -> None:
    sealed = desk.seal(*desk.to(3), payload=payload)
    assert sealed.code == 0, sealed.err
    assert json.loads(desk.open(sealed.out, 3).out) == json.loads(payload)


def test_the_input_may_be_a_pipe(desk: Desk, monkeypatch: Any) -> None:
    def pipe(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    pipe(PAYLOAD)
    sealed = desk.ves("seal", "-", *KINDS, *desk.to(3)).out
    pipe(sealed)
    assert desk.ves("open", "-", "--kid", "3", "--secret", "3.key").out == CANONICAL + "\n"


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_terminal_without_utf_8_gets_utf_8_nevertheless(desk: Desk, form: list[str]) -> None:
    (desk.folder / "sealed.json").write_text(json.dumps(desk.envelope()))
    command = [sys.executable, "-m", "ves_api.cli", "open", "sealed.json", "--kid", "3", "--secret", "3.key"]
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [*command, *form], cwd=desk.folder, env=environment(**plain), capture_output=True, check=True
    )
    told = json.loads(done.stdout)
    assert (told["payload"] if form else told) == json.loads(CANONICAL)


def test_a_stranger_opens_nothing(desk: Desk) -> None:
    envelope = desk.envelope()
    for kid, secret in ((77, 77), (3, 77), (3, 2**32 - 1)):
        told = desk.open(envelope, kid, secret=secret)
        assert (told.code, told.out) == (1, ""), (kid, secret)


def changed(envelope: dict[str, Any], member: str) -> dict[str, Any]:
    """The envelope with one character of a base64url member, or of the first wrapped key, exchanged."""
    sealed = json.loads(json.dumps(envelope["payload_encrypted"]))
    holder = sealed["recipients"][0] if member.startswith(("enc", "ct")) else sealed
    first = holder[member][0]
    holder[member] = ("B" if first == "A" else "A") + holder[member][1:]
    return envelope | {"payload_encrypted": sealed}


@pytest.mark.parametrize("member", ["ciphertext_b64u", "nonce_b64u", "tag_b64u", "enc_b64u", "ct_b64u"])
def test_a_changed_ciphertext_does_not_open(desk: Desk, member: str) -> None:
    told = desk.open(changed(desk.envelope(), member), 3)
    assert (told.code, told.out) == (1, "")
    assert "not the one of this event" in told.err


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("event_id", str(uuid.UUID(int=1))),
        ("tenant_id", str(uuid.UUID(int=1))),
        ("entity_id", "O-2"),
        ("created_at", "2030-01-01T00:00:00Z"),
        ("agent_key_id", 2),
        ("payload_plain_hash", "0x" + "00" * 32),
    ],
)
def test_a_payload_does_not_open_as_that_of_another_event(desk: Desk, member: str, value: Any) -> None:
    assert desk.open(desk.envelope() | {member: value}, 3).code == 1


def test_a_payload_moved_with_its_hashes_does_not_open_either(desk: Desk) -> None:
    mine, other = desk.envelope(), desk.envelope()
    moved = {name: other[name] for name in ("payload_encrypted", "payload_plain_hash", "payload_cipher_hash")}
    assert desk.open(mine | moved, 3).code == 1


def test_the_agents_signature_is_checked_when_its_key_is_given(desk: Desk) -> None:
    key = AgentKey.load(desk.folder / "ves-agent-key.json").public_key.hex()
    envelope = desk.envelope()
    assert desk.open(envelope, 3, "--agent-key", key).code == 0
    told = desk.open(envelope | {"agent_signature": "0x" + "11" * 64}, 3, "--agent-key", key)
    assert (told.code, told.out) == (1, "")
    assert desk.open(envelope, 3, "--agent-key", "zz").code == 2


def test_the_signed_members_are_those_that_were_asked_for(desk: Desk) -> None:
    event_id, agent, at = str(uuid.uuid4()), str(uuid.uuid4()), "2026-01-02T03:04:05Z"
    elsewhere = ["--agent", agent, "--agent-key-id", "9"]
    envelope = desk.envelope(*elsewhere, "--event-id", event_id, "--created-at", at)
    assert "agent_signature" not in envelope
    named = ("event_id", "source_agent_id", "agent_key_id", "created_at", "payload_kind")
    assert [envelope[name] for name in named] == [event_id, agent, 9, at, 1]
    assert desk.open(envelope, 3).out == CANONICAL + "\n"


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--recipient", "3"],
        ["--recipient", "3=abcd"],
        ["--recipient", f"x={'11' * 32}"],
        ["--recipient", f"-1={'11' * 32}"],
        ["--recipient", f"3={'00' * 32}"],
        ["--recipient", f"3={'11' * 32}", "--recipient", f"3={'22' * 32}"],
        ["--recipient", f"3={'11' * 32}", "--agent", str(uuid.uuid4())],
        ["--recipient", f"3={'11' * 32}", "--key", "none.json"],
        ["--recipient", f"3={'11' * 32}", "--store", "x"],
    ],
)
def test_what_cannot_be_sealed_is_wrong_usage(desk: Desk, options: list[str]) -> None:
    told = desk.seal(*options)
    assert (told.code, told.out) == (2, "")


@pytest.mark.parametrize("payload", ["", "{", "[1e999]", "{} {}", '"\\ud800"'])
def test_what_is_no_json_is_not_sealed(desk: Desk, payload: str) -> None:
    assert desk.seal(*desk.to(3), payload=payload).code == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"event_id":1}', "[" * 9000, '{"push":{}}'])
def test_what_is_no_envelope_is_wrong_usage(desk: Desk, text: str) -> None:
    told = desk.open(text, 3)
    assert (told.code, told.out) == (2, "")


def test_a_key_file_that_others_can_read_or_that_is_none_is_refused_and_never_quoted(desk: Desk) -> None:
    envelope = desk.envelope()
    file = desk.folder / "3.key"
    secret = file.read_text().strip()
    assert desk.ves("keys", "new-encryption", str(file)).code == 2
    file.chmod(0o640)
    told = [desk.open(envelope, 3)]
    file.chmod(0o600)
    file.write_text(secret[:-2])
    told.append(desk.open(envelope, 3))
    told.append(desk.open(envelope, 3, secret="nowhere"))
    assert [result.code for result in told] == [2, 2, 2]
    assert not [result for result in told if secret[:-2] in result.out + result.err]
    assert desk.ves("keys", "new-encryption", str(file), "--force").code == 0
    assert file.read_text().strip() != secret


def test_a_sealed_envelope_is_pushed_and_opened_from_its_receipts_file(
    here: System, desk: Desk, ves: Callable[..., Any]
) -> None:
    assert ves("keys", "register").code == 0
    lines = desk.folder / "events.ndjson"
    sealed = [desk.seal(*desk.to(*desk.keys)).out for _ in range(2)]
    plain = '{"entity_type":"order","entity_id":"1","event_type":"order.noted","payload":1}\n'
    lines.write_text(sealed[0] + plain + sealed[1])
    answer = json.loads(ves("push", str(lines), "--json").out)
    assert (answer["accepted"], answer["rejected"], answer["signatures_verified"]) == (3, 0, True)
    book = desk.folder / "events.ndjson.receipts.ndjson"
    key = ves("keys", "sequencer", "--json")
    public_key = json.loads(key.out)["signers"][0]["public_key"]
    mine = AgentKey.load(desk.folder / "ves-agent-key.json").public_key.hex()
    checked = ves("verify", "receipt", str(book), "--public-key", public_key, "--agent-key", mine, "--json")
    assert json.loads(checked.out) == {"valid": True, "checked": 3, "findings": []}
    event_id = json.loads(sealed[1])["event_id"]
    kept = book.read_text()
    assert desk.open(kept, 3, "--event-id", event_id, "--agent-key", mine).out == CANONICAL + "\n"
    assert desk.open(kept, 3).code == 2
    assert desk.open(kept, 3, "--event-id", str(uuid.uuid4())).code == 2
    with here.database.connect("ves_admin") as connection:
        stored = connection.execute(
            "select payload_encrypted::text from ves.events where event_id = %s", [event_id]
        ).fetchone()
    assert json.loads(stored[0]) == json.loads(sealed[1])["payload_encrypted"]


def test_a_payload_is_sealed_to_a_groups_members_as_they_are_now(
    here: System, desk: Desk, ves: Callable[..., Any], monkeypatch: Any
) -> None:
    tenant, agents = str(uuid.uuid4()), [str(uuid.uuid4()) for _ in range(3)]
    monkeypatch.setenv("VES_TENANT_ID", tenant)
    for agent, (kid, key) in zip(agents, desk.keys.items(), strict=False):
        named = ["--agent", agent, "--key-id", str(kid), "--public-key"]
        assert ves("keys", "register-encryption", *named, "zz").code == 2
        assert ves("keys", "register-encryption", *named, "00" * 32).code == 4
        assert ves("keys", "register-encryption", *named, key).code == 0
    group = json.loads(ves("groups", "create", "finance", "--json").out)["group_id"]
    assert desk.seal("--group", group).code == 2
    for agent in agents:
        assert ves("groups", "add", group, "--agent", agent).code == 0
    told = desk.seal("--group", group)
    assert told.code == 0, told.err
    assert agents[2] in told.err
    kids = [item["recipient_kid"] for item in json.loads(told.out)["payload_encrypted"]["recipients"]]
    assert kids == [3, 2**32 - 1]
    assert [desk.open(told.out, kid).out for kid in desk.keys] == [CANONICAL + "\n"] * 2
    assert ves("groups", "remove", group, "--agent", agents[0]).code == 0
    later = desk.seal("--group", group)
    assert desk.open(later.out, 3).code == 1
    assert desk.open(later.out, 2**32 - 1).code == 0
    another = hpke.public_key(bytes(31) + b"\1").hex()
    assert desk.seal("--group", group, "--recipient", f"{2**32 - 1}={another}").code == 2
    assert desk.seal("--group", str(uuid.uuid4())).code == 4
