"""`ves.ingest_signed_events`: signatures verified inside the database, batches of 1,000, one and two connections."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.bench import events, profiler
from tests.bench.clocks import Stopwatch
from tests.bench.parallel import Crew
from tests.bench.results import Bar, Figure
from tests.bench.scenarios.http_batches import sign
from tests.bench.stats import latency
from tests.bench.system import scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.system import Bench, Store

CALL = "select ves.ingest_signed_events(%s::text::jsonb)"


def run(bench: Bench) -> list[Figure]:
    """Two figures: as many connections as cores (the bar), and one."""
    return [_measure(bench, bench.cores), _measure(bench, 1)]


def _measure(bench: Bench, connections: int) -> Figure:
    agents = events.make_agents(connections, 1, f"sql_signed {connections}")
    each, size = bench.size(full=30, quick=10, least=1), bench.size(1_000, 1_000, 20)
    with bench.store() as store:
        store.register(agents)
        store.register_signer()
        batches = sign(agents, each + 1, size)
        shares = [batches[at * (each + 1) : (at + 1) * (each + 1)] for at in range(connections)]
        crew = Crew([partial(_prepare, store, [batch.body for batch in share], size) for share in shares])
        profiler.reset_statements(store)
        time.sleep(0.2)
        watch = Stopwatch(postgres=bench.cluster.postmaster_pid)
        crew.release()
        ran = crew.collect()
        span = watch.stop()
        count = size * each * connections
        _check(store, agents, size * (each + 1))
        cpu_us = span.per_event(count, sum(one.cpu for one in ran))
        seconds = max(one.ended for one in ran) - min(one.started for one in ran)
        return Figure(
            name="sql_signed" if connections > 1 else "sql_signed_one",
            title=f"SQL with in-database verification, batches of {size:,}, {connections} connection(s)",
            value=count / seconds,
            unit="events/s",
            bar=Bar(0.55, "cV" if connections > 1 else "V"),
            limited_by=profiler.limit_text(span, cpu_us, sum(one.cpu for one in ran)),
            cpu_us=cpu_us,
            details={
                "events": count,
                "call_latency_ms": latency([seconds for one in ran for seconds in one.result]),
                "machine_percent": span.shares(sum(one.cpu for one in ran)),
            },
            profile={
                "statements": profiler.statements(store, count),
                "nested_statements": _nested(bench, store, agents[0], size),
            },
        )


def _prepare(store: Store, bodies: Sequence[bytes], size: int) -> Callable[[], list[float]]:
    connection = store.connect("ves_service")
    first, *rest = [body.decode() for body in bodies]
    scalar(connection, CALL, first)

    def timed() -> list[float]:
        times = []
        for body in rest:
            started = time.perf_counter()
            answer = scalar(connection, CALL, body)
            times.append(time.perf_counter() - started)
            assert answer["eventsAccepted"] == size, answer
        return times

    return timed


def _check(store: Store, agents: Sequence[events.Agent], expected: int) -> None:
    with store.connect() as connection:
        for agent in agents:
            found = connection.execute(
                "select count(*), min(sequence_number), max(sequence_number) from ves_store.ves_events"
                " where tenant_id = %s and store_id = %s",
                [agent.tenant_id, agent.store_id],
            ).fetchone()
            assert found == (expected, 1, expected), found


def _nested(bench: Bench, store: Store, agent: events.Agent, size: int) -> list[dict[str, Any]]:
    """Where a call's time goes, over a few further calls of a warm connection."""
    bodies = [batch.body for batch in events.sign_batches(agent, 6, size, "nested")]
    timed = _prepare(store, bodies, size)
    with profiler.nested_statements(bench, store):
        timed()
        return profiler.statements(store, 5 * size)
