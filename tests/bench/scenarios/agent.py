"""An agent's outbox: durable records a second, in groups and one by one, and how fast it drains into the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.bench import events, floor
from tests.bench.results import Bar, Figure
from tests.bench.system import SEQUENCER_PUBLIC_KEY
from ves_client import AgentKey, Outbox, Sequencer, Trust, pull, push

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.system import Api, Bench

KEY_ID = 1
ROUNDS = 5
GROUP = 100
BATCH = 200
PAYLOAD = b'{"note":"' + b"x" * events.PAYLOAD_BYTES + b'"}'
TRUST = Trust((SEQUENCER_PUBLIC_KEY,))


def run(bench: Bench) -> list[Figure]:
    """Records in groups and singly, drain beside a bare ingest of the same envelopes, and pull."""
    [drained, bare, away] = events.make_agents(3, 1, "agent")
    folder = bench.folder / "agent"
    folder.mkdir()
    flushes = 1e6 / floor.measure(folder).flush_us
    count = bench.size(full=20_000, quick=2_000, least=ROUNDS * GROUP)
    with (
        bench.store() as store,
        store.api(bench.log("agent")) as api,
        _outbox(folder, drained) as outbox,
        _outbox(folder, bare) as other,
    ):
        store.register([drained, bare, away])
        singly = _record(outbox, count // 10, 1)
        with (
            _sequencer(api, store.api_key(drained.tenant_id)) as sequencer,
            _sequencer(api, store.api_key(bare.tenant_id)) as bare_sequencer,
        ):
            push(outbox, sequencer, TRUST, batch=BATCH)
            recording = draining = ingesting = 0.0
            for _ in range(ROUNDS):  # turn by turn, because other work on the machine slows either
                recording += _record(outbox, count // ROUNDS, GROUP)
                draining += _drain(outbox, sequencer)
                after = other.last_row()
                recording += _record(other, count // ROUNDS, GROUP)
                ingesting += _ingest(other, after, bare_sequencer)
            pulled = _pull(outbox, sequencer)
        backlog_size = bench.size(full=100_000, quick=5_000, least=GROUP)
        backlog = _backlog(folder, away, api, store.api_key(away.tenant_id), backlog_size)
    groups, drain, ingest = 2 * count / recording, count / draining, count / ingesting
    details = {"payload": "1 KB", "flushes_per_s_of_the_disk": round(flushes), "group": GROUP, "batch": BATCH}
    cores = f"one core, of {os.cpu_count()}, signs and stores"
    return [
        Figure(
            name="agent_records_in_groups",
            title=f"Agent: durable records, {GROUP} a transaction",
            value=groups,
            unit="events/s",
            bar=Bar(5_000),
            limited_by=cores,
            details=details,
        ),
        Figure(
            name="agent_records_singly",
            title="Agent: durable records, one a transaction",
            value=count // 10 / singly,
            unit="events/s",
            bar=Bar(800),
            limited_by=f"flushes of the disk: {flushes:,.0f}/s",
            details=details,
        ),
        Figure(
            name="agent_drain",
            title="Agent: push of an outbox, beside a bare ingest of such envelopes over one connection",
            value=drain / ingest,
            unit="times",
            bar=Bar(0.8),
            limited_by="one connection that waits for each answer; receipts are checked meanwhile",
            details=details | {"drain_events_per_s": round(drain), "ingest_events_per_s": round(ingest)},
        ),
        Figure(
            name="agent_pull",
            title="Agent: pull into an outbox over HTTP, every event verified",
            value=pulled,
            unit="events/s",
            bar=None,
            limited_by="one core verifies two signatures an event",
            details=details,
        ),
        Figure(
            name="agent_backlog_memory",
            title=f"Agent: {backlog_size:,} events offline, pushed once and pulled, peak memory",
            value=backlog["peak_mib"],
            unit="MiB",
            bar=Bar(80, sense="most"),
            limited_by="the interpreter and its libraries",
            details=details | backlog,
        ),
    ]


def _outbox(folder: Path, agent: events.Agent) -> Outbox:
    key = AgentKey(agent.agent_id, KEY_ID, agent.seed)
    return Outbox(folder / f"{agent.number}.db", key, agent.tenant_id, agent.store_id)


def _sequencer(api: Api, api_key: str) -> Sequencer:
    return Sequencer(f"http://127.0.0.1:{api.port}", api_key)


def _record(outbox: Outbox, count: int, group: int) -> float:
    """Record events, `group` a transaction; returns seconds."""
    started = time.perf_counter()
    for first in range(0, count, group):
        with outbox.transaction():
            for number in range(first, min(first + group, count)):
                outbox.record("order", f"O-{group}-{number}", events.EVENT_TYPE, PAYLOAD)
    return time.perf_counter() - started


def _drain(outbox: Outbox, sequencer: Sequencer) -> float:
    """Push what is pending; returns seconds."""
    started = time.perf_counter()
    done = push(outbox, sequencer, TRUST, batch=BATCH)
    seconds = time.perf_counter() - started
    if done.refused or outbox.unsettled():
        raise RuntimeError("the outbox was not drained")
    return seconds


def _pull(outbox: Outbox, sequencer: Sequencer) -> float:
    started = time.perf_counter()
    done = pull(outbox, sequencer, TRUST)
    seconds = time.perf_counter() - started
    if not done.complete:
        raise RuntimeError("the stream was not pulled to its head")
    return done.events / seconds


def _backlog(folder: Path, agent: events.Agent, api: Api, api_key: str, count: int) -> dict[str, float]:
    """Run `tests.bench.backlog` in a process of its own; what it measured."""
    task = {
        "agent_id": str(agent.agent_id),
        "seed": agent.seed.hex(),
        "tenant_id": str(agent.tenant_id),
        "store_id": str(agent.store_id),
        "sequencer_key": SEQUENCER_PUBLIC_KEY.hex(),
        "url": f"http://127.0.0.1:{api.port}",
        "api_key": api_key,
    }
    command = [sys.executable, "-m", "tests.bench.backlog", str(folder / "away.db"), str(count)]
    done = subprocess.run(command, input=json.dumps(task).encode(), stdout=subprocess.PIPE, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    if (told["accepted"], told["pulled"]) != (count, count):
        raise RuntimeError(f"not every event was pushed and pulled: {told}")
    return told


def _ingest(outbox: Outbox, after: int, sequencer: Sequencer) -> float:
    """Send the envelopes of the rows after one without checking or storing anything; returns seconds."""
    envelopes = [pending.envelope for pending in outbox.pending(10**6, 10**9, after=after)]
    started = time.perf_counter()
    for first in range(0, len(envelopes), BATCH):
        answer = sequencer.ingest(outbox.key.agent_id, envelopes[first : first + BATCH])
        if answer.events_rejected:
            raise RuntimeError("an event was refused")
    return time.perf_counter() - started
