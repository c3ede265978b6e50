"""Two API processes and two workers of each kind on one database; one of each is stopped under load, by SIGTERM.

Nothing is doubled and nothing is lost: streams, receipts, commitments, projections and dead letters are those of one.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest

from tests.api.support import Agent, post, receipts_of
from tests.rpc.support import Follower, module, stream_of, whole
from tests.sql.support import scalar
from tests.support.processes import Server, Worker
from tests.support.waiting import wait_until
from ves_workers.__main__ import ANCHORING, SETTLEMENT, TIMESTAMPS, WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg

    from tests.conftest import Database

STREAMS, BATCHES, EVENTS = 6, 20, 4
TOTAL = BATCHES * EVENTS
# Within the grace period that platforms give (operations 11).
STOP_SECONDS = 30.0


def batch(agent: Agent, number: int) -> bytes:
    """Three orders, and a transition that the projector refuses."""
    orders = [
        agent.event(
            {"customer_id": "c"},
            entity_type="order",
            entity_id=f"{number}-{n}",
            event_type="order.created",
        )
        for n in range(EVENTS - 1)
    ]
    again = agent.event(
        {"customer_id": "c"},
        entity_type="order",
        entity_id=f"{number}-0",
        event_type="order.created",
    )
    return agent.body(*orders, again)


def write(agent: Agent, servers: list[Server]) -> set[str]:
    """Send every batch until it is answered, at whichever server answers; the ids in the receipts."""
    held: set[str] = set()
    for number in range(BATCHES):
        body = batch(agent, number)
        for attempt in range(200):
            server = servers[(number + attempt) % len(servers)]
            try:
                with server.client() as client:
                    answer = post(client, body)
            except httpx.TransportError:
                continue
            if answer.status_code == 200:
                held |= {json.loads(receipt)["eventId"] for receipt in receipts_of(answer)}
                break
            assert answer.status_code == 503, answer.text
        else:
            raise AssertionError("no server answered")
    return held


async def follow(agent: Agent, servers: list[Server], numbers: list[int]) -> None:
    """Collect the numbers of a stream; a server that stops says so, then the next one goes on where it was."""
    refusals: list[grpc.StatusCode] = []
    for turn in range(10):
        request = module("v2").StreamEventsRequest(
            **stream_of(agent), include_history=True, from_sequence=len(numbers) + 1
        )
        stream = Follower(servers[turn % len(servers)], "StreamEvents", request)
        try:
            await stream.open()
            while len(numbers) < TOTAL:
                numbers.append((await stream.read(60)).sequence_number)
        except grpc.aio.AioRpcError as error:
            refusals.append(error.code())
        finally:
            await stream.close()
        if len(numbers) == TOTAL:
            break
    assert len(numbers) == TOTAL
    assert set(refusals) <= {grpc.StatusCode.UNAVAILABLE}, (
        "a server that stops tells its clients to go elsewhere"
    )


def stop(program: Server | Worker) -> None:
    started = time.monotonic()
    assert program.stop(signal.SIGTERM) == 0, program.log_text()[-2000:]
    assert time.monotonic() - started < STOP_SECONDS


def is_done(owner: psycopg.Connection[Any]) -> bool:
    """Whether every consumer has come to the end of every stream."""
    return bool(
        scalar(
            owner,
            """
            select (select count(*) from ves_store.ves_sequencer_receipts) = %(all)s
              and (select sum(leaf_count) from ves_store.ves_commitments) = %(all)s
              and (select count(*) from ves_store.projection_checkpoints
                where stream = 'ves' and projector = 'order' and last_projected_sequence = %(each)s) = %(streams)s
              and not exists (select from ves_store.cursors where done_to < head_sequence)""",
            {"all": STREAMS * TOTAL, "each": TOTAL, "streams": STREAMS},
        )
    )


@pytest.fixture
def workers(database: Database) -> Iterator[list[Worker]]:
    """Two processes with all workers, not started."""
    env = {"VES_WORKER_HEARTBEAT_SECS": "1", "VES_RECEIPTS_POLL_MS": "50"}
    made = [Worker(database.url("ves_worker"), env) for _ in range(2)]
    yield made
    for worker in made:
        worker.kill()


async def test_one_of_each_stops_under_load_and_nothing_is_doubled_lost_or_starved(
    stubs: None,
    start_rpc_server: Callable[..., Server],
    workers: list[Worker],
    database: Database,
    tmp_path: Path,
) -> None:
    servers = [start_rpc_server(RUST_LOG="warn") for _ in range(2)]
    agents = [Agent() for _ in range(STREAMS)]
    with database.connect() as owner, servers[0].client() as admin:
        owner.execute("select ves.set_commit_policy(null, null, 'automatic', 16, '100 milliseconds')")
        owner.execute("select ves.set_projection_mode('asynchronous')")
        for agent in agents:
            agent.register(admin)
        for n, worker in enumerate(workers):
            worker.launch(tmp_path / f"worker-{n}.log")
        wait_until(lambda: all(worker.said("worker.heartbeat") for worker in workers), "both work")

        numbers: list[list[int]] = [[] for _ in agents]
        followers = [
            asyncio.create_task(follow(agent, servers, mine))
            for agent, mine in zip(agents, numbers, strict=True)
        ]
        writers = [asyncio.create_task(asyncio.to_thread(write, agent, servers)) for agent in agents]

        def a_quarter() -> bool:
            return min(map(len, numbers)) >= TOTAL // 4

        await asyncio.to_thread(wait_until, a_quarter, "a quarter has been streamed")
        await asyncio.gather(asyncio.to_thread(stop, servers[0]), asyncio.to_thread(stop, workers[0]))
        held = await asyncio.gather(*writers)
        await asyncio.gather(*followers)

        for mine, receipts in zip(numbers, held, strict=True):
            whole(mine)
            assert len(receipts) == TOTAL, "each event has one receipt, also those of the server that stopped"
        await asyncio.to_thread(wait_until, lambda: is_done(owner), "every consumer has come to the end")
        stop(workers[1])
        findings = owner.execute(
            "select f.* from ves.list_streams() as s, ves.verify_stream(s.tenant_id, s.store_id) as f"
        ).fetchall()
        assert findings == []
        orders = (
            "select count(*), min(version), max(version) from ves_store.projections where projector = 'order'"
        )
        assert owner.execute(orders).fetchone() == (STREAMS * BATCHES * (EVENTS - 1), 1, 1)
        letters = (
            "select count(*), count(distinct (store_id, sequence_number)) from ves_store.dead_letter_events"
        )
        assert owner.execute(letters).fetchone() == (STREAMS * BATCHES, STREAMS * BATCHES)
    for worker in workers:
        stopped = [line for line in worker.log_text().splitlines() if '"worker.stopped"' in line]
        stopped_workers = {json.loads(line)["worker"] for line in stopped}
        off = {SETTLEMENT, ANCHORING, TIMESTAMPS}
        assert stopped_workers == set(WORKERS) - off, "each has closed its connection"
        assert '"worker.step_failed"' not in worker.log_text()
