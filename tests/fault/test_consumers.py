"""Consumers of every kind while transactions stay open, commits are slow and things are killed: no skip, twin or reorder.

Groups and queues store each event in the transaction that acknowledges it, so what they stored is what they were given once.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections import defaultdict
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
import psycopg
import pytest

from tests.fault.conftest import TEMPLATE
from tests.fault.system import System, make_database
from tests.rpc.conftest import compiled, stubs
from tests.rpc.support import module, target, whole
from tests.sql.support import CALL, Agent, Edge, scalar, synthetic
from tests.support.processes import BOOTSTRAP_KEY, free_port
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.cluster import Cluster

__all__ = ["compiled", "stubs"]
EACH, STORES, WRITERS, BATCH = 8, 24, 3, 20
LEASE_SECONDS = 3
RESULTS = """
create table public.results (
  kind text, store_id uuid, number bigint, place bigint generated always as identity, primary key (kind, store_id, number)
);
grant insert on public.results to ves_service;
"""
STORE = "insert into public.results (kind, store_id, number) select %s, %s, n from unnest(%s::bigint[]) as n"
READ = "select sequence_number from ves.read_events(%s, %s, %s, %s)"
# Defects that make the engine leave out an event, as text of its functions.
PLANTED = {
    "group": (
        "ves.fetch_ranges",
        "c.store_id, c.done_to, c.due_at",
        "c.store_id, c.done_to + 1 as done_to, c.due_at",
    ),
    "queue": ("ves_int.fill_queue", "array_agg(d.done_to + 1)", "array_agg(d.done_to + 2)"),
}


@pytest.fixture
def system(mortal: Cluster, tmp_path: Path, stubs: None) -> Iterator[System]:
    make_database(mortal, TEMPLATE)
    running = System(mortal, tmp_path)
    running.api.env |= {"GRPC_DISABLED": "false", "GRPC_PORT": str(free_port()), "VES_API_WORKERS": "1"}
    running.start()
    yield running
    running.stop()


@dataclass
class World:
    """A tenant whose streams are written and followed by threads until `stop`."""

    system: System
    events: int
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)
    killed: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    streamed: dict[uuid.UUID, list[int]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[uuid.UUID, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tenant = uuid.uuid4()
        self.agent = Agent(tenant_id=tenant)
        self.agents = [self.agent.in_store(uuid.uuid4()) for _ in range(STORES)]
        with self.system.connect() as owner, self.system.connect("ves_api") as api:
            owner.execute(RESULTS)
            self.agent.register(api)
            self.signer = Edge.open(api).signer_id
            for kind in ("group", "queue"):
                owner.execute("select ves.subscribe(%s, %s, %s)", [tenant, kind, kind])

    def run(self, work: Callable[..., None], *arguments: Any) -> threading.Thread:
        """Repeat work in a thread, whatever connection is lost under it; any other error is a failure."""

        def body() -> None:
            while not self.stop.is_set():
                try:
                    work(*arguments)
                except (psycopg.OperationalError, grpc.RpcError):
                    self.stop.wait(0.05)
                    continue
                except Exception as error:  # noqa: BLE001 - the test looks at failures
                    self.failures.append(f"{work.__name__} {arguments}: {error!r}")
                return

        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        self.threads.append(thread)
        return thread

    def write(self, seed: int) -> None:
        """A share of the events in batches; one of unknown outcome is sent again, a fifth commits slowly."""
        choose = random.Random(seed)
        batches = [choose.choice(self.agents) for _ in range(self.events // BATCH // WRITERS)]
        with ExitStack() as stack:
            connection: psycopg.Connection[Any] | None = None
            for agent in batches:
                columns = synthetic(agent, BATCH, self.signer)
                while True:
                    try:
                        if connection is None or connection.closed:
                            connection = stack.enter_context(self.system.connect("ves_api"))
                        with connection.transaction():
                            connection.execute(CALL, columns)
                            if choose.random() < 0.2:
                                connection.execute("select pg_sleep(0.05)")
                        break
                    except psycopg.OperationalError:
                        self.stop.wait(0.05)

    def hold(self) -> None:
        """A transaction whose snapshot is as old as the run."""
        with self.system.connect() as connection, connection.transaction():
            connection.execute("set transaction isolation level repeatable read")
            connection.execute("select pg_current_xact_id()")
            while not self.stop.is_set():
                connection.execute("select pg_sleep(0.1)")

    def consume(self, kind: str, name: str) -> None:
        with self.system.connect("ves_service") as connection:
            while not self.stop.is_set():
                for store, after, up_to, call, arguments in self.ranges(connection, kind, name):
                    found = connection.execute(READ, [self.agent.tenant_id, store, after, up_to - after])
                    numbers = [number for (number,) in found]
                    if name in self.killed:
                        return
                    self.settle(connection, [kind, store, numbers], call, arguments)

    def ranges(self, connection: psycopg.Connection[Any], kind: str, name: str) -> list[tuple[Any, ...]]:
        """What the consumer is given: store, after, up to, and the call that acknowledges it."""
        tenant = self.agent.tenant_id
        if kind == "group":
            rows = connection.execute(
                "select * from ves.fetch_ranges(%s, 'group', %s, 4, 50, %s)", [tenant, name, LEASE_SECONDS]
            ).fetchall()
            call = "select ves.ack(%s, 'group', %s, %s, %s)"
            return [(store, after, to, call, [tenant, store, token, to]) for store, after, to, token in rows]
        rows = connection.execute(
            "select * from ves.read_queue(%s, 'queue', 4, %s)", [tenant, LEASE_SECONDS]
        ).fetchall()
        call = "select ves.finish_range(%s, 'queue', %s, %s)"
        return [(store, a - 1, to, call, [tenant, message, token]) for message, token, store, a, to in rows]

    def settle(
        self, connection: psycopg.Connection[Any], result: list[Any], call: str, arguments: list[Any]
    ) -> None:
        """Store the events and acknowledge them in one transaction, unless the claim is lost."""
        try:
            with connection.transaction():
                connection.execute(call, arguments)
                connection.execute(STORE, result)
        except psycopg.Error as error:
            if error.sqlstate != "VE406":
                raise

    def follow(self, store: uuid.UUID) -> None:
        """Append what a gRPC stream sends to what this client has; go on after the last number."""
        have = self.streamed[store]
        request = module("v2").StreamEventsRequest(
            tenant_id=str(self.agent.tenant_id),
            store_id=str(store),
            from_sequence=len(have) + 1,
            include_history=True,
        )
        with grpc.insecure_channel(target(self.system.api)) as channel:
            stub = module("v2_grpc").SequencerStub(channel)
            call = stub.StreamEvents(request, metadata=(("x-api-key", BOOTSTRAP_KEY),))
            self.calls[store] = call
            for event in call:
                have.append(event.sequence_number)
        raise grpc.RpcError

    def start(self) -> None:
        self.run(self.hold)
        for number in range(EACH):
            self.run(self.consume, "group", f"group {number}")
            self.run(self.consume, "queue", f"queue {number}")
            self.run(self.follow, self.agents[number].store_id)

    def kill_consumers(self) -> None:
        """One of each kind dies with what it holds; others come."""
        for kind in ("group", "queue"):
            self.killed.add(f"{kind} 0")
            self.run(self.consume, kind, f"{kind} heir")
        self.calls[self.agents[0].store_id].cancel()

    def heads(self) -> dict[uuid.UUID, int]:
        with self.system.connect() as connection:
            rows = connection.execute(
                "select store_id, head_sequence from ves.list_heads(%s)", [self.agent.tenant_id]
            )
            return dict(rows.fetchall())

    def is_done(self) -> bool:
        """Nothing is left to give to a group or a queue, and every stream over gRPC has come to its head."""
        self.system.revive()
        heads = self.heads()
        with self.system.connect() as connection:
            behind = scalar(
                connection,
                "select coalesce(sum(events_behind), 0) + (select count(*) from pgmq.q_ves_ranges)"
                " + (select count(*) from pgmq.q_ves_commit) from ves.list_subscriptions(%s)",
                [self.agent.tenant_id],
            )
        streams = [a.store_id for a in self.agents[:EACH]] if self.calls else []
        return bool(self.failures) or (
            behind == 0 and all(len(self.streamed[store]) >= heads.get(store, 0) for store in streams)
        )

    def written(self) -> int:
        with suppress(psycopg.OperationalError):
            return sum(self.heads().values())
        return 0

    def end(self) -> None:
        self.stop.set()
        for call in self.calls.values():
            call.cancel()
        for thread in self.threads:
            thread.join(30)

    def check_streams(self) -> None:
        """Every event of the streams that were followed over gRPC came once and in order."""
        heads = self.heads()
        assert len(self.calls) == EACH
        for store in self.calls:
            whole(self.streamed[store])
            assert len(self.streamed[store]) == heads[store]

    def check_stored(self, kind: str) -> None:
        """Every event of every stream was stored and acknowledged once and in order by consumers of a kind."""
        with self.system.connect() as connection:
            rows = connection.execute(
                "select store_id, array_agg(number order by place) from public.results where kind = %s"
                " group by store_id",
                [kind],
            ).fetchall()
        for _, numbers in rows:
            whole(numbers)
        assert {store: len(numbers) for store, numbers in rows} == self.heads()


@pytest.fixture
def world(system: System) -> Iterator[Callable[[int], World]]:
    made: list[World] = []

    def make(events: int) -> World:
        made.append(World(system, events))
        return made[0]

    yield make
    for one in made:
        one.end()


@pytest.mark.parametrize("events", [3_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_kills_open_snapshots_and_slow_commits_skip_repeat_and_reorder_nothing(
    world: Callable[[int], World], system: System, events: int
) -> None:
    running = world(events)
    running.start()
    writers = [running.run(running.write, number) for number in range(WRITERS)]
    kills = (running.kill_consumers, system.kill_backend, system.kill_postmaster)
    for share, kill in enumerate(kills, start=1):
        wait_until(lambda share=share: running.written() >= events * share / 4, "the share", seconds=600)
        kill()
    for writer in writers:
        writer.join(600)
    wait_until(running.is_done, "everything is delivered", seconds=120)
    running.end()
    assert running.failures == []
    assert sum(running.heads().values()) == events // BATCH // WRITERS * BATCH * WRITERS
    running.check_streams()
    running.check_stored("group")
    running.check_stored("queue")


@pytest.mark.parametrize("kind", sorted(PLANTED))
def test_a_planted_skip_is_found(world: Callable[[int], World], system: System, kind: str) -> None:
    running = world(600)
    name, sound, planted = PLANTED[kind]
    with system.connect() as owner:
        text = scalar(owner, "select pg_get_functiondef(%s::regproc)", [name])
        assert sound in text
        owner.execute(text.replace(sound, planted))
    for number in range(EACH):
        running.run(running.consume, kind, f"{kind} {number}")
    running.write(0)
    other = "queue" if kind == "group" else "group"
    with system.connect() as owner:
        owner.execute("select ves.unsubscribe(%s, %s)", [running.agent.tenant_id, other])
    wait_until(running.is_done, "everything is delivered")
    running.end()
    assert running.failures == []
    with pytest.raises(AssertionError):
        running.check_stored(kind)
