"""A fresh database from event 0 on: does `ves.ingest_events` slow down while the tables grow?"""

from __future__ import annotations

import hashlib
import random
import time
from typing import TYPE_CHECKING, Any, cast

from tests.bench import clocks, events, profiler
from tests.bench.clocks import Stopwatch
from tests.bench.results import Bar, Figure
from tests.bench.stats import latency, tenths
from tests.bench.system import scalar
from ves_api.gateway import statements
from ves_api.gateway.ingest import encode_columns, ingest_events

if TYPE_CHECKING:
    import psycopg

    from tests.bench.system import Bench, Store
    from ves.prepare import PreparedEvent
    from ves_api.gateway.database import Database

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
            times, cpu = [], []
            watch = Stopwatch(postgres=bench.cluster.postmaster_pid)
            profiler.reset_statements(store)
            for call in range(calls):
                agent = agents[call % STREAMS]
                rows = events.unsigned_events(agent, BATCH, source)
                done = Direct(connection).ingest(agent, rows, signer_id, epoch)
                times.append(done.seconds)
                cpu.append(done.backend_cpu)
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


def _epoch(store: Store, agent: events.Agent) -> int:
    key = store.api_key(agent.tenant_id)
    with store.connect("ves_api") as connection:
        found = hashlib.sha256(key.encode()).hexdigest()
        return int(scalar(connection, "select a.auth_epoch from ves.authenticate(%s) as a", found))


class Direct:
    """The API's own call of `ves.ingest_events`, encoded by the API's code, on one blocking connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.seconds = 0.0
        self.backend_cpu = 0.0

    def ingest(
        self, agent: events.Agent, rows: list[PreparedEvent], signer_id: int, epoch: int | None
    ) -> Direct:
        """Append rows, all of which must be accepted; the time is that of the statement alone."""
        call = ingest_events(
            cast("Database", self),
            tenant_id=agent.tenant_id,
            store_id=agent.store_id,
            signer_id=signer_id,
            auth_epoch=cast("int", epoch),
            events=[encode_columns(rows)],
        )
        try:
            call.send(None)
        except StopIteration as finished:
            answer = finished.value
        assert answer.last_sequence - answer.first_sequence + 1 == len(rows), answer
        return self

    async def fetch_one(self, name: str, parameters: dict[str, Any], *, idempotent: bool) -> Any:
        """What `ves_api.gateway.database.Database.fetch_one` does, timed."""
        assert idempotent
        pid = self._connection.info.backend_pid
        cpu, started = clocks.process_cpu(pid), time.perf_counter()
        row = self._connection.cursor(binary=True).execute(statements.load()[name], parameters).fetchone()
        self.seconds = time.perf_counter() - started
        self.backend_cpu = clocks.process_cpu(pid) - cpu
        return row
