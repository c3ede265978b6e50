"""An agent's outbox against the real server, and the example of docs/agents.md as it is printed there."""

from __future__ import annotations

import dataclasses
import signal
import sqlite3
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Agent, assert_error
from tests.support.cluster import ROOT
from tests.support.processes import BOOTSTRAP_KEY, SEQUENCER_PUBLIC_KEY
from ves import hpke
from ves_client import (
    AgentKey,
    ClientError,
    Evidence,
    Exit,
    Outbox,
    PulledEvent,
    Sequencer,
    Trust,
    check_commitments,
    check_receipt,
    first_writer_wins,
    last_writer_wins,
    open_event,
    pull,
    push,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server
    from ves_client.sync import OnRefusal

TRUST = Trust((SEQUENCER_PUBLIC_KEY,))


def outbox_of(agent: Agent, folder: Path) -> Outbox:
    key = AgentKey(agent.agent_id, agent.key_id, agent.seed)
    return Outbox(folder / "shop.db", key, agent.tenant_id, agent.store_id)


def test_what_was_recorded_offline_is_sequenced_and_receipted(
    server: Server, agent: Agent, tmp_path: Path
) -> None:
    with outbox_of(agent, tmp_path) as outbox, Sequencer(server.url, BOOTSTRAP_KEY) as sequencer:
        with outbox.transaction():
            ids = [outbox.record("order", f"O-{n}", "order.created", {"total": n}) for n in range(250)]
        done = push(outbox, sequencer, TRUST)
        assert (done.accepted, done.replayed, done.refused) == (250, 0, 0)
        assert [item.event_id for item in outbox.receipts()] == ids
        assert outbox.status().head_sequence == 250


def test_refusals_of_the_server_are_kept_with_their_reason(
    server: Server, agent: Agent, tmp_path: Path
) -> None:
    with outbox_of(agent, tmp_path) as outbox, Sequencer(server.url, BOOTSTRAP_KEY) as sequencer:
        outbox.record("order", "O-1", "order.created", {}, base_version=0)
        stale = outbox.record("order", "O-1", "order.changed", {}, base_version=0)
        long = outbox.record("order", "O" * 10_000, "order.created", {})
        outbox.record("order", "O-2", "order.created", {})
        done = push(outbox, sequencer, TRUST)
        assert (done.accepted, done.held) == (2, [stale, long])
        assert [refused.reason for refused in outbox.refused()] == [
            "version_conflict: expected 0, actual 1",
            "INVALID_FIELD_VALUE",  # the whole request was refused because of this event
        ]


def test_a_key_that_is_registered_later_releases_what_was_held(
    server: Server, agent: Agent, tmp_path: Path
) -> None:
    key = AgentKey.new(agent.agent_id, 2)
    with (
        Outbox(tmp_path / "shop.db", key, agent.tenant_id, agent.store_id) as outbox,
        Sequencer(server.url, BOOTSTRAP_KEY) as sequencer,
    ):
        event_id = outbox.record("order", "O-1", "order.created", {})
        assert push(outbox, sequencer, TRUST).held == [event_id]
        assert outbox.refused()[0].reason == "agent_key_invalid: Agent key not found"
        sequencer.register_agent_key(agent.tenant_id, agent.agent_id, 2, key.public_key)
        outbox.release(event_id)
        assert push(outbox, sequencer, TRUST).accepted == 1


@pytest.mark.parametrize(
    ("strategy", "versions"),
    [(last_writer_wins, ["first", "third", "second"]), (first_writer_wins, ["first", "third"])],
)
def test_a_conflict_of_versions_is_resolved_by_a_strategy(
    server: Server,
    agent: Agent,
    tmp_path: Path,
    strategy: OnRefusal,
    versions: list[str],
    api_database: Database,
) -> None:
    with outbox_of(agent, tmp_path) as outbox, Sequencer(server.url, BOOTSTRAP_KEY) as sequencer:
        for event_type in ("first", "second"):
            outbox.record("order", "O-1", event_type, {}, base_version=0)
        outbox.record("order", "O-1", "third", {}, base_version=1)
        unknown = outbox.record("order", "O" * 600, "fourth", {})
        done = push(outbox, sequencer, TRUST, on_refusal=strategy, batch=3)
        assert (done.accepted, done.held) == (len(versions), [unknown])
    with api_database.connect() as connection:
        stored = connection.execute(
            "select event_type from ves_store.ves_events where tenant_id = %s order by sequence_number",
            [agent.tenant_id],
        ).fetchall()
    assert [row[0] for row in stored] == versions


def test_commitments_of_the_server_are_checked_and_kept(server: Server, agent: Agent, tmp_path: Path) -> None:
    with outbox_of(agent, tmp_path) as outbox, Sequencer(server.url, BOOTSTRAP_KEY) as sequencer:
        assert check_commitments(outbox, sequencer) == 0
        for n in range(4):
            outbox.record("order", f"O-{n}", "order.created", {})
        push(outbox, sequencer, TRUST)
        sequencer.create_commitment(agent.tenant_id, agent.store_id, 1, 3)
        assert check_commitments(outbox, sequencer) == 1
        sequencer.create_commitment(agent.tenant_id, agent.store_id, 4, 4)
        assert check_commitments(outbox, sequencer) == 2
        assert outbox.status().contradiction is None


def test_a_server_that_is_killed_meanwhile_loses_and_doubles_nothing(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    server, agent = start_server(), Agent()
    with server.client() as client:
        assert agent.register(client).status_code == 200
    with outbox_of(agent, tmp_path) as outbox, Sequencer(server.url, BOOTSTRAP_KEY) as sequencer:
        ids = [outbox.record("order", f"O-{n}", "order.created", {"n": n}) for n in range(30)]
        with pytest.raises(ClientError) as lost:
            push(
                outbox,
                sequencer,
                TRUST,
                batch=10,
                on_receipt=lambda *_: server.stop(signal.SIGKILL) if server.is_running() else None,
            )
        assert lost.value.status == Exit.UNREACHABLE
        # the second batch was under way: it was stored or not, and its answer came or not
        acked = outbox.status().acked
        assert acked in {10, 20}
        server.start(tmp_path / "again.log")
        again = push(outbox, sequencer, TRUST, batch=10)
        assert acked + again.accepted + again.replayed == 30
        assert [item.event_id for item in outbox.receipts()] == ids


def test_a_stream_whose_events_are_all_refused_has_head_0(
    server: Server, agent: Agent, tmp_path: Path
) -> None:
    key = AgentKey.new(uuid.uuid4(), 1)
    with (
        Outbox(tmp_path / "shop.db", key, agent.tenant_id, uuid.uuid4()) as outbox,
        Sequencer(server.url, BOOTSTRAP_KEY) as sequencer,
    ):
        outbox.record("order", "O-1", "order.created", {})
        assert push(outbox, sequencer, TRUST).refused == 1
        assert outbox.status().head_sequence == 0


def test_the_example_of_the_manual_runs(server: Server, agent: Agent, tmp_path: Path, capsys: Any) -> None:
    page = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
    example, more = (part.split("```", 1)[0] for part in page.split("```python\n")[1:3])
    AgentKey(agent.agent_id, agent.key_id, agent.seed).save(tmp_path / "agent.json")
    names = {
        "folder": tmp_path,
        "tenant_id": agent.tenant_id,
        "store_id": agent.store_id,
        "url": server.url,
        "api_key": BOOTSTRAP_KEY,
        "sequencer_key": SEQUENCER_PUBLIC_KEY,
    }
    lines = [line for line in example.splitlines() if line and not line.startswith(("import", "from"))]
    assert len(lines) <= 10
    exec(compile(example, "agents.md", "exec"), names)
    exec(compile(more, "agents.md", "exec"), names)
    assert capsys.readouterr().out == "1 accepted, 0 refused\n1 order.created\n"
    connection = sqlite3.connect(tmp_path / "shop.db")
    assert connection.execute("select id from orders").fetchall() == [("O-1",)]
    connection.close()


def test_the_events_of_all_agents_are_pulled_and_verified(
    server: Server, admin: httpx.Client, agent: Agent, tmp_path: Path
) -> None:
    other = dataclasses.replace(agent, agent_id=uuid.uuid4(), seed=bytes(range(32)))
    assert other.register(admin).status_code == 200
    sent = [
        other.event(raw=b'{"total": 1.50}', created_at="2025-12-20T17:51:10Z", base_version=0),
        other.event(command_id=str(uuid.uuid4())),
    ]
    assert other.ingest(admin, *sent).json()["eventsAccepted"] == 2
    with outbox_of(agent, tmp_path) as outbox, Sequencer(server.url, BOOTSTRAP_KEY) as sequencer:
        outbox.record("order", "O-1", "order.created", {})
        push(outbox, sequencer, TRUST)
        seen: list[PulledEvent] = []
        done = pull(outbox, sequencer, TRUST, limit=2, on_event=seen.append)
        assert (done.events, done.last_sequence, done.head_sequence, done.complete) == (3, 3, 3, True)
        assert [pulled.event.source_agent_id for pulled in seen] == [other.agent_id] * 2 + [agent.agent_id]
        assert (seen[0].payload, seen[0].event.created_at) == (b'{"total": 1.50}', "2025-12-20T17:51:10Z")
        assert str(seen[1].event.command_id) == sent[1]["command_id"]
        assert pull(outbox, sequencer, TRUST).events == 0
        # Each listed event with its receipt is evidence that the offline check takes.
        window = sequencer.list_events(agent.tenant_id, agent.store_id, 1, 3)
        for item in window.events:
            evidence = Evidence(event=item.event, receipt=item.receipt)
            key = outbox.key.public_key if item.sequence_number == 3 else other.public_key
            assert check_receipt(evidence, TRUST, key) == []


def test_sealed_events_are_listed_in_their_sealed_form(server: Server, agent: Agent, tmp_path: Path) -> None:
    secret = bytes(range(32))
    with outbox_of(agent, tmp_path) as outbox, Sequencer(server.url, BOOTSTRAP_KEY) as sequencer:
        outbox.record("order", "O-1", "order.created", {"n": 1}, recipients={7: hpke.public_key(secret)})
        push(outbox, sequencer, TRUST)
        seen: list[PulledEvent] = []
        assert pull(outbox, sequencer, TRUST, on_event=seen.append).complete
        assert open_event(seen[0].text, 7, secret) == b'{"n":1}'


def test_a_window_of_events_has_limits_and_needs_the_right_to_read(
    server: Server, admin: httpx.Client, agent: Agent
) -> None:
    assert agent.ingest(admin, *(agent.event() for _ in range(3))).status_code == 200
    stream = {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}
    path = "/api/v1/ves/events"
    for first, limit, numbers in [(0, 1, [1]), (2, 2, [2, 3]), (3, 100, [3]), (4, 1, [])]:
        body = admin.get(path, params={**stream, "from": first, "limit": limit}).json()
        assert [item["sequence_number"] for item in body["events"]] == numbers
        assert (body["next_sequence"], body["head_sequence"]) == ((numbers or [3])[-1] + 1, 3)
    empty = admin.get(path, params=stream | {"store_id": str(uuid.uuid4())}).json()
    assert empty == {"events": [], "next_sequence": 1, "head_sequence": 0}
    assert_error(admin.get(path, params={**stream, "limit": 0}), 400, "INVALID_FIELD_VALUE")
    assert_error(admin.get(path, params={"tenant_id": stream["tenant_id"]}), 400, "INVALID_FIELD_VALUE")
    assert_error(server.client(key=None).get(path, params=stream), 401, "AUTH_REQUIRED")


def test_a_window_with_a_hole_is_refused_and_names_it(
    admin: httpx.Client, agent: Agent, api_database: Database
) -> None:
    assert agent.ingest(admin, *(agent.event() for _ in range(3))).status_code == 200
    stream = {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}
    with api_database.connect() as superuser:
        superuser.execute("set session_replication_role to replica")  # history refuses deletes
        superuser.execute(
            "delete from ves_store.ves_events where tenant_id = %s and sequence_number = 2", [agent.tenant_id]
        )
    refusal = assert_error(admin.get("/api/v1/ves/events", params=stream), 409, "SEQUENCE_GAP")
    assert refusal["details"] == {"sequence_start": 1, "sequence_end": 3}
    # Windows that do not touch it are answered.
    last = admin.get("/api/v1/ves/events", params={**stream, "from": 3}).json()
    assert [item["sequence_number"] for item in last["events"]] == [3]
