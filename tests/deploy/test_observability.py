"""Dashboards and alert rules name metrics that exist, every alert has a runbook, and each one fires on a real scrape."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.promql import Scrapes, read
from ves_api.pool_monitor import PoolMonitor
from ves_edge import metrics
from ves_edge.errors import ApiError
from ves_edge.pool import PoolSize, PoolStatistics
from ves_edge.replica import Replica
from ves_workers.runtime.loop import run_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.promql import Vector

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "observability"
RULES: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
}
DASHBOARDS = sorted((FOLDER / "dashboards").glob("*.json"))
RUNBOOKS = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
# Written by Prometheus itself for every target.
OF_PROMETHEUS = {"up"}
MINUTE = 60.0


def expressions() -> dict[str, str]:
    """Every expression by the place where it is."""
    found = {name: rule["expr"] for name, rule in RULES.items()}
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel["targets"]:
                found[f"{path.name}: {panel['title']}: {target['refId']}"] = target["expr"]
    return found


def named(expression: str) -> set[str]:
    """The metrics that an expression names: what is neither a function, a label nor text."""
    bare = re.sub(r'"[^"]*"|by \([^)]*\)|\[[^\]]*\]|[\w:]+ *(?==~?")', "", expression)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    return set(re.findall(r"\b[a-z_]\w*\b(?! *\()", bare)) - {"sum", "max", "by"}


def declared() -> set[str]:
    parts = {"histogram": ("_bucket", "_sum", "_count")}
    return {name + part for name, (kind, _, _) in metrics.MEANINGS.items() for part in parts.get(kind, ("",))}


@pytest.mark.parametrize("place", expressions())
def test_every_metric_that_is_named_is_declared(place: str) -> None:
    names = named(expressions()[place])
    assert names
    assert names - OF_PROMETHEUS <= declared()


def test_every_label_that_is_matched_or_kept_is_declared() -> None:
    labels = {label for _, of, _ in metrics.MEANINGS.values() for label in of} | {"le", "job"}
    for place, expression in expressions().items():
        used = set(re.findall(r'(\w+)=~?"', expression))
        for kept in re.findall(r"by \(([^)]*)\)", expression):
            used |= set(kept.replace(" ", "").split(","))
        assert used <= labels, place


def test_every_declared_metric_is_shown() -> None:
    shown = {name for place, expr in expressions().items() if ".json" in place for name in named(expr)}
    hidden = {
        name
        for name, (kind, _, _) in metrics.MEANINGS.items()
        if not shown & ({name + part for part in ("_bucket", "_count")} if kind == "histogram" else {name})
    }
    assert hidden == set()


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert re.findall(r"(?m)^## (\w+)$", RUNBOOKS) == list(RULES)
    for name, rule in RULES.items():
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks.md#{name.lower()}"
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]


class Hostile:
    """A worker whose steps fail, until it is told to stop."""

    name = "observed"
    poll_seconds = 0.0

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop

    async def step(self) -> bool:
        self._stop.set()
        raise ApiError("database_unavailable")

    async def close(self) -> None:
        return

    def counters(self) -> dict[str, int]:
        return {}


def failing_worker() -> None:
    async def run() -> None:
        stop = asyncio.Event()
        await run_worker(Hostile(stop), stop, heartbeat_secs=1)

    asyncio.run(run())


def sampled_pool(active: int, timeouts: int) -> None:
    """What the pool monitor makes of a pool of ten connections."""
    sizes = iter([0, timeouts])

    def look() -> PoolStatistics:
        return PoolStatistics(active, 0, active, 10, 0, next(sizes), 0)

    monitor = PoolMonitor(SimpleNamespace(pool_statistics=look), 1)  # type: ignore[arg-type]
    monitor.sample()


def unreachable_replica() -> None:
    async def identity() -> str:
        return ""

    async def run() -> None:
        size = PoolSize(least=0, most=1, acquire_timeout=0.2, idle_timeout=1, max_lifetime=1)
        replica = Replica("host=127.0.0.1 port=1 dbname=none", size, "replica", identity)
        await replica.open()
        assert await replica.fetch(SimpleNamespace(name="one", statement=b"select 1"), {}) is None  # type: ignore[arg-type]
        await replica.close()

    asyncio.run(run())


def dead_letters(due: int, failed: int) -> None:
    metrics.set_dead_letters(due + failed, pending=due, failed=failed, due_for_retry=due)


def slow_ingest() -> None:
    for _ in range(100):
        metrics.INGEST_LATENCY.observe(3.0)


def refused_events() -> None:
    metrics.EVENTS_INGESTED.inc(100)
    metrics.EVENTS_REJECTED.inc(99)


def database_errors() -> None:
    metrics.ERRORS_DATABASE.inc(120)


def http(status: int) -> None:
    for _ in range(50):
        metrics.count_http("GET", "/health", status, 0.01)


def grpc(code: str) -> None:
    for _ in range(50):
        metrics.count_grpc("Push", code, 0.01)


def quiet() -> None:
    """A minute in which all is well."""
    http(200)
    grpc("OK")
    metrics.EVENTS_INGESTED.inc(10)
    metrics.INGEST_LATENCY.observe(0.004)
    metrics.WORKER_STEPS.labels("observed", "done").inc()
    metrics.set_circuit("replica", "closed")
    dead_letters(0, 0)
    metrics.set_unanchored([("chain", "pending", 3, 60.0), ("opentimestamps", "submitted", 3, 7200.0)])
    metrics.set_unmet_anchors(3, 60.0)
    sampled_pool(1, 0)


# What makes each alert fire; the process runs the code that counts it in production.
TROUBLE: dict[str, Callable[[], Any]] = {
    "SequencerHttpErrors": lambda: http(500),
    "SequencerGrpcErrors": lambda: grpc("INTERNAL"),
    "SequencerIngestSlow": slow_ingest,
    "SequencerEventsRejected": refused_events,
    "SequencerDatabaseErrors": database_errors,
    "SequencerPoolFull": lambda: sampled_pool(10, 0),
    "SequencerPoolTimeouts": lambda: sampled_pool(10, 3),
    "SequencerCircuitOpen": unreachable_replica,
    "SequencerWorkerFails": failing_worker,
    "SequencerWorkerStopped": lambda: None,
    "SequencerDeadLettersLate": lambda: dead_letters(101, 0),
    "SequencerDeadLettersFailed": lambda: dead_letters(0, 1001),
    "SequencerAnchorsLate": lambda: metrics.set_unanchored([("chain", "submitted", 1, 3601.0)]),
    "SequencerAnchorContradicted": lambda: metrics.set_unanchored([("chain", "contradicted", 1, 1.0)]),
    "SequencerTimestampsLate": lambda: metrics.set_unanchored([("opentimestamps", "pending", 1, 86401.0)]),
}


def scraped(*minutes: Callable[[], Any]) -> Scrapes:
    """A scrape at the start and one after each minute."""
    taken = [(0.0, read(metrics.exposition()))]
    for number, minute in enumerate(minutes, start=1):
        minute()
        taken.append((number * MINUTE, read(metrics.exposition())))
    return Scrapes(taken)


def firing(scrapes: Scrapes) -> set[str]:
    return {name for name, rule in RULES.items() if scrapes.evaluate(rule["expr"])}


@pytest.fixture(autouse=True)
def known_series() -> None:
    """A rate needs two samples: each series exists before the first scrape. Workers of other tests are forgotten."""
    metrics.WORKER_STEPS.clear()
    quiet()
    http(500)
    grpc("INTERNAL")
    failing_worker()


def test_nothing_fires_while_all_is_well() -> None:
    assert firing(scraped(quiet, quiet)) == set()


@pytest.mark.parametrize("name", [name for name in RULES if name != "SequencerDown"])
def test_the_alert_fires(name: str) -> None:
    before = [] if name == "SequencerWorkerStopped" else [quiet]
    fired = firing(scraped(*before, TROUBLE[name]))
    assert name in fired
    assert fired <= {name, *ALSO.get(name, set())}


# Alerts that fire with another one, because it means them too.
ALSO = {"SequencerPoolTimeouts": {"SequencerPoolFull"}}


def test_a_refused_scrape_fires() -> None:
    down = Scrapes([(0.0, {"up": vector(job="sequencer", value=0)})])
    up = Scrapes([(0.0, {"up": vector(job="sequencer", value=1)})])
    assert (firing(down), firing(up)) == ({"SequencerDown"}, set())


def vector(value: float, **labels: str) -> Vector:
    return {frozenset(labels.items()): value}
