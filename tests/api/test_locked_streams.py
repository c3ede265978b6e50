"""Streams and tenants that another session has locked cost the requests for them their own time, and nobody else anything."""

from __future__ import annotations

import concurrent.futures
import uuid
from collections.abc import Callable

import pytest

from tests.api.support import Agent, post, receipts_of
from tests.conftest import Database
from tests.support.processes import Server

STREAMS = 24


@pytest.mark.parametrize("are_new", [False, True], ids=["streams with events", "new streams"])
def test_another_tenant_is_served_while_many_streams_are_locked(
    start_server: Callable[..., Server], database: Database, are_new: bool
) -> None:
    server, locked, other = start_server(), Agent(), Agent()
    stores = [uuid.uuid4() for _ in range(STREAMS)]
    with server.client() as admin:
        locked.register(admin)
        other.register(admin)
        bodies = [locked.body(locked.event(store_id=str(store))) for store in stores]
        if not are_new:
            for store in stores:
                assert len(receipts_of(post(admin, locked.body(locked.event(store_id=str(store)))))) == 1
        with (
            database.connect() as holder,
            concurrent.futures.ThreadPoolExecutor(STREAMS) as pool,
        ):
            holder.autocommit = False
            holder.cursor().executemany(
                "insert into ves_store.ves_sequence_counters (tenant_id, store_id) values (%s, %s)"
                " on conflict (tenant_id, store_id) do update set updated_at = now()",
                [(locked.tenant_id, store) for store in stores],
            )
            waiting = [pool.submit(post, admin, body) for body in bodies]
            done, _ = concurrent.futures.wait(waiting, timeout=1)  # they are under way now
            assert not done
            for _ in range(20):
                assert len(receipts_of(post(admin, other.body(other.event())))) == 1
            assert not any(request.done() for request in waiting)
            holder.rollback()
            answers = [request.result() for request in waiting]
    assert [len(receipts_of(answer)) for answer in answers] == [1] * STREAMS


def test_another_tenant_is_served_while_a_tenants_administration_waits(
    start_server: Callable[..., Server], database: Database
) -> None:
    server, locked, other = start_server(), Agent(), Agent()
    keys = [Agent(locked.tenant_id) for _ in range(STREAMS)]
    with server.client() as admin:
        locked.register(admin)
        other.register(admin)
        with (
            database.connect("ves_service") as holder,
            concurrent.futures.ThreadPoolExecutor(STREAMS) as pool,
        ):
            holder.autocommit = False
            holder.execute("set idle_in_transaction_session_timeout to 0")
            holder.execute("select ves.subscribe(%s, 'held')", [locked.tenant_id])
            waiting = [pool.submit(key.register, admin) for key in keys]
            done, _ = concurrent.futures.wait(waiting, timeout=1)  # they are under way now
            assert not done
            for _ in range(20):
                assert len(receipts_of(post(admin, other.body(other.event())))) == 1
            assert not any(request.done() for request in waiting)
            holder.rollback()
            answers = [request.result() for request in waiting]
    assert [answer.status_code for answer in answers] == [200] * STREAMS
