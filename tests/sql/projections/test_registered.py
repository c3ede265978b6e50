"""A projector of an agent's own: the worked example of docs/projections.md, and what a hostile one cannot do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.projection_support import Happened, Store
from tests.sql.support import Edge, scalar
from tests.support.cluster import ROOT

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


HOSTILE = {
    "reads a table of ours": "perform 1 from ves_store.api_keys",
    "calls a function of ours": "perform ves.set_projection_mode('off')",
    "moves a checkpoint": "perform ves.advance_cursor(gen_random_uuid(), gen_random_uuid(), 'receipts', 0, 0)",
    "takes an advisory lock": "perform pg_advisory_lock(1)",
    "makes a temporary table": "create temporary table t (n int)",
    "becomes the owner": "set local role ves_owner",
}


@pytest.mark.parametrize("security", ["definer", "invoker"])
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_projector_has_no_right_but_its_own(
    shop: Any, database: Database, body: str, security: str
) -> None:
    """Its owner may change the function after it was registered."""
    store, superuser = shop
    register(shop, database)
    superuser.execute(
        "create or replace function shop.project_revenue(events json) returns void language plpgsql"
        f" security {security} as $f$ begin {body}; end $f$"
    )
    store.append(order(5), stream="ves")
    assert store.worker.execute(RUN, store.ids).fetchone() == (1, 1)
    (message,) = superuser.execute("select error_message from ves_store.dead_letter_events").fetchone() or (
        "",
    )
    assert message.startswith(("42501", "0A000", "42"))


def test_a_projector_cannot_change_the_session(shop: Any, database: Database) -> None:
    store, superuser = shop
    register(shop, database)
    superuser.execute(
        "create or replace function shop.project_revenue(events json) returns void language plpgsql security definer"
        " as $f$ begin perform set_config('statement_timeout', '0', false), set_config('search_path', 'shop', false); end $f$"
    )
    store.append(order(5), stream="ves")
    before = store.worker.execute("show statement_timeout").fetchone()
    assert store.worker.execute(RUN, store.ids).fetchone() == (1, 0)
    assert store.worker.execute("show statement_timeout").fetchone() == before != ("0",)


def test_a_projector_that_does_not_end_is_ended_and_waits(shop: Any, database: Database) -> None:
    store, superuser = shop
    register(shop, database)
    superuser.execute(
        "create or replace function shop.project_revenue(events json) returns void language plpgsql security definer"
        " as $f$ begin loop null; end loop; end $f$"
    )
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
