"""What flows out while events come in: live streams, history, projections, and what they take from ingest."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tests.bench import events, history
from tests.bench.checks import check_answers
from tests.bench.outflow import Paced, Subscribers, lag_of
from tests.bench.parallel import Crew
from tests.bench.results import Bar, Figure
from tests.bench.scenarios.product import send, sign
from tests.bench.stats import latency
from tests.support.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.parallel import Ran
    from tests.bench.product import Product
    from tests.bench.system import Bench

_SENDERS, _READERS = 4, 2
_SIZE = 10  # events a request
_MESSAGE = 1_500  # bytes of an event of 1 KB, as StreamEvents sends it
_MODE = "select ves.set_projection_mode('{}')"


def run(bench: Bench) -> list[Figure]:
    """Delivery of gRPC streams, readers of history, lag of projections, ingest beside both against alone."""
    with bench.product() as system:
        system.ask(_MODE.format("asynchronous"))
        lag = _lag(bench, system)  # first: projections that were off begin with all that happened meanwhile
        system.ask(_MODE.format("off"))
        delivery = _delivery(bench, system)
        read = _history(bench, system)
        alone, _ = _ingest(bench, system, "alone", 0)
        system.ask(_MODE.format("asynchronous"))
        beside, late = _ingest(bench, system, "beside", 2)
    return [
        delivery,
        *read,
        lag,
        Figure(
            name="ingest_beside_outflow",
            title="batches of 100 with projections and two gRPC subscribers, against without",
            value=beside / alone,
            unit="times",
            bar=Bar(0.6),
            limited_by=f"{alone:,.0f} events/s without, {beside:,.0f} with: projections and streams share the cores",
            details={"subscribers": latency(late)},
        ),
    ]


def _ingest(bench: Bench, system: Product, name: str, subscribers: int) -> tuple[float, list[float]]:
    """Events a second, and how late each came to each subscriber of the first stream."""
    agents = events.make_agents(16, 1, f"outflow {name}")
    system.register(agents)
    batches = sign(bench, agents, bench.size(320, 64, 16), 100, name)
    expected = 100 * sum(batch.agent.agent_id == agents[0].agent_id for batch in batches)
    system.settle()
    crew = Crew([_subscribe(system, agents[:1], expected) for _ in range(subscribers)])
    if subscribers:
        crew.release()
    ran, watch = send(system, batches, 8)
    watch.stop()
    check_answers(batches, ran[0].result, system.receipts_key)
    late = [late for reader in (crew.collect() if subscribers else []) for late in reader.result]
    return 100 * len(batches) / (ran[0].ended - ran[0].started), late


def _history(bench: Bench, system: Product) -> list[Figure]:
    """Readers of one stream of 1 KB events, one after the other, and the bound that the gRPC library sets."""
    [agent] = agents = events.make_agents(1, 1, "outflow history")
    system.register(agents)
    batches = sign(bench, agents, bench.size(300, 60, 2), 100, "history")
    send(system, batches, 8)
    system.settle()
    count, port = 100 * len(batches), free_port()
    target, url = system.settings["VES_GRPC_TARGET"], system.settings["VES_SERVICE_DATABASE_URL"]
    rates = {
        name: count / (ran[-1].ended - ran[-1].started)
        for name, ran in (
            (
                "library",
                _together([lambda: history.bare_server(port, count, _MESSAGE), lambda: history.bare(port)]),
            ),
            ("stream", _together([_subscribe(system, agents, count, history=True)])),
            ("pull", _together([lambda: history.pulled(target, system.key, agent, count)])),
            ("sql", _together([lambda: history.selected(url, agent, count)])),
        )
    }
    readers = {
        "stream": ("StreamEvents", f"the gRPC library alone: {rates['library']:,.0f} such messages/s"),
        "pull": ("PullEvents in windows of 1,000", "payloads are decrypted and messages made in Python"),
        "sql": ("ves.read_events in windows of 1,000, decrypted", "one backend"),
    }
    return [
        Figure(
            name=f"{name}_of_history",
            title=f"{call}: a history of {count:,} events of 1 KB, one reader",
            value=rates[name],
            unit="events/s",
            bar=Bar(20_000),
            limited_by=f"{limit}; the reader is on the same cores",
        )
        for name, (call, limit) in readers.items()
    ]


def _delivery(bench: Bench, system: Product) -> Figure:
    streams = bench.size(100, 100, 4)
    agents = events.make_agents(streams, 1, "outflow delivery")
    senders = _Senders(bench, system, agents, bench.size(3_000, 600, 8), 1_000)
    count = senders.count
    readers: list[Any] = [_subscribe(system, agents, count) for _ in range(_READERS)]
    ran = _together([*readers, *senders.prepare])
    late = latency([late for reader in ran[:_READERS] for late in reader.result])
    return Figure(
        name="stream_delivery",
        title=f"from an event's sequenced_at to a gRPC subscriber, p99: 1,000 events/s over {streams} streams, {_READERS * streams} subscribers",
        value=late["p99"],
        unit="ms",
        bar=Bar(100, sense="most"),
        limited_by=f"p50 {late['p50']} ms; {senders.check(ran[_READERS:]):,.0f} events/s were sent",
        details={"delivery_ms": late},
    )


def _lag(bench: Bench, system: Product) -> Figure:
    agents = events.make_agents(20, 1, "outflow lag")
    senders = _Senders(bench, system, agents, bench.size(3_000, 1_000, 20), 2_000)
    url = system.settings["VES_SUPERUSER_DATABASE_URL"]
    ran = _together([partial(lag_of, url, senders.count / 2_000), *senders.prepare])
    lag = latency(ran[0].result)
    return Figure(
        name="projection_lag",
        title="age of the oldest event that the projections have not reached, p99: 2,000 events/s over 20 streams",
        value=lag["p99"],
        unit="ms",
        bar=Bar(300, sense="most"),
        limited_by=f"p50 {lag['p50']} ms; {senders.check(ran[1:]):,.0f} events/s were sent, each of which makes an order",
        details={"lag_ms": lag},
    )


class _Senders:
    """Processes that send `requests` requests in turn to the agents' streams, `rate` events a second together."""

    def __init__(
        self, bench: Bench, system: Product, agents: Sequence[events.Agent], requests: int, rate: int
    ) -> None:
        system.register(agents)
        self._batches = sign(bench, agents, requests, _SIZE, f"paced {rate}")
        self._receipts_key = system.receipts_key
        self.count = _SIZE * len(self._batches)
        prepared = [
            (at, events.http_request(batch.body, system.key)) for at, batch in enumerate(self._batches)
        ]
        each = rate / _SIZE / _SENDERS
        shares = [prepared[at::_SENDERS] for at in range(_SENDERS)]
        self.prepare = [partial(_pace, system.port, share, each) for share in shares]
        system.settle()

    def check(self, ran: Sequence[Ran[Any]]) -> float:
        """Check every answer; the rate that was reached, in events a second."""
        check_answers(self._batches, [answer for one in ran for answer in one.result], self._receipts_key)
        return self.count / (max(one.ended for one in ran) - min(one.started for one in ran))


def _pace(port: int, share: Sequence[tuple[int, bytes]], per_second: float) -> Callable[[], Any]:
    return Paced(port, share, per_second).run


def _subscribe(
    system: Product, agents: Sequence[events.Agent], expected: int, *, history: bool = False
) -> Callable[[], Callable[[], Any]]:
    target, key = system.settings["VES_GRPC_TARGET"], system.key
    return lambda: Subscribers(target, key, agents, expected, history=history).run


def _together(prepares: Sequence[Callable[[], Callable[[], Any]]]) -> list[Ran[Any]]:
    crew = Crew(prepares)
    crew.release()
    return crew.collect()
