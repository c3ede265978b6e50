"""A consumer's failures: retried with growing delays, in the order of each entity, and never lost."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from tests.sql.support import Agent, Edge, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

# Handles an event by writing it down; fails while its entity is listed as broken.
HANDLER = """
create table ves_store.handled (entity_id text, sequence_number bigint, n bigint generated always as identity);
create table ves_store.broken (entity_id text, reason text);
create function ves_int.handle_in_test(
  consumer text, tenant_id uuid, store_id uuid, legacy boolean, sequence_number bigint,
  out reason text, out message text
) language plpgsql security definer set search_path to pg_catalog, pg_temp as $$
declare
  v_entity text;
begin
  select e.entity_id into strict v_entity from ves_store.ves_events as e
  where e.tenant_id = handle_in_test.tenant_id and e.store_id = handle_in_test.store_id
    and e.sequence_number = handle_in_test.sequence_number;
  select b.reason into reason from ves_store.broken as b where b.entity_id = v_entity;
  if reason = 'handler_error' then
    raise exception 'entity % is broken', v_entity;
  end if;
  if reason is null then
    insert into ves_store.handled (entity_id, sequence_number) values (v_entity, handle_in_test.sequence_number);
  end if;
end $$;
alter function ves_int.handle_in_test owner to ves_owner;
alter table ves_store.handled owner to ves_owner;
alter table ves_store.broken owner to ves_owner;
insert into ves_store.retry_handlers values ('test', 'handle_in_test');
"""


class Consumer:
    """A consumer with a stream of three events of entity `a` and three of `b`, in turns."""

    def __init__(self, owner: psycopg.Connection[Any], worker: psycopg.Connection[Any], agent: Agent) -> None:
        self.owner, self.worker, self.agent = owner, worker, agent

    def fail(self, number: int, reason: str = "handler_error", *, holds: bool = True) -> int:
        return int(
            scalar(
                self.owner,
                "select ves_int.dead_letter('test', %s, %s, false, %s, %s, 'why', %s)",
                [self.agent.tenant_id, self.agent.store_id, number, reason, holds],
            )
        )

    def park(self, number: int, entity: str) -> bool:
        return bool(
            scalar(
                self.owner,
                "select ves_int.park_event('test', %s, %s, false, %s, 'order', %s)",
                [self.agent.tenant_id, self.agent.store_id, number, entity],
            )
        )

    def break_entity(self, entity: str, reason: str = "handler_error") -> None:
        self.owner.execute("insert into ves_store.broken values (%s, %s)", [entity, reason])

    def repair(self) -> None:
        self.owner.execute("delete from ves_store.broken")

    def pass_time(self) -> None:
        """As if every retry had become due."""
        self.owner.execute("update pgmq.q_ves_dead_letters set vt = now()")

    def retry(self) -> list[tuple[int, str]]:
        """Everything that is due, until nothing is: (number, status after the attempt)."""
        done = []
        while row := self.worker.execute("select * from ves.retry_next_dead_letter()").fetchone():
            number = scalar(
                self.owner,
                "select sequence_number from ves_store.dead_letter_events where dead_letter_id = %s",
                [row[1]],
            )
            done.append((int(number), str(row[2])))
        return done

    def rows(self, columns: str = "sequence_number, status") -> list[tuple[Any, ...]]:
        statement = sql.SQL("select {} from ves_store.dead_letter_events order by sequence_number")
        return self.owner.execute(statement.format(sql.SQL(columns))).fetchall()  # type: ignore[arg-type]

    def handled(self) -> list[tuple[str, int]]:
        return self.owner.execute(
            "select entity_id, sequence_number from ves_store.handled order by n"
        ).fetchall()


@pytest.fixture
def consumer(database: Database) -> Iterator[Consumer]:
    with (
        database.connect("ves_api") as api,
        database.connect("ves_worker") as worker,
        database.connect() as owner,
    ):
        owner.execute(HANDLER)
        agent, edge = Agent(), Edge.open(api)
        agent.register(api)
        edge.ingest(agent, *(agent.event(entity_type="order", entity_id=entity) for entity in "ababab"))
        yield Consumer(owner, worker, agent)


def test_later_events_of_the_entity_wait_and_are_handled_in_order(consumer: Consumer) -> None:
    consumer.break_entity("a")
    consumer.fail(1)
    assert [consumer.park(2, "b"), consumer.park(3, "a"), consumer.park(4, "b"), consumer.park(5, "a")] == [
        False,
        True,
        False,
        True,
    ]
    assert consumer.retry() == [], "the first retry is due in a minute"
    consumer.pass_time()
    assert consumer.retry() == [(1, "pending")]
    consumer.repair()
    consumer.pass_time()
    assert consumer.retry() == [(1, "resolved"), (3, "resolved"), (5, "resolved")]
    assert consumer.handled() == [("a", 1), ("a", 3), ("a", 5)]
    assert not consumer.park(5, "a"), "nothing holds the entity any more"


def test_a_parked_event_that_fails_holds_those_behind_it(consumer: Consumer) -> None:
    consumer.fail(1)
    assert consumer.park(3, "a")
    assert consumer.park(5, "a")
    consumer.pass_time()
    assert consumer.worker.execute("select status from ves.retry_next_dead_letter()").fetchall() == [
        ("resolved",)
    ]
    consumer.break_entity("a")
    assert consumer.retry() == [(3, "pending")]
    assert consumer.rows() == [(1, "resolved"), (3, "pending"), (5, "parked")]
    consumer.repair()
    consumer.pass_time()
    consumer.retry()
    assert consumer.handled() == [("a", 1), ("a", 3), ("a", 5)]


@pytest.mark.parametrize("reason", ["invariant_violation", "invalid_state_transition"])
def test_a_refused_event_is_never_retried_and_nothing_waits_for_it(consumer: Consumer, reason: str) -> None:
    consumer.fail(1, reason)
    consumer.pass_time()
    assert (consumer.park(3, "a"), consumer.retry()) == (False, [])
    assert consumer.rows("sequence_number, status, reason, holds_entity") == [(1, "failed", reason, False)]


def test_an_event_that_is_refused_when_it_is_retried_holds_its_entity_no_more(consumer: Consumer) -> None:
    consumer.fail(1)
    consumer.park(3, "a")
    consumer.break_entity("a", "invariant_violation")
    consumer.pass_time()
    assert consumer.retry() == [(1, "failed"), (3, "failed")]
    assert not consumer.park(5, "a")


def test_a_failure_that_does_not_hold_its_entity_is_retried_while_others_go_on(consumer: Consumer) -> None:
    consumer.fail(1, "version_conflict", holds=False)
    assert not consumer.park(3, "a")
    consumer.pass_time()
    assert consumer.retry() == [(1, "resolved")]


def test_delays_double_from_a_minute_to_an_hour_and_end_after_ten_retries(consumer: Consumer) -> None:
    consumer.break_entity("a")
    consumer.fail(1)
    consumer.park(3, "a")
    delay = "extract(epoch from next_retry_at - greatest(created_at, last_retry_at))::float8"
    for retry in range(10):
        base = min(60 * 2**retry, 3600)
        row = consumer.rows(f"status, retry_count, {delay}, error_message")[0]
        assert row[:2] == ("pending", retry)
        assert base * 0.75 <= row[2] <= base * 1.25 + 1, f"retry {retry}"
        consumer.pass_time()
        consumer.retry()
    row = consumer.rows("status, retry_count, next_retry_at, error_message")[0]
    assert row == ("failed", 10, None, "P0001: entity a is broken")
    consumer.pass_time()
    assert consumer.retry() == [], "only an operator retries it now"
    assert consumer.park(5, "a"), "what failed for good still holds its entity: an operator decides"


def test_a_claim_whose_worker_died_is_taken_over_and_its_old_token_is_refused(consumer: Consumer) -> None:
    letter = consumer.fail(1)
    consumer.pass_time()
    claim = "select retry_token from ves_int.claim_retries('test', 1, %s)"
    settle = "select ves_int.settle_dead_letter(%s, %s, %s, null)"
    assert consumer.owner.execute(claim, [60]).fetchall() == [(1,)]
    assert consumer.owner.execute(claim, [60]).fetchall() == [], "it is claimed"
    consumer.pass_time()
    assert consumer.owner.execute(claim, [60]).fetchall() == [(2,)]
    with pytest.raises(psycopg.Error) as refusal:
        consumer.owner.execute(settle, [consumer.agent.tenant_id, letter, 1])
    assert refusal.value.sqlstate == "VE406"
    consumer.owner.execute(settle, [consumer.agent.tenant_id, letter, 2])
    assert consumer.rows() == [(1, "resolved")]
    consumer.pass_time()
    assert consumer.retry() == []
    assert scalar(consumer.owner, "select count(*) from pgmq.q_ves_dead_letters") == 0, "stale messages go"


def test_a_consumer_stops_rather_than_lose_events_when_too_many_are_open(consumer: Consumer) -> None:
    consumer.owner.execute("select ves.set_limit('open_dead_letters', 2)")
    consumer.fail(1)
    consumer.fail(2)
    with pytest.raises(psycopg.Error) as refusal:
        consumer.fail(3, holds=False)
    assert refusal.value.sqlstate == "VE912"
    with pytest.raises(psycopg.Error) as refusal:
        consumer.park(3, "a")
    assert refusal.value.sqlstate == "VE912"
    consumer.pass_time()
    assert consumer.retry() == [(1, "resolved"), (2, "resolved")]
    for number in (3, 4):
        consumer.fail(number, holds=False)
    with pytest.raises(psycopg.Error):
        consumer.fail(5, holds=False)


def test_the_kept_count_is_that_of_the_open_rows(consumer: Consumer) -> None:
    consumer.fail(1)
    consumer.park(3, "a")
    consumer.park(5, "a")
    letter = consumer.fail(2, "invariant_violation")
    consumer.break_entity("a", "invalid_state_transition")
    consumer.pass_time()
    consumer.retry()
    assert counted(consumer) == [("test", 4)]
    consumer.owner.execute("select ves.discard_dead_letter(%s, %s)", [consumer.agent.tenant_id, letter])
    consumer.repair()
    consumer.owner.execute("select ves.retry_dead_letters(%s)", [consumer.agent.tenant_id])
    assert len(consumer.retry()) == 3
    consumer.owner.execute("select ves.purge_dead_letters(%s, null, '0')", [consumer.agent.tenant_id])
    assert (consumer.rows(), counted(consumer)) == ([], [("test", 0)])
    consumer.fail(4)
    assert counted(consumer) == [("test", 1)]
    assert scalar(consumer.owner, "select count(*) from ves_store.dead_letter_counts") == 1, "one row again"


def test_who_counts_letters_in_an_open_transaction_is_not_waited_for(
    database: Database, consumer: Consumer
) -> None:
    letter = consumer.fail(1, "invariant_violation")
    with database.connect() as other, other.transaction():
        other.execute("set local lock_timeout to '1ms'")
        other.execute(
            "select ves_int.dead_letter('test', %s, %s, false, 2, 'invariant_violation')",
            [consumer.agent.tenant_id, consumer.agent.store_id],
        )
        consumer.owner.execute("set lock_timeout to '1ms'")
        consumer.owner.execute("select ves.discard_dead_letter(%s, %s)", [consumer.agent.tenant_id, letter])
        consumer.fail(3, "invariant_violation")
        assert counted(consumer) == [("test", 1)]
    assert counted(consumer) == [("test", 2)]
    consumer.fail(4, "invariant_violation")
    assert counted(consumer) == [("test", 3)]


def counted(consumer: Consumer) -> list[tuple[Any, ...]]:
    return consumer.owner.execute(
        "select consumer, sum(letters)::int from ves_store.dead_letter_counts group by 1"
    ).fetchall()


# Tenants whose dead letters are due (for the past so many seconds, each so many letters) or not (a negative past).
SCHEDULE = """
with added as (
  insert into ves_store.dead_letter_events (tenant_id, store_id, legacy, consumer, sequence_number, event_id, event_type,
    entity_type, entity_id, reason, status, holds_entity, created_at)
  select %(tenant)s, %(tenant)s, false, 'test', n, gen_random_uuid(), 'e', 'e', 'e', 'unknown', 'failed', false, now()
  from generate_series(1, %(letters)s) as n
  returning dead_letter_id
),
scheduled as (select ves_int.schedule_retries(%(tenant)s, array_agg(a.dead_letter_id)) from added as a)
select count(*) from scheduled
"""
AGE = "update pgmq.q_ves_dead_letters set vt = now() - %s * interval '1 second' where message ->> 'tenant_id' = %s"


def schedule(consumer: Consumer, letters: int, seconds: int) -> uuid.UUID:
    tenant = uuid.uuid4()
    consumer.owner.execute(SCHEDULE, {"tenant": tenant, "letters": letters})
    consumer.owner.execute(AGE, [seconds, str(tenant)])
    return tenant


def served(consumer: Consumer, calls: int) -> list[uuid.UUID | None]:
    claim = "select tenant_id from ves_int.claim_retries('test')"
    return [scalar(consumer.owner, claim) for _ in range(calls)]


def test_tenants_take_turns_however_many_letters_of_one_are_due(consumer: Consumer) -> None:
    many = schedule(consumer, 1_000, 3_600)
    few = [schedule(consumer, 2, seconds) for seconds in (60, 1)]
    turn = served(consumer, 6)
    assert sorted(turn[:3]) == sorted([many, *few])
    assert turn[3:] == turn[:3]
    assert served(consumer, 3) == [many] * 3


def test_a_due_letter_waits_for_the_tenants_before_it_not_for_their_letters(consumer: Consumer) -> None:
    many = schedule(consumer, 500, 3_600)
    for _ in range(100):
        schedule(consumer, 1, -3_600)
    late = schedule(consumer, 1, 1)
    turns = served(consumer, 6)
    assert turns.count(late) == 1
    assert turns.count(many) == 5, "a turn that finds none of 32 tenants is of the longest due"


def test_a_call_removes_so_many_messages_of_discarded_letters_and_the_next_goes_on(
    consumer: Consumer,
) -> None:
    tenant = schedule(consumer, 2_500, 60)
    consumer.owner.execute(
        "update ves_store.dead_letter_events set status = 'discarded', next_retry_at = null, message_id = null,"
        " settled_at = now() where sequence_number < 2500"
    )
    assert served(consumer, 1) == [None]
    assert scalar(consumer.owner, "select count(*) from pgmq.q_ves_dead_letters") == 500
    assert served(consumer, 2) == [tenant, None]


def test_an_event_that_does_not_exist_is_no_dead_letter(consumer: Consumer) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        consumer.fail(7)
    assert refusal.value.sqlstate == "VE609"
    consumer.agent.tenant_id = uuid.uuid4()
    with pytest.raises(psycopg.Error) as refusal:
        consumer.fail(1)
    assert refusal.value.sqlstate == "VE609"
