"""Work costs the same, however many dead rows a session with an old snapshot keeps in the tables of work."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.plans.explain import Recorder
from tests.sql.support import scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.conftest import Database

FEW, MANY = 10, 100  # turns of work, each of which leaves some dead rows for every stream
STREAMS = 20
APPEND = """
insert into pgmq.q_ves_commit (vt, message)
select now(), jsonb_build_object('tenant_id', %(tenant)s::uuid, 'store_id', s.id, 'sequence_from', %(turn)s::bigint,
  'sequence_to', %(turn)s::bigint)
from unnest(%(stores)s::uuid[]) as s (id)
"""
SUBSCRIBE = "select ves.subscribe(%(tenant)s, 'work', %(kind)s)"
# What takes the work of a turn and finishes it: how many streams it was given.
WORK = {
    "queue": """
        select count(ves.finish_range(%(tenant)s, 'work', r.message_id, r.token))
        from ves.read_queue(%(tenant)s, 'work', 1000) as r""",
    "group": """
        select count(ves.ack(%(tenant)s, 'work', r.store_id, r.token, r.up_to))
        from ves.fetch_ranges(%(tenant)s, 'work', 'a', 1000) as r""",
    "feed": "select count(*) from ves.read_feed(%(tenant)s, 'work', (%(turn)s - 1) * %(streams)s, 1000)",
    "cursor": """
        select count(ves.advance_cursor(c.tenant_id, c.store_id, 'receipts', c.done_to, c.head_sequence))
        from ves.claim_cursors('receipts', 1000) as c""",
}


class Working:
    """Streams that move by one in each turn, and the consumer that follows them."""

    def __init__(self, connection: psycopg.Connection[Any], kind: str) -> None:
        self._connection, self._work, self._turn = connection, WORK[kind], 0
        self._given = {"tenant": uuid.uuid4(), "stores": [uuid.uuid4() for _ in range(STREAMS)]}
        if kind != "cursor":
            connection.execute(SUBSCRIBE, {**self._given, "kind": kind})

    def turn(self) -> None:
        self._turn += 1
        given = {**self._given, "turn": self._turn, "streams": STREAMS}
        self._connection.execute(APPEND, given)
        assert scalar(self._connection, self._work, given) == STREAMS

    def pages_after(self, turns: int, recorder: Recorder) -> int:
        """Pages that statements of a turn touch after so many turns; one counts again in those that call it."""
        while self._turn < turns:
            self.turn()
        return sum(ran.buffers for ran in recorder.record(self.turn))


@pytest.fixture
def held_snapshot(database: Database) -> Iterator[None]:
    with database.connect() as holder, holder.transaction():
        holder.execute("set transaction isolation level repeatable read")
        holder.execute("select pg_current_xact_id()")
        yield


@pytest.mark.parametrize("kind", WORK)
@pytest.mark.usefixtures("held_snapshot")
def test_a_turn_touches_as_many_pages_after_many_turns_under_a_held_snapshot(
    database: Database, kind: str
) -> None:
    with database.connect() as connection:
        working = Working(connection, kind)
        recorder = Recorder(connection)
        few, many = (working.pages_after(turns, recorder) for turns in (FEW, MANY))
    assert many < 2 * few


def test_a_long_scan_is_not_repeated_for_a_while_and_other_sessions_scan_on_their_own(
    database: Database,
) -> None:
    take = "select ves_int.take_wake_ups()"
    with database.connect() as connection, database.connect() as other:
        working = Working(connection, "cursor")
        working.turn()
        connection.execute(APPEND, {**working._given, "turn": 2})
        connection.execute(
            "select ves_int.keep_scan_start('ves_commit', (max(msg_id) - 4)::text, 1000000)"
            " from pgmq.q_ves_commit"
        )
        assert scalar(connection, take) == 5
        assert scalar(connection, take) == 0
        assert scalar(other, take) == STREAMS - 5


def test_a_start_is_kept_only_if_many_entries_were_passed(database: Database) -> None:
    keep = "select ves_int.keep_scan_start('a', '5', %s)"
    start = "select ves_int.scan_start('a')"
    with database.connect() as connection:
        connection.execute(keep, [4_999])
        assert scalar(connection, start) is None
        connection.execute(keep, [1_000_000])
        assert scalar(connection, start) == "5"
        connection.execute(
            "select set_config('ves.scan_starts', jsonb_set(current_setting('ves.scan_starts')::jsonb,"
            " '{a,until}', to_jsonb(clock_timestamp()))::text, false)"
        )
        assert scalar(connection, start) is None, "the time is over"


@pytest.mark.usefixtures("held_snapshot")
def test_entries_of_dead_rows_are_counted_as_passed(database: Database) -> None:
    with database.connect() as connection:
        working = Working(connection, "cursor")
        for _ in range(5_000 // STREAMS + 2):
            working.turn()
        kept = scalar(connection, "select current_setting('ves.scan_starts', true)::jsonb")
        assert "ves_commit" in kept
