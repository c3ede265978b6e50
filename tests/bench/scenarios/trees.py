"""Merkle trees, commitments and inclusion proofs."""

from __future__ import annotations

import random
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tests.bench import events, profiler
from tests.bench.results import Bar, Figure
from tests.bench.scenarios.growth import Direct
from tests.bench.stats import latency, percentile
from tests.bench.system import scalar
from tests.support import ves_tree
from ves import merkle

if TYPE_CHECKING:
    from tests.bench.system import Bench, Store

NODE_PREFIX = b"VES_NODE_V1"
SMALL_PAYLOAD = b'{"n":1}'
FILL_BATCH = 1000
COMMIT_EVENTS = 1024


def run(bench: Bench) -> list[Figure]:
    """Three figures."""
    with bench.store() as store:
        signer_id = store.register_signer()
        return [_tree(bench, store), _commitment(bench, store, signer_id), _proofs(bench, store, signer_id)]


def _tree(bench: Bench, store: Store) -> Figure:
    count = bench.size(full=100_000, quick=100_000, least=1_000)
    leaves = random.Random("tree").randbytes(32 * count)
    rounds = bench.size(full=7, quick=3, least=1)
    python, root = _best(rounds, lambda: _plain_loop(leaves))
    with store.connect() as connection:
        # Timed inside the server, so that sending the leaves there is not counted.
        statement = (
            "with given as materialized (select %s::bytea as leaves),"
            " started as materialized (select g.leaves, clock_timestamp() as at from given as g),"
            " built as materialized (select s.at, ves_int.tree_levels(s.leaves) as levels from started as s)"
            " select extract(epoch from clock_timestamp() - b.at)::float8, b.levels[cardinality(b.levels)] from built as b"
        )
        times = []
        for _ in range(rounds):
            row = connection.execute(statement, [leaves]).fetchone()
            assert row is not None
            assert bytes(row[1]) == root, "the engine's root differs"
            times.append(float(row[0]))
    return Figure(
        name="tree",
        title=f"tree of {count:,} leaves in SQL, against a plain hashlib loop",
        value=min(times) / python,
        unit="times",
        bar=Bar(3, sense="most"),
        limited_by=f"best of {rounds}: SQL {min(times) * 1000:.0f} ms, loop {python * 1000:.0f} ms; "
        f"{min(times) * 1e6 / (count - 1):.2f} µs a node",
        details={"sql_ms": [round(value * 1000, 1) for value in times], "loop_ms": round(python * 1000, 1)},
    )


def _plain_loop(leaves: bytes) -> bytes:
    """The same tree, written as plainly as possible: padded leaves, one list a level."""
    level = [leaves[at : at + 32] for at in range(0, len(leaves), 32)]
    level += [ves_tree.PAD] * ((1 << (len(level) - 1).bit_length()) - len(level))
    while len(level) > 1:
        level = [sha256(NODE_PREFIX + level[at] + level[at + 1]).digest() for at in range(0, len(level), 2)]
    return level[0]


def _best(rounds: int, work: Any) -> tuple[float, Any]:
    times, result = [], None
    for _ in range(rounds):
        started = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - started)
    return min(times), result


def _fill(store: Store, agent: events.Agent, signer_id: int, count: int) -> float:
    """Append `count` small unsigned events, as the trusted caller may; answers events per second of the calls."""
    source, spent = random.Random(f"fill {agent.number}"), 0.0
    with store.connect("ves_api") as connection:
        for _ in range(count // FILL_BATCH):
            rows = events.unsigned_events(agent, FILL_BATCH, source, SMALL_PAYLOAD)
            spent += Direct(connection).ingest(agent, rows, signer_id, None).seconds
    return count / spent


def _commitment(bench: Bench, store: Store, signer_id: int) -> Figure:
    agent = events.make_agents(1, 1, "commitment")[0]
    rounds = bench.size(full=50, quick=15, least=2)
    store.register([agent])
    _fill(store, agent, signer_id, 1000 * rounds)
    profiler.reset_statements(store)
    times = []
    with store.connect("ves_worker") as connection:
        for _ in range(rounds):
            started = time.perf_counter()
            row = connection.execute(
                "select sequence_start, sequence_end from ves.commit_next(%s, %s, 1000)",
                [agent.tenant_id, agent.store_id],
            ).fetchone()
            times.append(time.perf_counter() - started)
            assert row is not None
            assert row[1] - row[0] + 1 == 1000
    ordered = sorted(times)
    return Figure(
        name="commitment",
        title="commitment of 1,000 events: median",
        value=percentile(ordered, 50) * 1000,
        unit="ms",
        bar=Bar(10, sense="most"),
        limited_by=f"p99 {percentile(ordered, 99) * 1000:.1f} ms of {rounds}; reading leaves, tree, insert and flush",
        details={"latency_ms": latency(times)},
        profile={"statements": profiler.statements(store, rounds)},
    )


def _proofs(bench: Bench, store: Store, signer_id: int) -> Figure:
    agent = events.make_agents(1, 1, "proofs")[0]
    count, asked = bench.size(1_000_000, 100_000, 2 * FILL_BATCH), bench.size(5000, 2000, 20)
    store.register([agent])
    rate = _fill(store, agent, signer_id, count)
    commits = _commit_all(store, agent)
    profiler.reset_statements(store)
    source, times = random.Random("proofs"), []
    stream = [agent.tenant_id, agent.store_id]
    with store.connect("ves_api") as connection:
        for _ in range(asked):
            number = source.randrange(1, count + 1)
            started = time.perf_counter()
            row = connection.execute(
                "select leaf_hash, leaf_index, proof_path, merkle_root from ves.get_inclusion_proof(%s, %s, %s)",
                [*stream, number],
            ).fetchone()
            times.append(time.perf_counter() - started)
            assert row is not None
            leaf, index, path, root = (
                bytes(row[0]),
                int(row[1]),
                [bytes(node) for node in row[2]],
                bytes(row[3]),
            )
            assert merkle.verify_inclusion(leaf, index, path, root), number
    ordered = sorted(times)
    return Figure(
        name="inclusion_proof",
        title=f"inclusion proof in a stream of {count:,} events: p99",
        value=percentile(ordered, 99) * 1000,
        unit="ms",
        bar=Bar(5, sense="most"),
        limited_by=f"p50 {percentile(ordered, 50) * 1000:.2f} ms; one round trip that reads the stored nodes of one"
        f" commitment of {COMMIT_EVENTS:,}",
        details={
            "asked": asked,
            "verified_offline": asked,
            "latency_ms": latency(times),
            "stream": f"filled through ves.ingest_events in calls of {FILL_BATCH:,} with small unsigned events",
            "fill_events_per_s": round(rate),
            "commit_latency_ms": latency(commits),
        },
        profile={"statements": profiler.statements(store, asked)},
    )


def _commit_all(store: Store, agent: events.Agent) -> list[float]:
    times: list[float] = []
    with store.connect("ves_worker") as connection:
        while True:
            started = time.perf_counter()
            statement = "select c.batch_id from ves.commit_next(%s, %s, %s) as c"
            if scalar(connection, statement, agent.tenant_id, agent.store_id, COMMIT_EVENTS) is None:
                return times
            times.append(time.perf_counter() - started)
