"""The routes that tell of all anchors of a commitment, and the command that checks a timestamp (chain 8)."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from tests.api.support import Agent, assert_error
from tests.api.test_credentials import mint
from tests.support.calendars import LocalCalendar, calendar
from tests.support.processes import Worker
from tests.support.waiting import wait_until
from ves_client.commands.verify import app as verify_program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.api.support import Server
    from tests.conftest import Database

PATH = "/api/v1/ves/anchor"


@pytest.fixture
def local(api_database: Database, tmp_path: Path) -> Iterator[LocalCalendar]:
    """A calendar, and a timestamps worker that uses it, as real processes."""
    with api_database.connect("ves_admin") as admin:
        admin.execute("select ves.set_anchor_policy('{chain,opentimestamps}', 1)")
    with calendar(tmp_path) as made:
        settings = {
            "VES_OTS_CALENDARS": made.url,
            "VES_OTS_BLOCKS_URL": made.url,
            "VES_OTS_INTERVAL_SECS": "5",
            "VES_OTS_UPGRADE_SECS": "5",
        }
        worker = Worker(api_database.url("ves_worker"), settings, names=["timestamps"])
        worker.launch(tmp_path / "worker.log")
        yield made
        worker.stop()
    with api_database.connect("ves_admin") as admin:
        admin.execute("select ves.set_anchor_policy('{chain}', 1)")


def commit(client: httpx.Client, agent: Agent) -> str:
    agent.ingest(client, agent.event())
    body = {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}
    made = client.post("/api/v1/ves/commitments", json=body | {"sequence_start": 1, "sequence_end": 1})
    return str(made.json()["batch_id"])


def test_the_chain_alone_is_told_where_nobody_set_a_policy(admin: httpx.Client, agent: Agent) -> None:
    batch = commit(admin, agent)
    told = admin.get(f"{PATH}/{batch}").json()
    assert [one["anchor"] for one in told.pop("anchors")] == ["chain"]
    assert told == {"batch_id": batch, "is_anchored": False, "required": 1, "anchored": 0}
    status = admin.get("/api/v1/anchor/status").json()
    assert (status["anchors"], status["required"]) == (["chain"], 1)
    assert_error(admin.get(f"{PATH}/{batch}/timestamp"), 404, "RESOURCE_NOT_FOUND")
    assert_error(admin.get(f"{PATH}/{uuid.uuid4()}"), 404, "RESOURCE_NOT_FOUND")


def test_other_tenants_see_nothing_of_it(
    server: Server, api_database: Database, admin: httpx.Client, agent: Agent
) -> None:
    batch = commit(admin, agent)
    with server.client(mint(api_database, uuid.uuid4())) as stranger:
        assert_error(stranger.get(f"{PATH}/{batch}"), 404, "RESOURCE_NOT_FOUND")
        assert_error(stranger.get(f"{PATH}/{batch}/timestamp"), 404, "RESOURCE_NOT_FOUND")


def test_a_commitment_gets_into_a_block_and_its_proof_is_checked_offline(
    local: LocalCalendar, admin: httpx.Client, agent: Agent, tmp_path: Path
) -> None:
    batch = commit(admin, agent)

    def document() -> dict[str, Any]:
        found: dict[str, Any] = admin.get(f"{PATH}/{batch}/timestamp").json()
        return found

    wait_until(lambda: document().get("status") == "submitted", "a calendar has it")
    local.mine()
    wait_until(lambda: document()["status"] == "anchored", "a block has it")
    told = admin.get(f"{PATH}/{batch}").json()
    assert (told["is_anchored"], told["anchored"]) == (True, 1)
    assert {one["anchor"]: one["status"] for one in told["anchors"]} == {
        "chain": "pending",
        "opentimestamps": "anchored",
    }
    path, ots = tmp_path / "timestamp.json", tmp_path / "commitment.ots"
    path.write_text(json.dumps(document()))
    height = document()["block_height"]

    def verify(*options: str) -> tuple[int, dict[str, Any]]:
        ran = CliRunner().invoke(verify_program, ["timestamp", str(path), "--json", *options])
        return ran.exit_code, json.loads(ran.stdout)

    assert verify("--write", str(ots)) == (0, {"digest": document()["digest"], "heights": [height]})
    assert ots.read_bytes().startswith(b"\x00OpenTimestamps")
    status, said = verify("--header", local.header(height))
    assert (status, said["valid"], said["height"]) == (0, True, height)
    status, said = verify("--header", "00" * 80)
    assert (status, said) == (1, {"valid": False, "finding": "the proof does not lead to this block"})
