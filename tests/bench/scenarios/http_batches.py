"""Batches of 100 over HTTP, all checks on: several streams and agents, connections kept open."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.bench import events, profiler
from tests.bench.checks import check_answers
from tests.bench.clocks import Stopwatch
from tests.bench.parallel import Crew, spread
from tests.bench.results import Bar, Figure
from tests.bench.stats import latency
from tests.bench.wire import Load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.clocks import Span
    from tests.bench.parallel import Ran
    from tests.bench.system import Api, Bench, Store
    from tests.bench.wire import Answer

STREAMS = 8
AGENTS_PER_STREAM = 2
BATCH = 100
WARM_UP = 3  # requests of each agent before the clock starts


def run(bench: Bench) -> list[Figure]:
    """One figure."""
    streams = bench.size(STREAMS, STREAMS, 1)
    agents = events.make_agents(streams, AGENTS_PER_STREAM, "http_batches")
    each = bench.size(full=100, quick=30, least=5)
    with bench.store() as store, store.api(bench.log("http_batches")) as api:
        keys = register(store, agents)
        batches = sign(agents, each, BATCH)
        prepared = [events.http_request(batch.body, keys[batch.agent.number]) for batch in batches]
        # Batches lie agent after agent; a connection sends those of one agent.
        owned = [list(range(at * each, (at + 1) * each)) for at in range(len(agents))]
        warm, timed, profiled = split(owned, WARM_UP, each // 5)
        answers = list(load(api, prepared, warm)[0].result)
        profiler.reset_statements(store)
        ran, span = measured_load(bench, api, prepared, timed)
        answers += ran.result
        count = BATCH * len(ran.result)
        cpu_us = span.per_event(count, ran.cpu)
        statements = profiler.statements(store, count)
        functions, nested, more = profile(bench, store, api, prepared, profiled, BATCH)
        answers += more
        return [
            Figure(
                name="http_batches",
                title=f"HTTP, batches of {BATCH}, all checks on",
                value=count / (ran.ended - ran.started),
                unit="events/s",
                bar=Bar(0.40, "cV", stretch=0.50),
                limited_by=profiler.limit_text(span, cpu_us, ran.cpu, profiler.hint_of(functions)),
                cpu_us=cpu_us,
                details={
                    "load": f"{len(agents)} agents on {streams} streams, one connection an agent, 1 KB payloads, "
                    "v4 event ids, every second event with a command id; the load generator shares the machine",
                    "events": count,
                    "request_latency_ms": latency([answer.seconds for answer in ran.result]),
                    "machine_percent": span.shares(ran.cpu),
                    "checked": check_answers(batches, answers),
                },
                profile={"statements": statements, "nested_statements": nested, "api_functions": functions},
            )
        ]


def register(store: Store, agents: Sequence[events.Agent]) -> dict[int, str]:
    """Register every agent's key; an API key for each agent's tenant, by agent number."""
    store.register(agents)
    tenants = {agent.tenant_id: store.api_key(agent.tenant_id) for agent in agents}
    return {agent.number: tenants[agent.tenant_id] for agent in agents}


def sign(agents: Sequence[events.Agent], each: int, size: int) -> list[events.Batch]:
    """`each` requests of every agent, agent after agent."""
    work = partial(events.sign_batches, batches=each, size=size, label="load")
    return [batch for part in spread(work, agents, os.cpu_count() or 1) for batch in part]


def split(owned: Sequence[Sequence[int]], warm: int, profiled: int) -> tuple[list[list[int]], ...]:
    """Cut every connection's requests into those before, in and after the timed part."""
    return (
        [list(share[:warm]) for share in owned],
        [list(share[warm : len(share) - profiled]) for share in owned],
        [list(share[len(share) - profiled :]) for share in owned],
    )


def load(api: Api, prepared: Sequence[bytes], shares: Sequence[Sequence[int]]) -> list[Ran[list[Answer]]]:
    """Run a load in a process of its own."""
    crew = Crew([lambda: Load(api.port, prepared, shares).run])
    crew.release()
    return crew.collect()


def measured_load(
    bench: Bench, api: Api, prepared: Sequence[bytes], shares: Sequence[Sequence[int]]
) -> tuple[Ran[list[Answer]], Span]:
    """Run a load and count the CPU of API and server meanwhile."""
    crew = Crew([lambda: Load(api.port, prepared, shares).run])
    time.sleep(
        1.0
    )  # what the warm-up left behind (the receipts of its last second) is not part of the figure
    watch = Stopwatch(api=api.pid, postgres=bench.cluster.postmaster_pid)
    crew.release()
    ran = crew.collect()[0]
    span = watch.stop()
    return ran, span


def profile(
    bench: Bench,
    store: Store,
    api: Api,
    prepared: Sequence[bytes],
    shares: Sequence[Sequence[int]],
    size: int,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[Answer]]:
    """A further load under py-spy and nested statement counting: (functions, statements, answers)."""
    with profiler.nested_statements(bench, store):
        spy = profiler.PySpy(api.pid, bench.folder / f"{store.name}.stacks")
        answers = load(api, prepared, shares)[0].result
        functions = spy.stop()
        nested = profiler.statements(store, max(1, size * len(answers)))
    return functions, nested, answers
