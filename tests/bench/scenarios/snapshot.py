"""How much slower a queue is emptied while a session holds an old snapshot, so that vacuum removes no row."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from tests.bench import clocks
from tests.bench.results import Bar, Figure
from tests.bench.system import scalar

if TYPE_CHECKING:
    import psycopg

    from tests.bench.system import Bench

STREAMS = 100  # with something new in each turn
SUBSCRIBE = "select ves.subscribe(%s, 'queue', 'queue')"
MOVE = """
insert into pgmq.q_ves_commit (vt, message)
select now(), jsonb_build_object('tenant_id', %(tenant)s::uuid, 'store_id', s.id, 'sequence_from', %(turn)s::bigint,
  'sequence_to', %(turn)s::bigint)
from unnest(%(stores)s::uuid[]) as s (id)
"""
EMPTY = """
select count(ves.finish_range(%(tenant)s, 'queue', r.message_id, r.token))
from ves.read_queue(%(tenant)s, 'queue', 1000) as r
"""


def run(bench: Bench) -> list[Figure]:
    """One figure: messages a second at the end of the hold over those before it."""
    seconds = bench.size(full=30_000, quick=5_000, least=200) / 1_000
    held = 4 * seconds
    with bench.store() as store, store.connect() as connection, store.connect() as holder:
        queue = _Queue(connection)
        queue.rate(seconds / 2)
        before, before_cpu = queue.rate(seconds)
        with holder.transaction():
            holder.execute("set transaction isolation level repeatable read")
            holder.execute("select pg_current_xact_id()")
            queue.rate(held - seconds)
            after, after_cpu = queue.rate(seconds)
            dead = scalar(
                connection,
                "select sum(n_dead_tup) from pg_stat_user_tables where relname in ('q_ves_commit', 'q_ves_ranges', 'cursors')",
            )
    return [
        Figure(
            name="dequeue_under_a_snapshot",
            title="Emptying a queue at the end of a held snapshot, against before it",
            value=after / before,
            unit="times",
            bar=Bar(0.9),
            limited_by="dead rows that vacuum may not remove while the snapshot is held",
            details={
                "load": f"{STREAMS} streams move a turn; one session takes wake-ups, reads and finishes their messages",
                "held_s": held,
                "messages_per_s": {"before": round(before), "at the end": round(after)},
                "messages_per_cpu_s_of_the_session": {
                    "before": round(before_cpu),
                    "at the end": round(after_cpu),
                },
                "dead_rows": int(dead or 0),
            },
        )
    ]


class _Queue:
    """A subscription of kind queue whose streams move as fast as their messages are finished."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._tenant, self._turn = uuid.uuid4(), 0
        self._stores = [uuid.uuid4() for _ in range(STREAMS)]
        connection.execute(SUBSCRIBE, [self._tenant])

    def rate(self, seconds: float) -> tuple[float, float]:
        """Messages a second for so long, and a CPU second of the server's process. RuntimeError if one is missing."""
        done, started, backend = 0, time.monotonic(), self._connection.info.backend_pid
        cpu = clocks.process_cpu(backend)
        while time.monotonic() < started + seconds:
            self._turn += 1
            given = {"tenant": self._tenant, "stores": self._stores, "turn": self._turn}
            self._connection.execute(MOVE, given)
            finished = self._connection.execute(EMPTY, given).fetchone()
            if finished is None or finished[0] != STREAMS:
                raise RuntimeError(f"{finished} of {STREAMS} messages came")
            done += STREAMS
        cpu = clocks.process_cpu(backend) - cpu
        return done / (time.monotonic() - started), done / clocks.divisor(cpu)
