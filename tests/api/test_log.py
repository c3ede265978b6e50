"""Logs: one JSON object a line with stable names, filtered by level."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.api.support import Agent, assert_error
from tests.support.cluster import ROOT
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    import httpx

    from tests.support.processes import Server

SPEAK = """
from ves_edge import log
log.configure({level!r}, as_json={as_json})
speaker = log.get_logger("test")
speaker.debug("at_debug"); speaker.info("at_info"); speaker.warning("at_warning"); speaker.error("at_error", code="VE904", path="a\\x1b[2J\\x9b2J\\u202eü")
"""


def spoken(level: str, *, as_json: bool) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SPEAK.format(level=level, as_json=as_json)],
        env={"PYTHONPATH": f"{ROOT / 'api'}:{ROOT / 'plpython'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize(
    ("level", "events"),
    [
        ("trace", 4),
        ("debug", 4),
        ("info", 3),
        ("warn", 2),
        ("warning", 2),
        ("error", 1),
        ("off", 0),
    ],
)
def test_a_level_hides_what_is_below_it(level: str, events: int) -> None:
    for as_json in (True, False):
        assert len(spoken(level, as_json=as_json).splitlines()) == events


def test_a_json_line_carries_the_event_its_room_level_and_time() -> None:
    line = json.loads(spoken("error", as_json=True))
    assert line["event"] == "at_error"
    assert (line["room"], line["level"], line["code"]) == ("test", "error", "VE904")
    assert line["timestamp"].endswith("Z")


def test_a_name_in_a_line_cannot_control_the_terminal() -> None:
    assert r"path=a\x1b[2J\x9b2J\u202eü" in spoken("error", as_json=False)
    assert json.loads(spoken("error", as_json=True))["path"] == "a\x1b[2J\x9b2J\u202eü"


def test_requests_are_logged_with_id_tenant_stream_and_code(
    server: Server, admin: httpx.Client, agent: Agent
) -> None:
    stored = agent.ingest(admin, agent.event())
    refused = agent.ingest(admin)
    assert_error(refused, 400, "INVALID_FIELD_VALUE")
    ids = [stored.headers["x-request-id"], refused.headers["x-request-id"]]
    wait_until(lambda: all(one in server.log_text() for one in ids))
    lines = [json.loads(line) for line in server.log_text().splitlines() if line.startswith("{")]
    ingested = next(e for e in lines if e["event"] == "ingested" and e["request_id"] == ids[0])
    assert ingested["tenant"] == str(agent.tenant_id)
    assert ingested["store"] == str(agent.store_id)
    assert (ingested["accepted"], ingested["head"]) == (1, 1)
    refusal = next(e for e in lines if e["event"] == "request_refused" and e["request_id"] == ids[1])
    assert (refusal["code"], refusal["name"]) == ("VE009", "empty_batch")
