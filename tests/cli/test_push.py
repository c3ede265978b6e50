"""`ves push`: the same file again gives the same receipts, whatever happened in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from tests.cli.system import System
from tests.support.processes import environment
from tests.support.waiting import wait_until
from ves_client.agent import AgentKey, Event, sign_event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNT = 60


@pytest.fixture
def stream(here: System, ves: Callable[..., Any], monkeypatch: Any) -> tuple[uuid.UUID, uuid.UUID]:
    tenant, store = uuid.uuid4(), uuid.uuid4()
    monkeypatch.setenv("VES_TENANT_ID", str(tenant))
    monkeypatch.setenv("VES_STORE_ID", str(store))
    assert ves("keys", "new").code == 0
    assert ves("keys", "register").code == 0
    return tenant, store


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    line = '{"entity_type":"order","entity_id":"%d","event_type":"order.created","payload":{"n":%d, "x":[1e16,-0,"\\u00e9"]}}\n'
    path.write_text("".join(line % (n, n) for n in range(COUNT)))
    return path


def summary(result: Any) -> tuple[int, int, int, int]:
    answer = json.loads(result.out)
    return answer["accepted"], answer["replayed"], answer["already_receipted"], answer["rejected"]


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["receipt"]["sequenceNumber"] for line in path.read_text().splitlines()[1:]]


def test_the_same_file_again_sends_nothing_and_keeps_the_receipts(
    stream: Any, events: Path, ves: Callable[..., Any], tmp_path: Path
) -> None:
    assert summary(ves("push", str(events), "--batch", "25", "--json")) == (COUNT, 0, 0, 0)
    kept = tmp_path / "events.ndjson.receipts.ndjson"
    before = kept.read_bytes()
    assert summary(ves("push", str(events), "--json")) == (0, 0, COUNT, 0)
    assert kept.read_bytes() == before
    assert numbers(kept) == list(range(1, COUNT + 1))


def test_a_lost_receipts_file_is_filled_again_with_the_same_receipts(
    stream: Any, events: Path, ves: Callable[..., Any], tmp_path: Path
) -> None:
    ves("push", str(events))
    kept = tmp_path / "events.ndjson.receipts.ndjson"
    before = kept.read_bytes()
    kept.unlink()
    assert summary(ves("push", str(events), "--json")) == (0, COUNT, 0, 0)
    assert kept.read_bytes() == before


def test_a_file_that_grew_sends_only_what_is_new(
    stream: Any, events: Path, ves: Callable[..., Any], tmp_path: Path
) -> None:
    ves("push", str(events))
    with events.open("a") as file:
        file.write('{"entity_type":"a","entity_id":"b","event_type":"c","payload":1}\n')
    assert summary(ves("push", str(events), "--json")) == (1, 0, COUNT, 0)


def test_a_receipts_file_cut_in_the_middle_of_a_line_is_repaired(
    stream: Any, events: Path, ves: Callable[..., Any], tmp_path: Path
) -> None:
    ves("push", str(events))
    kept = tmp_path / "events.ndjson.receipts.ndjson"
    before = kept.read_bytes()
    kept.write_bytes(before[: len(before) // 2])
    code = ves("push", str(events)).code
    assert code == 0
    assert kept.read_bytes() == before


def test_a_push_killed_under_way_is_finished_by_the_next_one(
    here: System, stream: Any, events: Path, ves: Callable[..., Any], tmp_path: Path
) -> None:
    kept = tmp_path / "events.ndjson.receipts.ndjson"
    command = [sys.executable, "-m", "ves_api.cli", "push", str(events), "--batch", "1"]
    mine = {name: os.environ[name] for name in ("VES_TENANT_ID", "VES_STORE_ID")}
    for _ in range(3):
        process = subprocess.Popen(command, env=environment(**mine), cwd=tmp_path)
        start = len(kept.read_bytes().splitlines()) if kept.exists() else 0
        wait_until(
            lambda start=start, process=process: (
                process.poll() is not None
                or (kept.exists() and len(kept.read_bytes().splitlines()) > start + 5)
            ),
            "a few receipts",
        )
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert ves("push", str(events)).code == 0
    assert sorted(numbers(kept)) == list(range(1, COUNT + 1))


def test_a_server_that_restarts_under_way_costs_nothing_but_time(
    here: System, stream: Any, events: Path, ves: Callable[..., Any], tmp_path: Path
) -> None:
    here.stop(signal.SIGKILL)
    command = [sys.executable, "-m", "ves_api.cli", "push", str(events), "--batch", "5"]
    mine = {name: os.environ[name] for name in ("VES_TENANT_ID", "VES_STORE_ID")}
    process = subprocess.Popen(command, env=environment(**mine), cwd=tmp_path)
    deadline = time.monotonic() + 60
    here.start()
    while process.wait(60) == 3 and time.monotonic() < deadline:
        process = subprocess.Popen(command, env=environment(**mine), cwd=tmp_path)
    assert process.returncode == 0
    assert numbers(tmp_path / "events.ndjson.receipts.ndjson") == list(range(1, COUNT + 1))


def test_equal_lines_are_as_many_events(
    stream: Any, events: Path, ves: Callable[..., Any], tmp_path: Path
) -> None:
    line = '{"entity_type":"a","entity_id":"b","event_type":"c","payload":null}\n'
    events.write_text(line.replace("null", "0") * 3)
    assert summary(ves("push", str(events), "--json")) == (3, 0, 0, 0)


def test_rejected_events_end_with_4_and_the_others_have_receipts(
    stream: Any, events: Path, ves: Callable[..., Any], tmp_path: Path
) -> None:
    with events.open("a") as file:
        file.write('{"entity_type":"order","entity_id":"0","event_type":"c","payload":1,"base_version":9}\n')
    result = ves("push", str(events), "--json")
    assert result.code == 4
    assert summary(result) == (COUNT, 0, 0, 1)
    assert json.loads(result.out)["rejections"][0]["reason"] == "version_conflict: expected 9, actual 1"


def test_finished_envelopes_are_sent_as_they_are(
    stream: tuple[uuid.UUID, uuid.UUID], events: Path, ves: Callable[..., Any], tmp_path: Path
) -> None:
    key = AgentKey.load(tmp_path / "ves-agent-key.json")
    event = Event(uuid.uuid4(), "a", "b", "c", "2026-01-01T00:00:00Z", b'{"a": 1.0}', command_id=uuid.uuid4())
    signed = sign_event(key, *stream, event)
    events.write_bytes(signed.text + b"\n")
    assert summary(ves("push", str(events), "--json")) == (1, 0, 0, 0)
    stored = json.loads((tmp_path / "events.ndjson.receipts.ndjson").read_text().splitlines()[1])
    assert stored["event"] == orjson.loads(signed.text)


def test_a_receipts_file_of_another_stream_is_not_touched(
    stream: Any, events: Path, ves: Callable[..., Any], tmp_path: Path
) -> None:
    ves("push", str(events))
    kept = tmp_path / "events.ndjson.receipts.ndjson"
    before = kept.read_bytes()
    assert ves("push", str(events), "--store", str(uuid.uuid4())).code == 2
    assert kept.read_bytes() == before


def test_a_receipt_that_does_not_verify_ends_with_1_and_is_not_kept(
    stream: Any, events: Path, ves: Callable[..., Any], tmp_path: Path
) -> None:
    result = ves("push", str(events), "--public-key", "11" * 32, "--json")
    assert result.code == 1
    assert numbers(tmp_path / "events.ndjson.receipts.ndjson") == []


@pytest.mark.parametrize("line", ["{", "[]", '{"entity_type":"a"}', '{"entity_type":1}', "\ufeff{}"])
def test_a_line_that_is_no_event_is_named_by_its_number(
    stream: Any, events: Path, ves: Callable[..., Any], line: str
) -> None:
    events.write_text("\n\n" + line + "\n")
    result = ves("push", str(events))
    assert result.code == 2
    assert "line 3" in result.err
