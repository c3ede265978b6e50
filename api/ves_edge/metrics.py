"""Every metric, declared once, and their text (operations 9). Collected by prometheus_client.

With PROMETHEUS_MULTIPROC_DIR each process counts in files of that folder, and the text tells all processes together;
without it, a process tells its own. Labels have few values: no tenant, no path that a client made up.
"""

from __future__ import annotations

import os
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

_FOLDER: Final = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
if _FOLDER:
    Path(_FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)

# The library chooses between memory and files when it is imported.
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, multiprocess  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client import Metric

CircuitState = Literal["closed", "half-open", "open"]
_CIRCUIT_STATES: Final[tuple[CircuitState, ...]] = get_args(CircuitState)
_BUCKETS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SUM_DIGITS: Final = 3
_registry = CollectorRegistry()
_started = time.time()
# Names as they are written: the library appends _total to the name of every counter.
_names: dict[str, str] = {}
MEANINGS: dict[str, tuple[str, tuple[str, ...], str]] = {}


def _declare(kind: str, name: str, meaning: str, labels: tuple[str, ...]) -> str:
    full = f"sequencer_{name}"
    MEANINGS[full] = kind, labels, meaning
    _names[full.removesuffix("_total") if kind == "counter" else full] = full
    return full


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(_declare("counter", name, meaning, labels), meaning, labels, registry=_registry)


def _gauge(name: str, meaning: str, *labels: str, mode: str = "livesum") -> Gauge:
    full = _declare("gauge", name, meaning, labels)
    return Gauge(full, meaning, labels, registry=_registry, multiprocess_mode=mode)  # type: ignore[arg-type]


def _histogram(name: str, meaning: str, *labels: str) -> Histogram:
    full = _declare("histogram", name, meaning, labels)
    return Histogram(full, meaning, labels, registry=_registry, buckets=_BUCKETS)


_uptime = _gauge("uptime_seconds", "seconds since the process that answers started", mode="livemax")
_http_requests = _counter("http_requests_total", "answered HTTP requests", "method", "path", "status")
_http_latency = _histogram(
    "http_request_latency_seconds", "from the header to the end of the answer", "method", "path", "status"
)
_grpc_requests = _counter("grpc_requests_total", "ended gRPC calls, streams among them", "method", "code")
_grpc_latency = _histogram(
    "grpc_request_latency_seconds", "of gRPC calls, streams among them", "method", "code"
)
EVENTS_INGESTED = _counter("events_ingested", "events of ingest requests that were answered")
EVENTS_SEQUENCED = _counter("events_sequenced", "events that got a number")
EVENTS_REJECTED = _counter("events_rejected", "events that were refused")
VES_EVENTS_RECEIVED = _counter("ves_events_received", "signed events among the ingested")
VES_EVENTS_VERIFIED = _counter("ves_events_verified", "signed events whose signature is good")
ERRORS_SCHEMA_VALIDATION = _counter("errors_schema_validation", "events that break their JSON Schema")
ERRORS_DATABASE = _counter("errors_database", "requests that failed in the database")
INGEST_LATENCY = _histogram("ingest_latency_seconds", "from the decoded request to its receipts")
EVENTS_PER_BATCH = _histogram("request_events_per_batch", "events of an ingest request")
POOL_ACTIVE = _gauge("pool_active_connections", "database connections in use")
POOL_IDLE = _gauge("pool_idle_connections", "open database connections that are not in use")
POOL_TOTAL = _gauge("pool_total_connections", "open database connections")
POOL_MAX = _gauge("pool_max_connections", "the most database connections there may be")
POOL_UTILIZATION = _gauge("pool_utilization", "percent in use, of the fullest process", mode="livemax")
POOL_SLOW = _counter("pool_slow_acquisitions", "waits for a connection of more than 100 ms")
POOL_TIMED_OUT = _counter("pool_timed_out_acquisitions", "waits for a connection that were given up")
POOL_LATENCY = _histogram("pool_acquisition_latency_ms", "waits for a connection, in seconds")
_circuit_state = _gauge(
    "circuit_breaker_state", "0 closed, 1 half-open, 2 open; of the worst process", "circuit", mode="livemax"
)
_circuit_calls = {
    outcome: _counter(f"circuit_breaker_{outcome}", meaning, "circuit")
    for outcome, meaning in (
        ("successes", "calls that a circuit breaker let through and that succeeded"),
        ("failures", "calls after which a circuit breaker opened, or stayed open"),
        ("rejections", "calls that an open circuit breaker did not let through"),
    )
}
# Every process that looks sees the whole database, so the figures of processes are not added.
_dlq_size = _gauge("dlq_size", "open dead letters", mode="livemax")
_dlq_states = {
    state: _gauge(f"dlq_{state}", meaning, mode="livemax")
    for state, meaning in (
        ("pending", "dead letters that wait for a retry"),
        ("failed", "dead letters that only an operator retries"),
        ("due_for_retry", "dead letters whose retry is due"),
    )
}
DLQ_RETRIED = _counter("dlq_retried", "retries of dead letters by the worker")
_unanchored = _gauge(
    "commitments_unanchored",
    "commitments that an anchor (chain, opentimestamps) does not have: pending, planned, submitted or contradicted",
    "anchor",
    "status",
    mode="livemax",
)
_unanchored_age = _gauge(
    "commitments_unanchored_oldest_seconds", "age of the oldest of them", "anchor", "status", mode="livemax"
)
_unmet = _gauge(
    "commitments_below_anchor_policy",
    "commitments that fewer anchors have than the policy demands",
    mode="livemax",
)
_unmet_age = _gauge(
    "commitments_below_anchor_policy_oldest_seconds", "age of the oldest of them", mode="livemax"
)
_registrations = _counter("agent_registration_total", "self-registrations", "outcome", "reason")
WORKER_STEPS = _counter("worker_steps_total", "steps of background workers", "worker", "outcome")


@lru_cache(4096)
def _http(method: str, path: str, status: int) -> tuple[Counter, Histogram]:
    labels = (method, path, str(status))
    return _http_requests.labels(*labels), _http_latency.labels(*labels)


def count_http(method: str, path: str, status: int, seconds: float) -> None:
    """Count an answered request; `path` is the pattern of its route."""
    requests, latency = _http(method, path, status)
    requests.inc()
    latency.observe(seconds)


def count_grpc(method: str, code: str, seconds: float) -> None:
    """Count an ended call."""
    _grpc_requests.labels(method, code).inc()
    _grpc_latency.labels(method, code).observe(seconds)


def count_registration(reason: str) -> None:
    """Count a self-registration: REGISTERED, or the code of the error."""
    outcome = "success" if reason == "REGISTERED" else "error"
    _registrations.labels(outcome, reason).inc()


class Circuit(NamedTuple):
    """A circuit breaker: the state of the worst process, and the counts of all."""

    name: str
    state: CircuitState
    successes: int
    failures: int
    rejections: int


def set_circuit(circuit: str, state: CircuitState) -> None:
    """State of a circuit breaker of this process."""
    _circuit_state.labels(circuit).set(_CIRCUIT_STATES.index(state))


def count_circuit(circuit: str, outcome: Literal["successes", "failures", "rejections"]) -> None:
    """Count a call that a circuit breaker watches."""
    _circuit_calls[outcome].labels(circuit).inc()


def set_dead_letters(size: int, **states: int) -> None:
    """Open dead letters of the database, and how many are `pending`, `failed` and `due_for_retry`."""
    _dlq_size.set(size)
    for state, gauge in _dlq_states.items():
        gauge.set(states[state])


def set_unanchored(found: Iterable[tuple[str, str, int, float]]) -> None:
    """Commitments that are not anchored: anchor, status, how many, and the age of the oldest in seconds."""
    counted = {(anchor, status): (count, age) for anchor, status, count, age in found}
    for anchor in ("chain", "opentimestamps"):
        for status in ("pending", "planned", "submitted", "contradicted"):
            count, age = counted.get((anchor, status), (0, 0.0))
            _unanchored.labels(anchor, status).set(count)
            _unanchored_age.labels(anchor, status).set(age)


def set_unmet_anchors(count: int, oldest_seconds: float) -> None:
    """Commitments that fewer anchors have than the policy demands, and the age of the oldest in seconds."""
    _unmet.set(count)
    _unmet_age.set(oldest_seconds)


def clean() -> None:
    """Remove the files of processes that ended; called when a server starts, whose counters start at 0."""
    for file in Path(_FOLDER).glob("*.db") if _FOLDER else ():
        pid = file.stem.rpartition("_")[2]
        if not Path(f"/proc/{pid}").exists():
            file.unlink(missing_ok=True)


def exposition() -> str:
    """All metrics in the text format of Prometheus."""
    _uptime.set(time.time() - _started)
    return "".join([line for metric in _collect() for line in _lines(metric)])


def circuits() -> list[Circuit]:
    """The circuit breakers of all processes, by name."""
    figures: dict[str, dict[str, int]] = {}
    for metric in _collect():
        figure = _names.get(metric.name, "").removeprefix("sequencer_circuit_breaker_")
        if figure in ("state", *_circuit_calls):
            for sample in metric.samples:
                if not sample.name.endswith("_created"):
                    figures.setdefault(sample.labels["circuit"], {})[figure] = int(sample.value)
    return [
        Circuit(
            name, _CIRCUIT_STATES[found.pop("state", 0)], **{key: found.get(key, 0) for key in _circuit_calls}
        )
        for name, found in sorted(figures.items())
    ]


def _collect() -> Iterator[Metric]:
    registry = _registry
    if _FOLDER:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    yield from registry.collect()


def _lines(metric: Metric) -> Iterator[str]:
    name = _names.get(metric.name)
    if name is None:
        return
    if name == "sequencer_uptime_seconds":
        yield f"# HELP {name} {MEANINGS[name][2]}\n"
    yield f"# TYPE {name} {metric.type}\n"
    for sample in metric.samples:
        suffix = sample.name.removeprefix(metric.name)
        if suffix == "_created":
            continue
        written = name if metric.type == "counter" else metric.name + suffix
        labels = ",".join([f'{label}="{_escape(text)}"' for label, text in sample.labels.items()])
        value = round(sample.value, _SUM_DIGITS)
        yield f"{written}{{{labels}}} {value:g}\n" if labels else f"{written} {value:g}\n"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
