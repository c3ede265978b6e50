"""A tenant whose streams are written and followed by consumers of every kind while things are killed.

Groups and queues store each event in the transaction that acknowledges it, so what they stored is what they were given
once. A feed's readers keep its rows, clients of gRPC streams the numbers that they are sent.
"""

from __future__ import annotations

import hashlib
import queue
import random
import threading
import uuid
from collections import defaultdict
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
import psycopg

from tests.rpc.support import module, target, whole
from tests.sql.support import CALL, Agent, Edge, scalar, synthetic
from tests.support.processes import BOOTSTRAP_KEY
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fault.system import System

EACH, STORES, WRITERS, BATCH = 8, 24, 3, 20
SUBSCRIPTIONS = ("group", "queue", "feed")
STREAMS = ("StreamEvents", "SyncStream")
LEASE_SECONDS = 3
# Each SyncStream acknowledges after so many events.
ACK_EVENTS = 10
KEY_OF_THE_AGENT = "ss_agent_{}"
RESULTS = """
create table public.results (
  kind text, store_id uuid, number bigint, place bigint generated always as identity, primary key (kind, store_id, number)
);
grant insert on public.results to ves_service;
"""
STORE = "insert into public.results (kind, store_id, number) select %s, %s, n from unnest(%s::bigint[]) as n"
READ = "select sequence_number from ves.read_events(%s, %s, %s, %s)"
Feed = list[tuple[int, uuid.UUID, int, int]]


@dataclass
class World:
    """A tenant whose streams are written and followed by threads until `stop`."""

    system: System
    events: int
    kinds: tuple[str, ...] = SUBSCRIPTIONS + STREAMS
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)
    killed: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    feeds: dict[str, Feed] = field(default_factory=lambda: defaultdict(list))
    sent: dict[tuple[str, uuid.UUID], list[int]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[tuple[str, uuid.UUID], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tenant = uuid.uuid4()
        self.agent = Agent(tenant_id=tenant)
        self.agents = [self.agent.in_store(uuid.uuid4()) for _ in range(STORES)]
        with self.system.connect() as owner, self.system.connect("ves_api") as api:
            owner.execute(RESULTS)
            # more consumers than its part of the connections (sql/schemas/roles.sql)
            owner.execute("alter role ves_service connection limit 60")
            self.agent.register(api)
            self.signer = Edge.open(api).signer_id
            for kind in self.kinds:
                if kind in SUBSCRIPTIONS:
                    owner.execute("select ves.subscribe(%s, %s, %s)", [tenant, kind, kind])
            for agent in self.agents[:EACH]:
                # a SyncStream begins after what its agent acknowledged of the one store of its credential
                stream = [tenant, agent.store_id, agent.agent_id]
                owner.execute("select ves.acknowledge_events(%s, %s, %s, 0)", stream)
                digest = hashlib.sha256(KEY_OF_THE_AGENT.format(agent.store_id).encode()).hexdigest()
                owner.execute("select ves.create_api_key(%s, %s, array[%s], %s)", [digest, *stream])

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
                given = self.ranges(connection, kind, name)
                if not given:
                    # Consumers without a pause would take the time of the others.
                    self.stop.wait(0.05)
                for store, after, up_to, call, arguments in given:
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

    def read_feed(self, name: str) -> None:
        """Append the rows of the feed after the last one that this reader has."""
        have = self.feeds[name]
        with self.system.connect("ves_service") as connection:
            while not self.stop.is_set():
                after = have[-1][0] if have else 0
                found = connection.execute(
                    "select * from ves.read_feed(%s, 'feed', %s)", [self.agent.tenant_id, after]
                ).fetchall()
                if name in self.killed:
                    return
                have += found
                if not found:
                    self.stop.wait(0.05)

    def follow(self, store: uuid.UUID) -> None:
        """Append what StreamEvents sends to what this client has; go on after the last number."""
        have = self.sent["StreamEvents", store]
        request = module("v2").StreamEventsRequest(
            tenant_id=str(self.agent.tenant_id),
            store_id=str(store),
            from_sequence=len(have) + 1,
            include_history=True,
        )
        with grpc.insecure_channel(target(self.system.api)) as channel:
            stub = module("v2_grpc").SequencerStub(channel)
            call = stub.StreamEvents(request, metadata=(("x-api-key", BOOTSTRAP_KEY),))
            self.calls["StreamEvents", store] = call
            for event in call:
                have.append(event.sequence_number)
        raise grpc.RpcError

    def sync(self, store: uuid.UUID) -> None:
        """Append what a SyncStream sends, acknowledging some; it begins after what was acknowledged, and has no gap."""
        have, v2 = self.sent["SyncStream", store], module("v2")
        outgoing: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with self.system.connect() as connection:
            acknowledged = scalar(
                connection,
                "select last_pulled_sequence from ves.list_agent_positions(%s, %s) where store_id = %s",
                [self.agent.tenant_id, self.agent.agent_id, store],
            )
        expected = None
        with grpc.insecure_channel(target(self.system.api)) as channel:
            stub = module("v2_grpc").SequencerStub(channel)
            key = KEY_OF_THE_AGENT.format(store)
            call = stub.SyncStream(iter(outgoing.get, None), metadata=(("x-api-key", key),))
            self.calls["SyncStream", store] = call
            try:
                for message in call:
                    number = message.event.sequence_number
                    assert message.event.envelope.store_id == str(store)
                    assert number == expected or (expected is None and acknowledged < number <= len(have) + 1)
                    expected = number + 1
                    if number > len(have):
                        have.append(number)
                    if number % ACK_EVENTS == 0:
                        outgoing.put(v2.SyncMessage(ack=v2.EventAck(agent_head_sequence=number)))
            finally:
                outgoing.put(None)
        raise grpc.RpcError

    def start(self) -> None:
        self.run(self.hold)
        for number in range(EACH):
            store = self.agents[number].store_id
            for kind in self.kinds:
                name = f"{kind} {number}"
                if kind == "feed":
                    self.run(self.read_feed, name)
                elif kind in STREAMS:
                    self.run(self.follow if kind == "StreamEvents" else self.sync, store)
                else:
                    self.run(self.consume, kind, name)

    def kill_consumers(self) -> None:
        """One of each kind dies with what it holds; others come."""
        self.killed |= {"group 0", "queue 0", "feed 0"}
        for kind in ("group", "queue"):
            self.run(self.consume, kind, f"{kind} heir")
        self.feeds["feed heir"] = [*self.feeds["feed 0"]]
        self.run(self.read_feed, "feed heir")
        for kind in STREAMS:
            self.calls[kind, self.agents[0].store_id].cancel()

    def heads(self) -> dict[uuid.UUID, int]:
        with self.system.connect() as connection:
            rows = connection.execute(
                "select store_id, head_sequence from ves.list_heads(%s)", [self.agent.tenant_id]
            )
            return dict(rows.fetchall())

    def left(self) -> dict[str, int]:
        """What is not delivered yet: events of each kind, messages, and rows of the feed for each reader."""
        self.system.revive()
        heads = self.heads()
        with self.system.connect() as connection:
            found = dict(
                connection.execute(
                    "select name, events_behind from ves.list_subscriptions(%s)", [self.agent.tenant_id]
                ).fetchall()
            )
            for name in ("ranges", "commit"):
                found[name] = scalar(connection, f"select count(*) from pgmq.q_ves_{name}")
            last = scalar(connection, "select coalesce(max(feed_number), 0) from ves_store.feed_ranges")
        for name, rows in self.feeds.items():
            found[name] = 0 if name in self.killed else last - len(rows)
        for (kind, store), numbers in self.sent.items():
            found[kind] = found.get(kind, 0) + heads.get(store, 0) - len(numbers)
        return {name: count for name, count in found.items() if count}

    def wait(self, seconds: float = 30) -> None:
        """Wait until everything is delivered, or a consumer failed."""
        with suppress(AssertionError):
            wait_until(lambda: self.failures or not self.left(), "everything is delivered", seconds=seconds)
            return
        raise AssertionError(f"not delivered within {seconds} s: {self.left()}")

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

    def check(self) -> None:
        """Every event was delivered once and in order by every consumer, or consumers, of each kind."""
        heads = self.heads()
        for kind in self.kinds:
            if kind in STREAMS:
                found = [(store, have) for (name, store), have in self.sent.items() if name == kind]
                assert len(found) == EACH
                for store, have in found:
                    whole(have)
                    assert len(have) == heads[store]
            elif kind == "feed":
                self.check_feeds(heads)
            else:
                self.check_stored(kind, heads)

    def check_stored(self, kind: str, heads: dict[uuid.UUID, int]) -> None:
        with self.system.connect() as connection:
            rows = connection.execute(
                "select store_id, array_agg(number order by place) from public.results where kind = %s"
                " group by store_id",
                [kind],
            ).fetchall()
        for _, numbers in rows:
            whole(numbers)
        assert {store: len(numbers) for store, numbers in rows} == heads

    def check_feeds(self, heads: dict[uuid.UUID, int]) -> None:
        """All readers have the same rows under the same numbers, and these cover each stream in its order."""
        kept = [rows for name, rows in self.feeds.items() if name not in self.killed]
        assert len(kept) == EACH
        assert all(rows == kept[0] for rows in kept)
        whole([number for number, *_ in kept[0]])
        reached = dict.fromkeys(heads, 0)
        for _, store, first, last in kept[0]:
            assert first == reached[store] + 1
            reached[store] = last
        assert reached == heads
