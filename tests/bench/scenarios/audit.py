"""`ves.verify_stream` over really signed events with stored receipts and commitments."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from tests.bench import clocks, events, profiler
from tests.bench.results import Bar, Figure
from tests.bench.scenarios.http_batches import sign
from tests.bench.scenarios.sql_signed import CALL
from tests.bench.stats import percentile
from tests.bench.system import SEQUENCER_SEED, scalar
from ves.digests import receipt_hashes
from ves.ed25519 import Signer

if TYPE_CHECKING:
    import psycopg

    from tests.bench.system import Bench, Store


def run(bench: Bench) -> list[Figure]:
    """One figure: events per second of the backend's CPU time, which is per core whoever else is busy."""
    agent = events.make_agents(1, 1, "audit")[0]
    batch, rounds = bench.size(1_000, 1_000, 50), bench.size(3, 3, 1)
    count = bench.size(full=20_000, quick=4_000, least=batch)
    with bench.store() as store:
        store.register([agent])
        store.register_signer()
        batches = sign([agent], count // batch, batch)
        with store.connect("ves_service") as connection:
            for batch in batches:
                scalar(connection, CALL, batch.body.decode())
        _store_receipts(store, agent, batches)
        with store.connect("ves_worker") as connection:
            statement = "select c.batch_id from ves.commit_next(%s, %s) as c"
            while scalar(connection, statement, agent.tenant_id, agent.store_id) is not None:
                pass
        with store.connect("ves_admin") as connection:
            verify(connection, agent)  # the backend imports the library
            runs = [verify(connection, agent) for _ in range(rounds)]
        cpu = sorted(spent for _, spent in runs)
        wall = sorted(spent for spent, _ in runs)
        value = count / percentile(cpu, 50)
        with profiler.nested_statements(bench, store), store.connect("ves_admin") as connection:
            verify(connection, agent)
        return [
            Figure(
                name="verify_stream",
                title=f"verify_stream over {count:,} events with receipts, per core",
                value=value,
                unit="events/s",
                bar=Bar(0.8, "V"),
                limited_by=f"CPU of one backend: {1e6 / value:.0f} µs/event, of it two Ed25519 verifications (event and "
                f"receipt); by wall clock {count / percentile(wall, 50):,.0f} events/s",
                details={
                    "events": count,
                    "findings": 0,
                    "backend_cpu_s": [round(spent, 3) for _, spent in runs],
                    "wall_s": [round(spent, 3) for spent, _ in runs],
                },
                profile={"nested_statements": profiler.statements(store, count)},
            )
        ]


def verify(connection: psycopg.Connection[tuple[object, ...]], agent: events.Agent) -> tuple[float, float]:
    """(wall seconds, CPU seconds of the backend) of one clean verification."""
    pid = connection.info.backend_pid
    spent, started = clocks.process_cpu(pid), time.perf_counter()
    found = connection.execute(
        "select * from ves.verify_stream(%s, %s)", [agent.tenant_id, agent.store_id]
    ).fetchall()
    wall, cpu = time.perf_counter() - started, clocks.process_cpu(pid) - spent
    assert not found, found[:3]
    return wall, cpu


def _store_receipts(store: Store, agent: events.Agent, batches: list[events.Batch]) -> None:
    """What the receipts worker does, without a worker."""
    signer, number = Signer(SEQUENCER_SEED), 1
    with store.connect("ves_worker") as connection:
        for batch in batches:
            numbers = list(range(number, number + batch.count))
            ids = [uuid.UUID(bytes=event_id) for event_id in batch.signing_hashes]
            hashes = receipt_hashes(
                agent.tenant_id, agent.store_id, ids, numbers, list(batch.signing_hashes.values())
            )
            scalar(
                connection,
                "select ves.store_receipts(%s, %s, %s::bigint[], %s, %s)",
                [agent.tenant_id] * batch.count,
                [agent.store_id] * batch.count,
                numbers,
                b"".join(hashes),
                b"".join(signer.sign(digest) for digest in hashes),
            )
            number += batch.count
