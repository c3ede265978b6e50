"""A fresh database from event 0 on: does `ves.ingest_events` slow down while the tables grow?"""

from __future__ import annotations

import hashlib
import random
import time
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from tests.bench import clocks, events, profiler
from tests.bench.parallel import spread
from tests.bench.results import Bar, Figure
from tests.bench.scenarios.sql_signed import CALL
from tests.bench.stats import latency, tenths
from tests.bench.system import scalar
from ves_api.ingest.columns import SealedEvents, append_events
from ves_api.ingest.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from tests.bench.system import Bench, Store
    from ves.prepare import PreparedEvent
    from ves_edge.catalog import Function

BATCH = 100
STREAMS = 6


def run(bench: Bench) -> list[Figure]:
    """Two figures: how much slower the last tenth is than the first, with signatures verified and without."""
    return [_verified(bench), _trusted(bench)]


def _verified(bench: Bench) -> Figure:
    """The whole path of a signed event: `ves.ingest_signed_events`, verification included."""
    calls = bench.size(full=300_000, quick=60_000, least=10 * STREAMS * BATCH) // BATCH
    agents = events.make_agents(STREAMS, 1, "growth verified")
    times: list[float] = []
    cpu: list[float] = []
    with bench.store() as store:
        store.register(agents)
        store.register_signer()
        with store.connect("ves_service") as connection:
            pid = connection.info.backend_pid
            scalar(connection, CALL, events.sign_batches(agents[0], 1, BATCH, "warm up")[0].body.decode())
            for tenth in range(10):
                # Signed in between, so that the requests of one tenth only are held at a time.
                work = partial(
                    events.sign_batches, batches=calls // 10 // STREAMS, size=BATCH, label=f"tenth {tenth}"
                )
                for batch in chain.from_iterable(zip(*spread(work, agents, bench.cores), strict=True)):
                    body = batch.body.decode()
                    spent, started = clocks.process_cpu(pid), time.perf_counter()
                    answer = scalar(connection, CALL, body)
                    times.append(time.perf_counter() - started)
                    cpu.append(clocks.process_cpu(pid) - spent)
                    assert answer["eventsAccepted"] == BATCH, answer
        return _figure(store, "growth", "signatures verified in the database", times, cpu)


def _trusted(bench: Bench) -> Figure:
    """`ves.ingest_events` alone, as the trusted caller: the engine's own share, where growth shows most."""
    calls = bench.size(full=300_000, quick=60_000, least=10 * STREAMS * BATCH) // BATCH
    agents = events.make_agents(STREAMS, 1, "growth")
    source = random.Random("growth")
    times: list[float] = []
    cpu: list[float] = []
    with bench.store() as store:
        store.register(agents)
        signer_id = store.register_signer()
        with store.connect("ves_api") as connection:
            epoch = _epoch(store, agents[0])
            profiler.reset_statements(store)
            for call in range(calls):
                agent = agents[call % STREAMS]
                rows = events.unsigned_events(agent, BATCH, source)
                done = Direct(connection).ingest(agent, rows, signer_id, epoch)
                times.append(done.seconds)
                cpu.append(done.backend_cpu)
        return _figure(store, "growth_trusted", "ves.ingest_events alone", times, cpu)


def _figure(store: Store, name: str, path: str, times: list[float], cpu: list[float]) -> Figure:
    walls = [sum(part) * 1e6 / (len(part) * BATCH) for part in tenths(times)]
    spent = [sum(part) * 1e6 / (len(part) * BATCH) for part in tenths(cpu)]
    count = len(times) * BATCH
    return Figure(
        name=name,
        title=f"slowdown of a fresh database from event 0 to {count:,}: {path}",
        value=(walls[-1] / walls[0] - 1) * 100,
        unit="percent",
        bar=Bar(20, sense="most"),
        limited_by=f"{count / sum(times):,.0f} events/s through one connection; µs/event first tenth {walls[0]:.1f}, "
        f"last {walls[-1]:.1f}; CPU of the backend {spent[0]:.1f} to {spent[-1]:.1f} "
        f"({(spent[-1] / clocks.divisor(spent[0]) - 1) * 100:+.0f} %): caches miss in the indexes of version 4 ids",
        details={
            "events": count,
            "batch": BATCH,
            "ids": "version 4 event and command ids, entities mostly new: the dearest case for the indexes",
            "us_per_event_by_tenth": [round(value, 2) for value in walls],
            "backend_cpu_us_per_event_by_tenth": [round(value, 2) for value in spent],
            "call_latency_ms": latency(times),
        },
        profile={"statements": profiler.statements(store, count)},
    )


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
        nothing = [None] * len(rows)
        call = append_events(
            self,
            [(agent.tenant_id, agent.store_id)],
            [[SealedEvents(rows)]],
            [[Verdicts(nothing, nothing, None)]],
            [epoch],
            None,
            signer_id=signer_id,
            lock_wait_ms=None,
        )
        try:
            call.send(None)
        except StopIteration as finished:
            [answer] = finished.value
        assert answer.last_sequence - answer.first_sequence + 1 == len(rows), answer
        return self

    async def fetch(self, function: Function, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """What the pool of the API does, timed."""
        pid = self._connection.info.backend_pid
        cpu, started = clocks.process_cpu(pid), time.perf_counter()
        rows = self._connection.cursor(binary=True).execute(function.statement, parameters).fetchall()
        self.seconds = time.perf_counter() - started
        self.backend_cpu = clocks.process_cpu(pid) - cpu
        return rows
