"""One hot stream, one event a request: 64 connections with and without coalescing, and one lone client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bench import events, profiler
from tests.bench.checks import check_answers
from tests.bench.parallel import Crew
from tests.bench.results import Bar, Figure
from tests.bench.scenarios.http_batches import load, measured_load, profile, register, sign, split
from tests.bench.stats import latency
from tests.bench.wire import LoneClient

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.system import Api, Bench
    from tests.bench.wire import Answer

CONNECTIONS, LEAST_CONNECTIONS = 64, 4
WARM_UP = 10


def run(bench: Bench) -> list[Figure]:
    """Five figures: rate, p99, gain by coalescing, and the lone client's latency."""
    on = _hot(bench, coalesce=True)
    off = _hot(bench, coalesce=False)
    on.details["coalescing_off"] = {
        "events_per_s": round(off.value),
        "cpu_us_per_event": {group: round(us, 1) for group, us in off.cpu_us.items()},
        "request_latency_ms": off.details["request_latency_ms"],
        "machine_percent": off.details["machine_percent"],
        "limited_by": off.limited_by,
    }
    times = on.details["request_latency_ms"]
    return [
        on,
        Figure(
            "hot_stream_p99",
            "the same: p99 of a request",
            times["p99"],
            "ms",
            Bar(60, sense="most"),
            f"p50 {times['p50']} ms, p99.9 {times['p99.9']} ms; one request of each connection waits at any time",
        ),
        Figure(
            "hot_stream_gain",
            "the same: gain by coalescing",
            on.value / off.value,
            "times",
            Bar(1.8),
            f"off: {off.value:,.0f} events/s. {off.limited_by}",
            profile=off.profile,
        ),
        _lone(bench),
    ]


def _hot(bench: Bench, *, coalesce: bool) -> Figure:
    connections = bench.size(CONNECTIONS, CONNECTIONS, LEAST_CONNECTIONS)
    agents = events.make_agents(1, connections, f"hot_stream {coalesce}")
    each = bench.size(*((500, 150, 15) if coalesce else (250, 100, 15)))
    name = "hot_stream" if coalesce else "hot_stream_off"
    with bench.store() as store, store.api(bench.log(name), VES_COALESCE="on" if coalesce else "off") as api:
        keys = register(store, agents)
        batches = sign(agents, each, 1)
        prepared = [events.http_request(batch.body, keys[batch.agent.number]) for batch in batches]
        owned = [list(range(at * each, (at + 1) * each)) for at in range(len(agents))]
        warm, timed, profiled = split(owned, WARM_UP, each // 5)
        answers = list(load(api, prepared, warm)[0].result)
        profiler.reset_statements(store)
        ran, span = measured_load(bench, api, prepared, timed)
        answers += ran.result
        count = len(ran.result)
        cpu_us = span.per_event(count, ran.cpu)
        statements = profiler.statements(store, count)
        functions, nested, more = profile(bench, store, api, prepared, profiled, 1)
        answers += more
        return Figure(
            name=name,
            title=f"one hot stream, one event a request, {connections} connections",
            value=count / (ran.ended - ran.started),
            unit="events/s",
            bar=Bar(0.10, "cV"),
            limited_by=profiler.limit_text(span, cpu_us, ran.cpu, profiler.hint_of(functions)),
            cpu_us=cpu_us,
            details={
                "events": count,
                "request_latency_ms": latency([answer.seconds for answer in ran.result]),
                "events_per_call": _events_per_call(statements, count),
                "machine_percent": span.shares(ran.cpu),
                "checked": check_answers(batches, answers),
            },
            profile={"statements": statements, "nested_statements": nested, "api_functions": functions},
        )


def _events_per_call(statements: list[dict[str, Any]], count: int) -> float:
    calls = sum(row["calls"] for row in statements if "ves.ingest_events" in row["statement"])
    return round(count / calls, 2) if calls else 0.0


def _lone(bench: Bench) -> Figure:
    agents = events.make_agents(1, 1, "lone")
    count, warm = bench.size(full=3000, quick=800, least=10), bench.size(200, 200, 10)
    with bench.store() as store, store.api(bench.log("lone")) as api:
        keys = register(store, agents)
        batches = sign(agents, count + warm, 1)
        prepared = [events.http_request(batch.body, keys[batch.agent.number]) for batch in batches]
        crew = Crew([lambda: _send_in_turn(api, prepared)])
        crew.release()
        answers: list[Answer] = crew.collect()[0].result
        times = latency([answer.seconds for answer in answers[warm:]])
        statements = profiler.statements(store, count + warm)
        in_server = (
            sum(row["us_per_event"] for row in statements if "ves.ingest_events" in row["statement"]) / 1000
        )
        return Figure(
            name="lone_client",
            title="one lone client, one event a request: p50",
            value=times["p50"],
            unit="ms",
            bar=Bar(4, sense="most"),
            limited_by=f"p99 {times['p99']} ms; of the mean of {times['mean']} ms {in_server:.2f} ms run in the database"
            " call (commit's flush not included)",
            details={"request_latency_ms": times, "checked": check_answers(batches, answers)},
            profile={"statements": statements},
        )


def _send_in_turn(api: Api, prepared: Sequence[bytes]) -> Callable[[], list[Answer]]:
    client = LoneClient(api.port)
    return lambda: [client.send(request, index) for index, request in enumerate(prepared)]
