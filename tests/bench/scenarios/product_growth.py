"""The whole product while its history grows: one long stream, then many streams. Does an event become dearer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench import events
from tests.bench.checks import check_answers
from tests.bench.clocks import divisor
from tests.bench.results import Bar, Figure
from tests.bench.scenarios.product import send, sign

if TYPE_CHECKING:
    from tests.bench.product import Product
    from tests.bench.system import Bench

_TENTHS = 10
_CONNECTIONS = 8


def run(bench: Bench) -> list[Figure]:
    """Two figures: CPU of the last tenth of the events against the first, in percent more."""
    with bench.product() as system:
        return [
            _grow(bench, system, "one", 1, bench.size(100_000, 10_000, _TENTHS * 100, 1_000_000), 100),
            _grow(
                bench,
                system,
                "many",
                bench.size(2_000, 200, 2, 100_000),
                bench.size(40_000, 4_000, _TENTHS * 10, 1_000_000),
                10,
            ),
        ]


def _grow(bench: Bench, system: Product, name: str, streams: int, count: int, size: int) -> Figure:
    agents = events.make_agents(streams, 1, f"product growth {name}")
    system.register(agents)
    requests, batches, answers, cpu = count // size // _TENTHS, [], [], []
    for tenth in range(_TENTHS):
        # each stream is visited as often as the others over the whole run
        part = [agents[(tenth * requests + at) % streams] for at in range(min(requests, streams))]
        signed = sign(bench, part, requests, size, f"tenth {tenth}")
        system.settle()
        ran, watch = send(system, signed, _CONNECTIONS)
        system.settle()
        spent = sum(watch.stop().cpu.values())
        cpu.append(spent * 1e6 / (requests * size))
        for answer in ran[0].result:
            answer.index += len(batches)
        answers += ran[0].result
        batches += signed
    return Figure(
        name=f"product_growth_{name}",
        title=f"make up, from event 0 to {len(batches) * size:,} in {streams:,} streams: CPU of an event",
        value=(cpu[-1] / divisor(cpu[0]) - 1) * 100,
        unit="percent",
        bar=Bar(20, sense="most"),
        limited_by=f"µs an event, until quiet: first tenth {cpu[0]:,.0f}, last {cpu[-1]:,.0f}",
        details={
            "events": len(batches) * size,
            "streams": streams,
            "events_per_request": size,
            "cpu_us_per_event_by_tenth": [round(us, 1) for us in cpu],
            "checked": check_answers(batches, answers, system.receipts_key),
        },
    )
