"""How much slower a queue is emptied while a session holds an old snapshot, so that vacuum removes no row."""

from __future__ import annotations

import contextlib
import statistics
import time
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.bench import clocks
from tests.bench.results import Bar, Figure
from tests.bench.system import scalar

if TYPE_CHECKING:
    import psycopg

    from tests.bench.system import Bench

STREAMS = 100  # with something new in each turn
_TURNS = 20
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
_DEAD = "select sum(n_dead_tup) from pg_stat_user_tables where relname in ('q_ves_commit', 'q_ves_ranges', 'cursors')"


def run(bench: Bench) -> list[Figure]:
    """One figure: messages a second in the last quarter of the hold, over those of a database without one.

    Two databases take turns of equal work, so whatever else the machine does slows both. A snapshot of one database keeps
    no rows in another.
    """
    pairs = bench.size(full=240, quick=40, least=2)
    with bench.store() as store, bench.store() as other, contextlib.ExitStack() as stack:
        connection, holder = (stack.enter_context(store.connect()) for _ in range(2))
        queues = [_Queue(connection), _Queue(stack.enter_context(other.connect()))]
        for queue in queues:
            queue.empty(_TURNS)
        stack.enter_context(holder.transaction())
        holder.execute("set transaction isolation level repeatable read")
        holder.execute("select pg_current_xact_id()")
        began = time.monotonic()
        times = [[queue.empty(_TURNS) for queue in queues] for _ in range(pairs)]
        held = time.monotonic() - began
        dead = scalar(connection, _DEAD)
    last = times[-max(1, pairs // 4) :]
    return [
        Figure(
            name="dequeue_under_a_snapshot",
            title="Emptying a queue at the end of a held snapshot, against without one",
            value=statistics.median(free.wall / kept.wall for kept, free in last),
            unit="times",
            bar=Bar(0.9),
            limited_by="dead rows that vacuum may not remove while the snapshot is held",
            details={
                "load": f"{STREAMS} streams move a turn; one session takes wake-ups, reads and finishes their messages",
                "held_s": round(held, 1),
                "messages": pairs * _TURNS * STREAMS,
                "messages_per_cpu_s_of_the_session": {
                    name: round(
                        len(last) * _TURNS * STREAMS / clocks.divisor(sum(found[at].cpu for found in last))
                    )
                    for at, name in enumerate(("with", "without"))
                },
                "dead_rows": int(dead or 0),
            },
        )
    ]


class _Spent(NamedTuple):
    """Seconds, and CPU seconds of the session's process in the server."""

    wall: float
    cpu: float


class _Queue:
    """A subscription of kind queue whose streams move as fast as their messages are finished."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._tenant, self._turn = uuid.uuid4(), 0
        self._stores = [uuid.uuid4() for _ in range(STREAMS)]
        connection.execute(SUBSCRIBE, [self._tenant])

    def empty(self, turns: int) -> _Spent:
        """Move and finish so many turns of messages. RuntimeError if one is missing."""
        backend = self._connection.info.backend_pid
        started, cpu = time.monotonic(), clocks.process_cpu(backend)
        for _ in range(turns):
            self._turn += 1
            given = {"tenant": self._tenant, "stores": self._stores, "turn": self._turn}
            self._connection.execute(MOVE, given)
            finished = self._connection.execute(EMPTY, given).fetchone()
            if finished is None or finished[0] != STREAMS:
                raise RuntimeError(f"{finished} of {STREAMS} messages came")
        return _Spent(time.monotonic() - started, clocks.process_cpu(backend) - cpu)
