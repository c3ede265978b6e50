"""`ves agent`: an outbox from the command line, with documented exit codes."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.offline import SEQUENCER_KEY, STORE, TENANT
from tests.client.double import Double, directory_key, serving
from tests.client.paid_double import ASSET, NETWORK, PRICE, Seller, selling
from tests.client.test_pull import arrive
from ves import hpke
from ves_client import open_event

Agent = Callable[..., tuple[int, Any]]


@pytest.fixture
def double() -> Iterator[Double]:
    with serving(Double()) as made:
        yield made


@pytest.fixture
def agent(ves: Callable[..., Any], double: Double, monkeypatch: Any) -> Agent:
    """Run `ves agent` with an initialised outbox; gives the exit code and the JSON document."""
    for name, value in {
        "VES_HTTP_URL": double.url,
        "VES_API_KEY": "ss_x",
        "VES_TENANT_ID": str(TENANT),
        "VES_STORE_ID": str(STORE),
    }.items():
        monkeypatch.setenv(name, value)
    assert ves("keys", "new").code == 0

    def run(*arguments: str) -> tuple[int, Any]:
        result = ves("agent", *arguments)
        return result.code, json.loads(result.out) if "--json" in arguments else result.out

    assert run("init", "--public-key", SEQUENCER_KEY.hex())[0] == 0
    return run


def record(agent: Agent, folder: Path, entity_id: str = "O-1") -> str:
    path = folder / "payload.json"
    path.write_text('{"total": 1}\n')
    names = ("--entity-type", "order", "--entity-id", entity_id, "--event-type", "order.created")
    code, document = agent("record", str(path), *names, "--json")
    assert code == 0
    return str(document["event_id"])


def test_an_agent_records_syncs_and_verifies(agent: Agent, double: Double, tmp_path: Path) -> None:
    ids = [record(agent, tmp_path, f"O-{n}") for n in range(3)]
    assert agent("status", "--json")[1]["local"] == 3
    code, done = agent("sync", "--json", "--batch", "2")
    assert (code, done["accepted"], done["complete"]) == (0, 3, True)
    assert double.order == ids
    assert agent("verify", "--json") == (0, {"valid": True, "checked": 3, "findings": []})
    assert agent("prune", "--days", "0", "--json") == (0, {"pruned": 3})
    code, status = agent("status", "--json")
    assert (code, status["acked"], status["last_pushed_sequence"]) == (0, 0, 3)


def test_refused_events_end_a_sync_with_exit_code_4_and_wait(
    agent: Agent, double: Double, tmp_path: Path
) -> None:
    first, second = record(agent, tmp_path), record(agent, tmp_path)
    double.refuse = lambda _: "schema_validation"
    code, done = agent("sync", "--json")
    assert (code, done["held"]) == (4, [first, second])
    assert [item["event_id"] for item in agent("refused", "--json")[1]] == [first, second]
    assert agent("drop", first)[0] == 0
    assert agent("release", second, "--sign-again")[0] == 0
    assert agent("release", second)[0] == 2
    double.refuse = lambda _: None
    assert agent("sync", "--json")[1]["accepted"] == 1
    assert double.order == [second]
    assert [item["event_id"] for item in agent("refused", "--dropped", "--json")[1]] == [first]


def test_a_contradiction_ends_with_exit_code_1_and_evidence_that_verifies(
    agent: Agent, ves: Callable[..., Any], double: Double, tmp_path: Path
) -> None:
    record(agent, tmp_path)
    agent("sync")
    double.order.clear()
    record(agent, tmp_path, "O-2")
    code, document = agent("sync", "--json")
    assert (code, document["error"]["code"]) == (1, "sequencer_contradiction")
    evidence = document["error"]["details"]["evidence"]
    assert agent("status", "--json")[0] == 1
    trusted = ("--public-key", SEQUENCER_KEY.hex(), "--json")
    result = ves("verify-evidence", evidence, *trusted)
    assert (result.code, json.loads(result.out)["valid"]) == (0, True)
    assert ves("verify-evidence", evidence, "--public-key", "00" * 32).code == 1
    assert ves("verify-evidence", evidence).code == 2
    changed = Path(evidence).read_text().replace("number_given_twice", "receipt_changed")
    Path(evidence).write_text(changed)
    assert ves("verify-evidence", evidence, *trusted).code == 1
    assert agent("resume")[0] == 0
    assert agent("status", "--json")[0] == 0


def test_a_restored_sequencer_is_accepted_by_the_number_that_it_was_restored_to(
    agent: Agent, double: Double, tmp_path: Path
) -> None:
    ids = [record(agent, tmp_path, f"O-{n}") for n in range(3)]
    agent("sync")
    for event_id in ids[1:]:
        del double.stored[event_id]
    del double.order[1:]
    assert agent("resume", "--restored-to", "3")[0] == 2
    code, done = agent("resume", "--restored-to", "1", "--json")
    assert (code, done["receipts"], done["events"]) == (0, 2, 2)
    assert Path(done["evidence"]).exists()
    assert agent("sync", "--json")[1]["accepted"] == 2
    assert agent("verify", "--json") == (0, {"valid": True, "checked": 3, "findings": []})


def test_a_receipt_that_was_changed_in_the_file_is_found(agent: Agent, tmp_path: Path) -> None:
    record(agent, tmp_path)
    agent("sync")
    with sqlite3.connect(tmp_path / "ves-outbox.db") as connection:
        connection.execute("update ves_receipts set signing_hash = zeroblob(32)")
    connection.close()
    code, document = agent("verify", "--json")
    assert (code, document["valid"]) == (1, False)


def test_the_server_is_not_needed_to_record_and_its_absence_is_exit_code_3(
    agent: Agent, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("ves_client.sequencer.time.sleep", lambda _: None)
    monkeypatch.setenv("VES_HTTP_URL", "http://127.0.0.1:1")
    record(agent, tmp_path)
    code, document = agent("sync", "--json")
    assert (code, document["error"]["code"]) == (3, "unreachable")
    assert agent("status", "--json")[1]["pushed"] == 1


def test_wrong_usage_is_exit_code_2(ves: Callable[..., Any], agent: Agent, tmp_path: Path) -> None:
    assert agent("status", "--outbox", "missing.db")[0] == 2
    assert not (tmp_path / "missing.db").exists()
    assert agent("init")[0] == 2
    (tmp_path / "bad.json").write_text("{")
    names = ("--entity-type", "a", "--entity-id", "b", "--event-type", "c")
    assert agent("record", "bad.json", *names)[0] == 2
    assert agent("drop", str(TENANT))[0] == 2


def test_a_key_made_with_a_passphrase_signs_only_with_it(
    ves: Callable[..., Any], agent: Agent, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("VES_AGENT_KEY_PASSPHRASE", "correct horse")
    monkeypatch.setenv("VES_AGENT_KEY_FILE", "sealed.json")
    monkeypatch.setenv("VES_OUTBOX", "sealed.db")
    assert ves("keys", "new").code == 0
    assert "encrypted_secret_key" in (tmp_path / "sealed.json").read_text()
    assert agent("init", "--public-key", SEQUENCER_KEY.hex())[0] == 0
    record(agent, tmp_path)
    monkeypatch.delenv("VES_AGENT_KEY_PASSPHRASE")
    code, document = agent("status", "--json")
    assert (code, document["error"]["code"]) == (2, "usage")


def test_a_sync_may_pull_what_all_agents_have_written(agent: Agent, double: Double, tmp_path: Path) -> None:
    arrive(double, 2)
    made = json.loads((tmp_path / "ves-agent-key.json").read_text())
    record(agent, tmp_path)
    double.keys[made["agent_id"]] = [directory_key(1, bytes.fromhex(made["public_key"]))]
    code, done = agent("sync", "--pull", "--json")
    assert (code, done["accepted"]) == (0, 1)
    assert done["pulled"] == {"events": 3, "last_sequence": 3, "head_sequence": 3, "complete": True}
    assert agent("sync", "--pull") == (0, "0 accepted, 0 replayed, 0 refused, 0 pulled\n")
    double.order.pop()
    assert agent("sync", "--pull", "--json")[1]["error"]["code"] == "sequencer_contradiction"
    assert agent("status", "--json")[1]["last_pulled_sequence"] == 3


def test_tail_prints_events_as_they_are_stored(ves: Callable[..., Any], agent: Agent, double: Double) -> None:
    ids = arrive(double, 3)
    assert agent("tail", "--count", "2") == (
        0,
        '1 order/P-0 order.paid {"n": 0}\n2 order/P-1 order.paid {"n": 1}\n',
    )
    arrive(double, 1)
    result = ves("agent", "tail", "--count", "1", "--json")
    line = json.loads(result.out)
    assert (line["sequence_number"], line["event"]["event_id"]) == (4, double.order[3])
    assert line["receipt"]["sequenceNumber"] == 4
    assert ids == double.order[:3]


def test_a_row_that_cannot_be_signed_is_listed_and_may_be_dropped(
    agent: Agent, double: Double, tmp_path: Path
) -> None:
    record(agent, tmp_path)
    with sqlite3.connect(tmp_path / "ves-outbox.db") as connection:
        connection.execute("update outbox set event_id = 'no UUID'")
        connection.execute("delete from ves_envelopes")
    connection.close()
    assert agent("sync", "--json")[1]["accepted"] == 0
    [listed] = agent("refused", "--json")[1]
    assert (listed["event_id"], listed["reason"]) == ("no UUID", "not_signed")
    assert agent("refused")[1].startswith("no UUID not_signed: it cannot be signed: ")
    assert agent("drop", "no UUID")[0] == 0
    assert agent("refused", "--json")[1] == []


def test_the_shell_completes_commands(ves: Callable[..., Any], monkeypatch: Any) -> None:
    monkeypatch.setenv("_VES_AGENT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "ves-agent agent ta")
    monkeypatch.setenv("COMP_CWORD", "2")
    done = subprocess.run(
        [sys.executable, "-c", "from ves_client.commands.main import app; app(prog_name='ves-agent')"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["tail"]


def test_a_record_may_be_sealed_to_recipients(agent: Agent, double: Double, tmp_path: Path) -> None:
    secret = bytes(range(32))
    (tmp_path / "payload.json").write_text('{"total": 1}')
    names = ("--entity-type", "order", "--entity-id", "O-1", "--event-type", "order.created")
    recipient = ("--recipient", f"7={hpke.public_key(secret).hex()}")
    code, document = agent("record", "payload.json", *names, *recipient, "--json")
    assert code == 0
    assert agent("sync")[0] == 0
    sent = double.stored[document["event_id"]]
    assert "payload" not in sent
    assert open_event(json.dumps(sent).encode(), 7, secret) == b'{"total":1}'
    assert agent("record", "payload.json", *names, "--recipient", "7=zz")[0] == 2


def test_a_resource_is_bought_once_within_the_budget(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "account").write_text(bytes(range(1, 33)).hex())
    given = ("--id", "1", "--network", NETWORK, "--asset", ASSET, "--account", "account", "--output", "got")
    with selling(Seller()) as seller:
        within = ("pay", seller.url, *given, "--per-payment", str(PRICE), "--total", str(PRICE), "--json")
        code, document = agent(*within)
        assert (code, document["paid"], (tmp_path / "got").read_bytes()) == (0, PRICE, b"rain")
        assert agent(*within) == (0, document)
        beyond = ("pay", seller.url, *given[2:], "--id", "2", "--per-payment", "1", "--total", "1", "--json")
        code, document = agent(*beyond)
        assert (code, document["error"]["code"]) == (4, "over_budget")
        assert len(seller.nonces) == 1


def test_a_resource_is_bought_with_a_body_and_within_a_limit(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "account").write_text(bytes(range(1, 33)).hex())
    (tmp_path / "order.json").write_bytes(b'{"city": "Oslo"}')
    given = ("--id", "1", "--network", NETWORK, "--asset", ASSET, "--account", "account", "--output", "got")
    budget = ("--per-payment", str(PRICE), "--total", str(PRICE), "--json")
    with selling(Seller()) as seller:
        order = ("--body", "order.json", "--content-type", "application/json", "--timeout", "30")
        code, document = agent("pay", seller.url, *given, *budget, *order, "--limit", "3")
        assert (code, document["error"]["code"]) == (4, "answer_too_large")
        code, document = agent("pay", seller.url, *given, *budget, *order, "--limit", "4")
        assert (code, document["paid"], (tmp_path / "got").read_bytes()) == (0, PRICE, b"rain")
        assert set(seller.sent) == {("POST", "application/json", b'{"city": "Oslo"}')}
        assert agent("pay", seller.url, *given, *budget, *order, "--method", "PUT")[0] == 2
