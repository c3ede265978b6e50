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
# Dead letters that are due, in the place of events.
REJECT = """
with added as (
  insert into ves_store.dead_letter_events (tenant_id, store_id, legacy, consumer, sequence_number, event_id, event_type,
    entity_type, entity_id, reason, status, holds_entity, created_at)
  select %(tenant)s, s.id, false, 'work', %(turn)s, gen_random_uuid(), 'e', 'e', 'e', 'unknown', 'failed', false, now()
  from unnest(%(stores)s::uuid[]) as s (id)
  returning dead_letter_id
)
select ves_int.schedule_retries(%(tenant)s, array_agg(a.dead_letter_id)) from added as a
"""
OPEN = {
    **dict.fromkeys(("queue", "group", "feed"), "select ves.subscribe(%(tenant)s, 'work', %(kind)s)"),
    "projector": "select ves.open_cursor(%(tenant)s, s.id, 'projector/work') from unnest(%(stores)s::uuid[]) as s (id)",
}
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
    "projector": """
        select count(ves.advance_cursor(c.tenant_id, c.store_id, 'projector/work', %(turn)s - 1, %(turn)s))
        from generate_series(1, %(streams)s) as n
        cross join lateral (select p.* from ves.claim_projector(60 + n) as p) as c""",
    "retry": """
        select count(ves_int.settle_dead_letter(c.tenant_id, c.dead_letter_id, c.retry_token, null))
        from ves_int.claim_retries('work', 1000) as c""",
    "single retry": """
        select count(ves_int.settle_dead_letter(c.tenant_id, c.dead_letter_id, c.retry_token, null))
        from generate_series(1, %(streams)s) as n
        cross join lateral (select r.* from ves_int.claim_retries('work', 1, 60 + n) as r) as c""",
}
# Kinds whose calls take one stream each, and the scans of which they keep the start.
SINGLE = {"projector": ("projectors", "ves_commit"), "single retry": ("retries/work",)}

START = {
    "ves_commit": "select s.last_value::text from pgmq.q_ves_commit_msg_id_seq as s",
    **dict.fromkeys(("projectors", "retries/work"), "select clock_timestamp()::text"),
}


class Working:
    """Streams that move by one in each turn, and the consumer that follows them."""

    def __init__(self, connection: psycopg.Connection[Any], kind: str) -> None:
        self._connection, self._work, self._turn = connection, WORK[kind], 0
        self._append = REJECT if kind.endswith("retry") else APPEND
        self._given = {"tenant": uuid.uuid4(), "stores": [uuid.uuid4() for _ in range(STREAMS)]}
        if kind in OPEN:
            connection.execute(OPEN[kind], {**self._given, "kind": kind})

    def turn(self) -> None:
        self._turn += 1
        given = {**self._given, "turn": self._turn, "streams": STREAMS}
        self._connection.execute(self._append, given)
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


@pytest.mark.parametrize("kind", [kind for kind in WORK if kind not in SINGLE])
@pytest.mark.usefixtures("held_snapshot")
def test_a_turn_touches_as_many_pages_after_many_turns_under_a_held_snapshot(
    database: Database, kind: str
) -> None:
    with database.connect() as connection:
        working = Working(connection, kind)
        recorder = Recorder(connection)
        few, many = (working.pages_after(turns, recorder) for turns in (FEW, MANY))
    assert many < 2 * few


@pytest.mark.usefixtures("held_snapshot")
def test_statistics_taken_while_messages_wait_lead_no_reader_past_dead_ones(database: Database) -> None:
    passed = "select pg_stat_get_xact_tuples_returned('pgmq.q_ves_ranges_pkey'::regclass)"
    with database.connect() as connection:
        working = Working(connection, "queue")
        for _ in range(MANY):
            working.turn()
        claimed = {**working._given, "turn": MANY + 1}
        connection.execute(APPEND, claimed)
        connection.execute("select ves.read_queue(%(tenant)s, 'work', 1000, visible_after => 3600)", claimed)
        connection.execute("analyze pgmq.q_ves_ranges")
    with database.connect() as fresh, fresh.transaction():
        fresh.execute("select ves.read_queue(%(tenant)s, 'work', 1000)", claimed)
        assert scalar(fresh, passed) == 0


@pytest.mark.parametrize("kind", SINGLE)
@pytest.mark.usefixtures("held_snapshot")
def test_calls_that_take_one_stream_each_begin_where_the_session_knows_the_first_live_one(
    database: Database, kind: str
) -> None:
    kept = "jsonb_set(current_setting('ves.scan_starts')::jsonb, array[%s, 'until'], '\"infinity\"')::text"
    with database.connect() as connection:
        working = Working(connection, kind)
        recorder, pages = Recorder(connection), []
        for turns in (FEW, MANY):
            working.pages_after(turns, recorder)
            for scan in SINGLE[kind]:
                start = scalar(connection, START[scan])
                connection.execute("select ves_int.keep_scan_start(%s, %s, 5000, now())", [scan, start])
                connection.execute(f"select set_config('ves.scan_starts', {kept}, false)", [scan])
            pages.append(working.pages_after(turns + 1, recorder))
    assert pages[1] < 1.5 * pages[0]


def test_a_long_scan_is_not_repeated_for_a_while_and_other_sessions_scan_on_their_own(
    database: Database,
) -> None:
    take = "select ves_int.take_wake_ups()"
    with database.connect() as connection, database.connect() as other:
        working = Working(connection, "cursor")
        working.turn()
        connection.execute(APPEND, {**working._given, "turn": 2})
        connection.execute(
            "select ves_int.keep_scan_start('ves_commit', (max(msg_id) - 4)::text, 400, now() - interval '1 minute')"
            " from pgmq.q_ves_commit"
        )
        assert scalar(connection, take) == 5
        assert scalar(connection, take) == 0
        assert scalar(other, take) == STREAMS - 5


def test_a_start_is_kept_only_if_many_entries_were_passed(database: Database) -> None:
    keep = "select ves_int.keep_scan_start('a', '5', %s, now() - interval '1 minute')"
    start = "select ves_int.scan_start('a')"
    with database.connect() as connection:
        connection.execute(keep, [399])
        assert scalar(connection, start) is None
        connection.execute(keep, [400])
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
