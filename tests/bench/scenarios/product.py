"""The whole product under load: `make up` as it stands, front door and workers on. CPU while it is loaded and until quiet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.bench import events, floor
from tests.bench.checks import check_answers
from tests.bench.clocks import Stopwatch, divisor
from tests.bench.parallel import Crew, spread
from tests.bench.results import Bar, Figure
from tests.bench.stats import latency
from tests.bench.wire import Load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.floor import Floor
    from tests.bench.parallel import Ran
    from tests.bench.product import Product
    from tests.bench.system import Bench
    from tests.bench.wire import Answer

_MIB_BAR, _MIB_STRETCH = 250, 180
_BYTES_BAR, _BYTES_STRETCH = 2100, 1800
_CALM_BAR, _CALM_STRETCH = 15, 8  # percent of the CPU during the load


@dataclass(frozen=True)
class Phase:
    """A load: connections over streams, `size` events a request, `full` or `quick` requests."""

    name: str
    connections: int
    streams: int
    size: int
    full: int
    quick: int
    bar: Bar

    @property
    def title(self) -> str:
        events_of = "one event" if self.size == 1 else f"batches of {self.size}"
        return f"{self.name}: {events_of}, {self.connections} connections, {self.streams} streams"


PHASES = (
    Phase("batch100", 8, 16, 100, 320, 48, Bar(0.50, "cV", stretch=0.65)),
    Phase("batch10", 16, 16, 10, 2000, 320, Bar(0.36, "cV", stretch=0.45)),
    Phase("hot", 64, 1, 1, 12_000, 1600, Bar(0.15, "cV", stretch=0.20)),
    Phase("spread", 64, 200, 1, 9_000, 1600, Bar(0.12, "cV", stretch=0.16)),
    Phase("lone", 1, 1, 1, 1_500, 300, Bar(14, "1/V", "most", stretch=10)),
)


def run(bench: Bench) -> list[Figure]:
    """Two figures a phase (rate or latency, and what is spent until quiet), memory, and the database's size."""
    least = floor.measure(bench.folder)
    figures: list[Figure] = []
    with bench.product() as system:
        system.settle()
        size_before, count = _size(system), 0
        for phase in PHASES:
            found = _measure(bench, system, phase, least)
            count += found[0].details["events"]
            figures += found
        system.settle()
        figures += [_memory(system), _bytes(system, _size(system) - size_before, count)]
    return figures


def send(
    system: Product, batches: Sequence[events.Batch], connections: int
) -> tuple[list[Ran[list[Answer]]], Stopwatch]:
    """Send requests from a process of their own; `Stopwatch.stop` is left to the caller."""
    prepared = [events.http_request(batch.body, system.key) for batch in batches]
    shares = [list(range(at, len(prepared), connections)) for at in range(connections)]
    crew = Crew([lambda: Load(system.port, prepared, shares).run])
    watch = Stopwatch(**system.roots)
    crew.release()
    return crew.collect(), watch


def sign(
    bench: Bench, agents: Sequence[events.Agent], requests: int, size: int, label: str = "product"
) -> list[events.Batch]:
    """`requests` requests, the agents in turn."""
    each = -(-requests // len(agents))
    work = partial(events.sign_batches, batches=each, size=size, label=label)
    parts = spread(work, agents, bench.cores)
    return [part[at] for at in range(each) for part in parts][:requests]


def _measure(bench: Bench, system: Product, phase: Phase, least: Floor) -> list[Figure]:
    agents = events.make_agents(phase.streams, 1, f"product {phase.name}")
    system.register(agents)
    batches = sign(bench, agents, bench.size(phase.full, phase.quick, 2), phase.size)
    system.settle()
    wal = _wal(system)
    ran, watch = send(system, batches, phase.connections)
    span = watch.stop()
    after, seconds = system.settle()
    wal = _wal(system) - wal
    answers, count = ran[0].result, phase.size * len(batches)
    cpu_us, times = span.per_event(count, ran[0].cpu), latency([answer.seconds for answer in answers])
    server = sum(us for group, us in cpu_us.items() if group != "generator")
    settled = {group: round(cpu * 1e6 / count, 1) for group, cpu in after.items()}
    rate = count / (ran[0].ended - ran[0].started)
    is_latency = phase.bar.of == "1/V"
    details: dict[str, Any] = {
        "events": count,
        "events_per_s": round(rate),
        "request_latency_ms": times,
        "machine_percent": span.shares(ran[0].cpu),
        "cpu_us_until_quiet": settled,
        "seconds_until_quiet": round(seconds, 1),
        "wal_bytes_per_event": round(wal / count),
        "floor_us": {
            "verify": round(least.verify_us, 1),
            "sign": round(least.sign_us, 1),
            "hash": round(least.hash_us, 1),
            "flush": round(least.flush_us, 1),
        },
        "floor_percent_of_cpu": round(100 * least.cpu_us / divisor(server), 1),
        "checked": check_answers(batches, answers, system.receipts_key),
    }
    return [
        Figure(
            name=f"product_{phase.name}",
            title=phase.title,
            value=times["p50"] if is_latency else rate,
            unit="ms" if is_latency else "events/s",
            bar=phase.bar,
            limited_by=f"{server:,.0f} µs of CPU an event, of which verifying, signing and hashing are "
            f"{details['floor_percent_of_cpu']} %; p50 {times['p50']} ms, p99 {times['p99']} ms; "
            f"a flush takes {least.flush_us:,.0f} µs",
            cpu_us=cpu_us,
            details=details,
        ),
        Figure(
            name=f"product_{phase.name}_until_quiet",
            title=f"{phase.name}: CPU after the load until quiet, as a share of that during it",
            value=100 * sum(after.values()) / divisor(sum(span.cpu.values())),
            unit="percent",
            bar=Bar(_CALM_BAR, sense="most", stretch=_CALM_STRETCH),
            limited_by=f"{sum(settled.values()):,.0f} µs an event in {seconds:.0f} s: "
            + ", ".join(f"{group} {us:,.0f}" for group, us in settled.items()),
        ),
    ]


def _memory(system: Product) -> Figure:
    found = system.private_mib()
    return Figure(
        name="product_memory",
        title="private memory of API and workers after the loads",
        value=sum(found.values()),
        unit="MiB",
        bar=Bar(_MIB_BAR, sense="most", stretch=_MIB_STRETCH),
        limited_by=", ".join(f"{group} {mib:.0f}" for group, mib in found.items()),
        details={group: round(mib, 1) for group, mib in found.items()},
    )


_TABLES = """
select jsonb_object_agg(t.name, t.bytes) from (
  select c.relname as name, pg_total_relation_size(c.oid) as bytes
  from pg_class as c where c.relnamespace = 'ves_store'::regnamespace and c.relkind = 'r'
  order by 2 desc limit 8
) as t"""


def _bytes(system: Product, grown: int, count: int) -> Figure:
    tables = {name: round(size / count) for name, size in system.ask(_TABLES).items()}
    return Figure(
        name="product_bytes",
        title="size of the database for each event of about 1 KB, receipts and indexes included",
        value=grown / count,
        unit="bytes",
        bar=Bar(_BYTES_BAR, sense="most", stretch=_BYTES_STRETCH),
        limited_by=", ".join(
            f"{name} {size:,}" for name, size in sorted(tables.items(), key=lambda item: -item[1])[:4]
        ),
        details={"events": count, "bytes_per_event_by_table": tables},
    )


def _size(system: Product) -> int:
    return int(system.ask("select pg_database_size(current_database())"))


def _wal(system: Product) -> int:
    return int(system.ask("select pg_current_wal_lsn() - '0/0'::pg_lsn"))
