"""A fresh database from event 0 on: does `ves.ingest_events` slow down while the tables grow?"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from tests.bench import clocks, events, profiler
from tests.bench.clocks import Stopwatch
from tests.bench.results import Bar, Figure
from tests.bench.stats import latency, tenths
from tests.bench.system import scalar
from ves_api.gateway import statements
from ves_api.gateway.ingest import _ARRAYS, encode_columns

if TYPE_CHECKING:
    import psycopg

    from tests.bench.system import Bench

BATCH = 100
STREAMS = 8


def run(bench: Bench) -> list[Figure]:
    """One figure: how much slower the last tenth is than the first, in percent."""
    calls = bench.size(full=300_000, quick=60_000) // BATCH
    agents = events.make_agents(STREAMS, 1, "growth")
    source = random.Random("growth")
    with bench.store() as store:
        store.register(agents)
        signer_id = store.register_signer()
        with store.connect("ves_api") as connection:
            epoch = _epoch(store, agents[0])
            backend = connection.info.backend_pid
            times, cpu = [], []
            watch = Stopwatch(postgres=bench.cluster.postmaster_pid)
            profiler.reset_statements(store)
            for call in range(calls):
                agent = agents[call % STREAMS]
                parameters = ingest_parameters(agent, events.unsigned_events(agent, BATCH, source), signer_id, epoch)
                spent, started = clocks.process_cpu(backend), time.perf_counter()
                answer = ingest(connection, parameters)
                times.append(time.perf_counter() - started)
                cpu.append(clocks.process_cpu(backend) - spent)
                assert answer[1] - answer[0] + 1 == BATCH, answer
            span = watch.stop()
        walls = [sum(part) * 1e6 / (len(part) * BATCH) for part in tenths(times)]
        spent_us = [sum(part) * 1e6 / (len(part) * BATCH) for part in tenths(cpu)]
        rate = calls * BATCH / sum(times)
        slowdown = (walls[-1] / walls[0] - 1) * 100
        return [
            Figure(
                name="growth",
                title=f"slowdown of a fresh database from event 0 to {calls * BATCH:,}",
                value=slowdown,
                unit="percent",
                bar=Bar(20, sense="most"),
                limited_by=f"{rate:,.0f} events/s through one connection; µs/event first tenth {walls[0]:.1f}, last "
                f"{walls[-1]:.1f}; CPU of the backend {spent_us[0]:.1f} to {spent_us[-1]:.1f} "
                f"({(spent_us[-1] / spent_us[0] - 1) * 100:+.0f} %)",
                details={
                    "events": calls * BATCH,
                    "batch": BATCH,
                    "us_per_event_by_tenth": [round(value, 2) for value in walls],
                    "backend_cpu_us_per_event_by_tenth": [round(value, 2) for value in spent_us],
                    "call_latency_ms": latency(times),
                    "machine_percent": span.shares(),
                },
                profile={"statements": profiler.statements(store, calls * BATCH)},
            )
        ]


def _epoch(store: Any, agent: events.Agent) -> int:
    import hashlib

    key = store.api_key(agent.tenant_id)
    with store.connect("ves_api") as connection:
        found = hashlib.sha256(key.encode()).hexdigest()
        return int(scalar(connection, "select a.auth_epoch from ves.authenticate(%s) as a", found))


def ingest_parameters(
    agent: events.Agent, rows: list[Any], signer_id: int, epoch: int | None
) -> dict[str, Any]:
    """The parameters of the API's own statement, encoded as the API encodes them."""
    encoded = encode_columns(rows)
    named: dict[str, Any] = {
        "tenant_id": agent.tenant_id,
        "store_id": agent.store_id,
        "signer_id": signer_id,
        "auth_epoch": epoch,
        "digests": encoded.digests,
    }
    for (name, kind), column in zip(_ARRAYS, encoded.columns, strict=True):
        named[name] = kind(encoded.count, [column])
    return named


def ingest(connection: psycopg.Connection[Any], parameters: dict[str, Any]) -> tuple[Any, ...]:
    """One call of the API's statement."""
    cursor = connection.cursor(binary=True)
    row = cursor.execute(statements.load()["ingest_events"], parameters).fetchone()
    assert row is not None
    return row
