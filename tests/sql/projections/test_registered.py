"""A projector of an agent's own: the worked example of docs/projections.md, and what a hostile one cannot do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.projection_support import Happened, Store
from tests.sql.support import Edge, scalar
from tests.support.cluster import ROOT
from tests.support.waiting import wait_until
from ves_workers.projections.registered import ProjectorsWorker
from ves_workers.runtime.database import WorkerDatabase
from ves_workers.settings.process import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

PAGE = (ROOT / "docs" / "projections.md").read_text(encoding="utf-8")
EXAMPLE, REGISTRATION = re.findall(
    r"```sql\n(.*?)```", PAGE.split("## A projector of your own")[1], re.DOTALL
)[:2]
RUN = "select r.events, r.rejected from ves.run_projector(%s, %s, 'revenue', 100) as r"


@pytest.fixture
def shop(database: Database) -> Iterator[tuple[Store, psycopg.Connection[Any]]]:
    """A store, and the superuser, in a database of their own."""
    with (
        database.connect("ves_api") as api,
        database.connect("ves_worker") as worker,
        database.connect() as superuser,
    ):
        superuser.execute("drop role if exists shop_projector")
        yield Store(Edge.open(api), worker), superuser
        superuser.execute("drop owned by shop_projector cascade")
        superuser.execute("drop role shop_projector")


def order(total: Any, entity_id: str = "1") -> Happened:
    return Happened("order.created", entity_id, {"customer_id": "c", "total_amount": total})


def register(shop: Any, database: Database) -> None:
    store, superuser = shop
    superuser.execute(EXAMPLE)
    with database.connect("ves_admin") as admin:
        tenant, store_id = store.ids
        admin.execute(REGISTRATION.replace("<tenant>", str(tenant)).replace("<store>", str(store_id)))


def projector(body: str, security: str = "definer") -> str:
    """The statement that gives the example's projector another body."""
    return (
        "create or replace function shop.project_revenue(events json) returns void language plpgsql"
        f" security {security} as $f$ begin {body}; end $f$"
    )


def test_the_example_projects_and_refuses(shop: Any, database: Database) -> None:
    store, superuser = shop
    register(shop, database)
    store.append(order(5), order(-1, "2"), order(7, "3"), Happened("shipment.created"), stream="ves")
    assert store.worker.execute("select c.name from ves.claim_projector() as c").fetchall() == [("revenue",)]
    assert store.worker.execute("select * from ves.claim_projector()").fetchall() == []
    assert store.worker.execute(RUN, store.ids).fetchone() == (4, 1)
    assert scalar(superuser, "select sum(r.total) from shop.revenue as r") == 12
    assert superuser.execute(
        "select sequence_number, reason from ves_store.dead_letter_events where consumer = 'projector/revenue'"
    ).fetchall() == [(2, "invariant_violation")]
    assert store.worker.execute(RUN, store.ids).fetchone() == (0, 0)


DUE = "update pgmq.q_ves_dead_letters set vt = now() - interval '1 second'"
CLAIM = "select c.name, c.dead_letter_id, c.token from ves.claim_projector() as c"
RETRY = "select r.events, r.rejected from ves.run_projector(%s, %s, 'revenue', 100, %s, %s) as r"
LETTER = "select d.status, d.reason, d.retry_count from ves_store.dead_letter_events as d"


def test_a_dead_letter_is_retried_to_success_when_its_cause_is_repaired(
    shop: Any, database: Database
) -> None:
    store, superuser = shop
    register(shop, database)
    superuser.execute("revoke usage on schema shop from ves_projector")
    store.append(order(5), stream="ves")
    assert store.worker.execute(CLAIM).fetchall() == [("revenue", None, None)]
    assert store.worker.execute(RUN, store.ids).fetchone() == (1, 1)
    assert store.worker.execute(CLAIM).fetchall() == [], "the retry is due later"
    superuser.execute(DUE)
    [(name, letter, token)] = store.worker.execute(CLAIM).fetchall()
    assert (name, token) == ("revenue", 1)
    assert store.worker.execute(CLAIM).fetchall() == [], "it is claimed"
    assert store.worker.execute(RETRY, [*store.ids, letter, token]).fetchone() == (1, 1)
    assert superuser.execute(LETTER).fetchall() == [("pending", "handler_error", 1)]
    superuser.execute("grant usage on schema shop to ves_projector")
    superuser.execute(DUE)
    [(_, letter, token)] = store.worker.execute(CLAIM).fetchall()
    assert store.worker.execute(RETRY, [*store.ids, letter, token]).fetchone() == (1, 0)
    assert superuser.execute(LETTER).fetchall() == [("resolved", "handler_error", 1)]
    assert scalar(superuser, "select r.total from shop.revenue as r") == 5
    with pytest.raises(psycopg.Error) as refusal:
        store.worker.execute(RETRY, [*store.ids, letter, token])
    assert refusal.value.sqlstate == "VE406"


def test_a_refused_event_is_retried_by_an_operator_and_refused_again(shop: Any, database: Database) -> None:
    store, superuser = shop
    register(shop, database)
    store.append(order(-1), stream="ves")
    assert store.worker.execute(RUN, store.ids).fetchone() == (1, 1)
    with database.connect("ves_admin") as admin:
        admin.execute("select ves.retry_dead_letters(%s)", [store.ids[0]])
    [(_, letter, token)] = [row for row in store.worker.execute(CLAIM).fetchall() if row[1]]
    assert store.worker.execute(RETRY, [*store.ids, letter, token]).fetchone() == (1, 1)
    assert superuser.execute(LETTER).fetchall() == [("failed", "invariant_violation", 1)]


def test_a_checkpoint_of_which_only_the_key_is_left_is_made_again(shop: Any, database: Database) -> None:
    store, superuser = shop
    register(shop, database)
    store.append(order(5), stream="ves")
    superuser.execute("delete from ves_store.cursors where consumer = 'projector/revenue'")
    with database.connect("ves_admin") as admin:
        again = "select ves.register_projector(%s, %s, 'revenue', 'shop.project_revenue')"
        assert scalar(admin, again, store.ids) == 0
    assert store.worker.execute(RUN, store.ids).fetchone() == (1, 0)


HOSTILE = {
    "reads a table of ours": "perform 1 from ves_store.api_keys",
    "calls a function of ours": "perform ves.set_projection_mode('off')",
    "moves a checkpoint": "perform ves.advance_cursor(gen_random_uuid(), gen_random_uuid(), 'receipts', 0, 0)",
    "takes an advisory lock": "perform pg_advisory_lock(1)",
    "makes a temporary table": "create temporary table t (n int)",
    "becomes the owner": "set local role ves_owner",
    "leaves a cursor to the commit": "execute 'declare c cursor with hold for select 1'",
}


@pytest.mark.parametrize("security", ["definer", "invoker"])
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_projector_has_no_right_but_its_own(
    shop: Any, database: Database, body: str, security: str
) -> None:
    """Its owner may change the function after it was registered."""
    store, superuser = shop
    register(shop, database)
    superuser.execute(projector(body, security))
    store.append(order(5), stream="ves")
    assert store.worker.execute(RUN, store.ids).fetchone() == (1, 1)
    (message,) = superuser.execute("select error_message from ves_store.dead_letter_events").fetchone() or (
        "",
    )
    assert message.startswith(("42", "0A000", "VE105"))


def test_a_projector_that_runs_as_its_caller_drops_nothing_of_ours(shop: Any, database: Database) -> None:
    store, superuser = shop
    register(shop, database)
    superuser.execute(projector("execute 'drop owned by current_user cascade'", "invoker"))
    store.append(order(5), stream="ves")
    assert store.worker.execute(RUN, store.ids).fetchone() == (1, 1)
    superuser.execute(
        EXAMPLE[EXAMPLE.index("create function") : EXAMPLE.index("reset role")].replace(
            "create", "create or replace", 1
        )
    )
    store.append(order(6, "2"), stream="ves")
    assert store.worker.execute(RUN, store.ids).fetchone() == (1, 0)


def test_a_projector_cannot_change_the_session(shop: Any, database: Database) -> None:
    store, superuser = shop
    register(shop, database)
    change = "set_config('statement_timeout', '0', false), set_config('search_path', 'shop', false)"
    superuser.execute(projector(f"perform {change}"))
    store.append(order(5), stream="ves")
    before = store.worker.execute("show statement_timeout").fetchone()
    assert store.worker.execute(RUN, store.ids).fetchone() == (1, 0)
    assert store.worker.execute("show statement_timeout").fetchone() == before != ("0",)


def test_a_projector_that_does_not_end_is_ended_and_waits(shop: Any, database: Database) -> None:
    store, superuser = shop
    register(shop, database)
    superuser.execute(projector("loop null; end loop"))
    store.append(order(5), stream="ves")
    assert store.worker.execute("select c.name from ves.claim_projector() as c").fetchall() == [("revenue",)]
    store.worker.execute("set statement_timeout to '300ms'")
    with pytest.raises(psycopg.errors.QueryCanceled):
        store.worker.execute(RUN, store.ids)
    assert store.worker.execute("select * from ves.claim_projector()").fetchall() == []
    # the projections of the engine are not held
    assert store.project("ves") == (1, 0, None)


def test_a_function_that_would_have_our_rights_is_not_registered(shop: Any, database: Database) -> None:
    store, superuser = shop
    register(shop, database)
    with database.connect("ves_admin") as admin:
        for change in (
            "alter function shop.project_revenue(json) security invoker",
            "alter function shop.project_revenue(json) owner to postgres",
            "alter function shop.project_revenue(json) owner to ves_owner",
        ):
            superuser.execute(change)
            with pytest.raises(psycopg.Error) as refusal:
                admin.execute(
                    "select ves.register_projector(%s, %s, 'again', 'shop.project_revenue')", store.ids
                )
            assert refusal.value.sqlstate == "VE007"
            superuser.execute("alter function shop.project_revenue(json) security definer")


PLANT = """set role shop_projector;
create table shop.told (n int, told_by name default current_user);
create function shop.tell() returns bigint language plpgsql as $f$
begin insert into shop.told values (1); return 1; end $f$;
create function shop.tell_trigger() returns trigger language plpgsql as $f$
begin perform shop.tell(); return null; end $f$;
create table shop.watched (n int, constraint n_is_one exclude (n with =) deferrable);
create table shop.triggered (n int);
create constraint trigger t after insert on shop.triggered deferrable for each row execute function shop.tell_trigger();
grant usage on schema shop to ves_worker; grant insert on shop.told to ves_worker;
grant execute on all functions in schema shop to ves_worker;
"""


def tell(body: str) -> str:
    """The statements that plant what tells who ran it, and give the example's projector a body that reaches it."""
    return f"{PLANT}{projector(body)}; reset role"


TOLD = "select count(*) from shop.told where told_by = 'ves_worker'"


@pytest.mark.parametrize("table", ["triggered", "watched"])
def test_a_projector_leaves_nothing_that_the_commit_would_run_with_the_workers_rights(
    shop: Any, database: Database, table: str
) -> None:
    store, superuser = shop
    register(shop, database)
    body = f"set constraints all deferred; insert into shop.{table} values (1)"
    superuser.execute(tell(body))
    store.append(order(5), stream="ves")
    assert store.worker.execute(RUN, store.ids).fetchone() == (1, 1)
    assert scalar(superuser, TOLD) == 0
    assert scalar(superuser, f"select count(*) from shop.{table}") == 0
    superuser.execute(f"drop table shop.{table}; create table shop.{table} (n int unique deferrable)")
    superuser.execute(f"grant insert on shop.{table} to shop_projector")
    store.append(order(6, "2"), stream="ves")
    assert store.worker.execute(RUN, store.ids).fetchone() == (1, 0), "a deferred unique key runs no code"


async def run_worker(database: Database, **changes: Any) -> Any:
    settings = Settings(database_url=database.url("ves_worker"), **changes)
    worker = ProjectorsWorker(WorkerDatabase(settings, "ves-worker-test"), settings)
    try:
        for _ in range(3):
            await worker.step()
    finally:
        await worker.close()
    return worker.counters()


async def test_a_projector_gives_the_workers_session_no_statement_of_its_own(
    shop: Any, database: Database
) -> None:
    """A prepared statement outlives a rollback, and the driver's own have names that can be guessed."""
    store, superuser = shop
    register(shop, database)
    names = [f"execute 'prepare _pg3_{n} (float8) as select shop.tell()'" for n in range(4)]
    superuser.execute(tell("; ".join(["deallocate all", *names, "raise 'rolled back'"])))
    store.append(order(5), stream="ves")
    assert await run_worker(database) == {"events": 1, "rejected": 1, "failed": 0}
    assert scalar(superuser, TOLD) == 0


async def test_a_projector_that_catches_the_timeout_is_ended(
    shop: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ves_workers.runtime.database._GRACE_SECONDS", 0.5)
    store, superuser = shop
    register(shop, database)
    superuser.execute(
        tell("loop begin perform pg_sleep(60); exception when query_canceled then null; end; end loop")
    )
    store.append(order(5), stream="ves")
    assert await run_worker(database, statement_timeout_ms=4000) == {"events": 0, "rejected": 0, "failed": 1}
    running = "select count(*) from pg_stat_activity where query like '%run_projector%' and pid <> pg_backend_pid() and datname = current_database()"
    wait_until(lambda: scalar(superuser, running) == 0)
