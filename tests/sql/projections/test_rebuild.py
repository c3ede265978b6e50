"""A rebuild gives the same bytes while reads and the projector go on; inline projects with the append."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.projection_support import Happened, Store
from tests.sql.support import Edge, scalar
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

ROWS = """
select p.projector, p.entity_id, p.version, p.sequence_number, p.created_at, p.updated_at, p.state::text
from ves_store.projections as p
join ves_store.projection_checkpoints as c using (tenant_id, store_id, stream, projector, generation)
where c.is_live and p.tenant_id = %s and p.store_id = %s order by p.stream, p.projector, p.entity_id"""
REBUILD = "select r.* from ves.rebuild_projection(%s, %s, %s, %s, %s) as r"


@pytest.fixture
def superuser(shared: Database) -> Iterator[psycopg.Connection[Any]]:
    with shared.connect() as connection:
        yield connection


@pytest.fixture
def store(edge: Edge, worker: psycopg.Connection[Any]) -> Store:
    return Store(edge, worker)


def traffic(count: int) -> list[Happened]:
    stock = [Happened("inventory.initialized", str(n), {"quantity": n}) for n in range(count)]
    orders = [Happened("order.created", str(n), {"customer_id": "c"}) for n in range(count)]
    changes = [Happened("inventory.reserved", str(n), {"quantity": 2}) for n in range(count)]
    return [*stock, *orders, *changes, *(Happened("order.confirmed", str(n)) for n in range(0, count, 2))]


def rebuild(
    admin: psycopg.Connection[Any], store: Store, projector: str, stream: str, step: int
) -> list[str]:
    phases: list[str] = []
    while phases[-1:] != ["done"]:
        row = admin.execute(REBUILD, [*store.ids, projector, stream, step]).fetchone()
        assert row is not None
        assert row[1] <= row[2]
        phases.append(row[0])
    return phases


@pytest.mark.parametrize("stream", ["ves", "legacy"])
@pytest.mark.parametrize("step", [3, 10_000])
def test_a_rebuild_gives_the_same_bytes(
    store: Store,
    superuser: psycopg.Connection[Any],
    admin: psycopg.Connection[Any],
    stream: str,
    step: int,
) -> None:
    store.after(*traffic(8), stream=stream)
    retry = "select r.reason from ves_int.retry_projection('projection', %s, %s, %s, 17) as r"
    store.after(Happened("inventory.adjusted", "0", {"adjustment": 9}), stream=stream)
    # number 17 asked for two of nothing, and gets them now
    assert scalar(superuser, retry, [*store.ids, stream == "legacy"]) is None
    store.after(Happened("inventory.reserved", "0", {"quantity": 1}), stream=stream)
    before = superuser.execute(ROWS, store.ids).fetchall()
    rejected = store.rejections(superuser)
    for projector in ("inventory", "order"):
        phases = rebuild(admin, store, projector, stream, step)
        assert phases == sorted(phases, key=["building", "deleting", "done"].index)
    assert superuser.execute(ROWS, store.ids).fetchall() == before
    assert store.rejections(superuser) == rejected
    left = "select count(*) from ves_store.projections where tenant_id = %s and store_id = %s"
    assert scalar(superuser, left, store.ids) == len(before)


def test_reads_and_the_projector_go_on_during_a_rebuild(
    store: Store, superuser: psycopg.Connection[Any], admin: psycopg.Connection[Any]
) -> None:
    store.after(*traffic(8))
    before = store.entities("order")
    for _ in range(3):
        assert admin.execute(REBUILD, [*store.ids, "order", "legacy", 4]).fetchone()[0] == "building"  # type: ignore[index]
        assert store.entities("order") == before
    store.after(Happened("order.created", "late", {"customer_id": "c"}))
    assert len(store.entities("order")) == 9
    rebuild(admin, store, "order", "legacy", 4)
    assert len(store.entities("order")) == 9
    assert (
        scalar(
            superuser,
            "select count(*) from ves_store.projection_checkpoints where tenant_id = %s",
            store.ids[:1],
        )
        == 7
    )


def test_who_rebuilds_while_another_switches_readers_goes_on_with_its_rebuild(
    store: Store, admin: psycopg.Connection[Any], shared: Database
) -> None:
    store.after(*traffic(8))
    waits = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
    with shared.connect("ves_admin") as other, ThreadPoolExecutor() as pool:
        for _ in range(2):
            with other.transaction():
                step = other.execute(REBUILD, [*store.ids, "order", "legacy", 10_000]).fetchone()
                assert step is not None
                assert step[0] == "deleting"
                second = pool.submit(rebuild, admin, store, "order", "legacy", 10_000)
                wait_until(lambda: scalar(other, waits, [admin.info.backend_pid]))
            assert second.result() == ["done"]
    assert len(store.entities("order")) == 8


def test_what_was_never_projected_cannot_be_rebuilt(store: Store, admin: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        admin.execute(REBUILD, [*store.ids, "order", "ves", 4])
    assert refusal.value.sqlstate == "VE521"


def test_a_state_of_the_past_is_of_one_entity(store: Store, admin: psycopg.Connection[Any]) -> None:
    store.append(Happened("order.created", "1", {"customer_id": "c"}), stream="ves")
    with pytest.raises(psycopg.Error) as refusal:
        admin.execute("select ves.project_as_of(%s, %s, 'order', null, 1)", store.ids)
    assert refusal.value.sqlstate == "VE008"


@pytest.fixture
def own(database: Database) -> Iterator[tuple[Store, psycopg.Connection[Any], psycopg.Connection[Any]]]:
    """A store in a database whose mode may be changed, an operator, and the superuser."""
    with (
        database.connect("ves_api") as api,
        database.connect("ves_worker") as worker,
        database.connect("ves_admin") as admin,
        database.connect() as superuser,
    ):
        yield Store(Edge.open(api), worker), admin, superuser


@pytest.mark.parametrize("stream", ["ves", "legacy"])
def test_inline_projects_in_the_transaction_that_appends(own: Any, stream: str) -> None:
    store, admin, superuser = own
    assert scalar(admin, "select ves.set_projection_mode('inline')") is True
    store.append(Happened("product.created", "a"), Happened("order.confirmed", "b"), stream=stream)
    assert store.entity("product", "a", stream)["version"] == 1
    assert [reason for _, reason, _ in store.rejections(superuser)] == ["ENTITY_NOT_FOUND"]
    assert store.project(stream) == (0, 0, None)
    admin.execute("select ves.set_projection_mode('asynchronous')")
    store.append(Happened("product.created", "b"), stream=stream)
    assert list(store.entities("product", stream)) == ["a"]


def test_inline_leaves_to_the_worker_what_another_session_holds(own: Any) -> None:
    store, admin, superuser = own
    store.after(Happened("product.created", "a"))
    admin.execute("select ves.set_projection_mode('inline')")
    superuser.autocommit = False
    superuser.execute("select from ves_store.projection_checkpoints for update")
    store.append(Happened("product.created", "b"))
    assert list(store.entities("product")) == ["a"]
    superuser.rollback()
    store.append(Happened("product.created", "c"))
    assert list(store.entities("product")) == ["a", "b", "c"]


def test_the_installer_takes_either_state_of_the_inline_triggers_for_its_own(own: Any) -> None:
    _, admin, _ = own
    found = "select * from ves.list_engine_differences() where kind <> 'grants'"
    assert admin.execute(found).fetchall() == []
    admin.execute("select ves.set_projection_mode('inline')")
    assert admin.execute(found).fetchall() == []


def test_off_projects_nothing_and_what_was_missed_comes_later(own: Any) -> None:
    store, admin, superuser = own
    admin.execute("select ves.set_projection_mode('off')")
    store.append(Happened("product.created", "a"), stream="legacy")
    store.append(Happened("product.created", "a"), stream="ves")
    claim = "select count(*) from ves.claim_cursors(%s)"
    assert [scalar(store.worker, claim, [name]) for name in ("projection", "legacy_projection")] == [0, 0]
    admin.execute("select ves.set_projection_mode('asynchronous')")
    assert [scalar(store.worker, claim, [name]) for name in ("projection", "legacy_projection")] == [1, 1]
    assert scalar(superuser, "select count(*) from ves_store.projections") == 0
