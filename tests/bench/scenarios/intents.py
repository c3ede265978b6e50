"""Payment intents one a request from 64 connections: the API coalesces those of a stream into one call."""

from __future__ import annotations

import json
import os
import uuid
from functools import partial
from typing import TYPE_CHECKING

from tests.bench.clocks import Stopwatch
from tests.bench.events import http_request
from tests.bench.parallel import Crew, spread
from tests.bench.results import Bar, Figure
from tests.bench.stats import latency
from tests.bench.system import BOOTSTRAP_KEY, scalar
from tests.bench.wire import Load
from tests.support.payments import Payer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.system import Bench
    from tests.bench.wire import Answer

CONNECTIONS = 64
_PATH = "/api/v1/x402/payments"
_STORED = "select count(*) from ves_store.x402_payment_intents where status = 'sequenced'"


def run(bench: Bench) -> list[Figure]:
    """Intents a second, each answered when its transaction is durable."""
    return [
        _measure(bench, "payment_intents", 1, Bar(0.10, "cV")),
        _measure(bench, "payment_intents_spread", 16, None),
    ]


def _measure(bench: Bench, name: str, streams: int, bar: Bar | None) -> Figure:
    connections = bench.size(full=CONNECTIONS, quick=CONNECTIONS, least=4)
    each = bench.size(full=150, quick=40, least=2)
    ids = [(uuid.uuid4(), uuid.uuid4()) for _ in range(min(streams, connections))]
    payers = [Payer(*ids[number % len(ids)]) for number in range(connections)]
    signed = spread(partial(_requests, count=each + 1), payers, os.cpu_count() or 1)
    requests = [request for part in signed for request in part]
    first = [[number * (each + 1)] for number in range(connections)]
    rest = [range(start + 1, start + 1 + each) for (start,) in first]
    with bench.store() as store, store.api(bench.log(name)) as api:
        Load(api.port, requests, first).run()  # caches, plans and connections are warm
        crew = Crew([lambda: Load(api.port, requests, rest).run])
        watch = Stopwatch(api=api.pid, postgres=bench.cluster.postmaster_pid)
        crew.release()
        [ran] = crew.collect()
        span = watch.stop()
        with store.connect() as superuser:
            stored = scalar(superuser, _STORED)
    _check(ran.result, stored, connections * (each + 1))
    count = len(ran.result)
    return Figure(
        name,
        f"payment intents, one a request, {connections} connections, {len(ids)} stream"
        + "s" * (len(ids) > 1),
        value=count / (ran.ended - ran.started),
        unit="events/s",
        bar=bar,
        limited_by="API, PostgreSQL and load generator share the machine",
        cpu_us=span.per_event(count, ran.cpu),
        details={
            "intents": count,
            "latency_ms": latency([answer.seconds for answer in ran.result]),
            "machine_percent": span.shares(ran.cpu),
        },
    )


def _requests(payer: Payer, count: int) -> list[bytes]:
    return [
        http_request(json.dumps(payer.intent()).encode(), BOOTSTRAP_KEY, path=_PATH) for _ in range(count)
    ]


def _check(answers: Sequence[Answer], stored: int, wanted: int) -> None:
    wrong = [answer for answer in answers if answer.status != 200 or b'"sequenced"' not in answer.body]
    if wrong or stored != wanted:
        raise RuntimeError(f"{stored} of {wanted} intents are stored; {[a.body[:200] for a in wrong[:1]]}")
