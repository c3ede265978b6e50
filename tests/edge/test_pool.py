"""The pool: sessions that cannot serve do not stay in it, and the next call works."""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.waiting import wait_until
from ves_edge import pool as module
from ves_edge.dsn import session_conninfo
from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_edge.pool import Pool, PoolSize

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conftest import Database

LIMITS = {"statement_timeout": 5000, "lock_timeout": 5000}
CONNECTIONS = 4


@contextlib.asynccontextmanager
async def opened(database: Database, attributes: str = "read-write") -> AsyncIterator[Pool]:
    """A pool whose connections are all made."""
    url = session_conninfo(
        f"{database.url('ves_api')}&target_session_attrs={attributes}", application_name="test", limits=LIMITS
    )
    pool = Pool(url, PoolSize(CONNECTIONS, CONNECTIONS, 1.0, 600, 1800), "test")
    await pool.open()
    await pool._pool.wait()
    try:
        yield pool
    finally:
        await pool.close()


async def write(pool: Pool) -> int:
    rows = await aio.take_rate_limit(
        pool, buckets=["tenant"], keys=[str(uuid.uuid4())], limits=[10], windows=[60], max_entries=[10]
    )
    return rows[0].granted


async def ask(pool: Pool, statement: bytes) -> Any:
    return (await pool.run("question", statement, {}, repeatable=True))[0][0]


async def leave(pool: Pool, slow: str) -> int:
    """Cancel the caller of a slow statement that has begun; its session."""
    session: int = await ask(pool, b"select pg_backend_pid()")
    caller = asyncio.create_task(ask(pool, f"select {slow}".encode()))
    for _ in range(20):
        await asyncio.sleep(0)
    # The session that is in use is not given to another.
    while await ask(pool, f"select state from pg_stat_activity where pid = {session}".encode()) != "active":
        pass
    caller.cancel()
    await asyncio.wait({caller})
    assert caller.cancelled()
    return session


def fail_over(database: Database, *, read_only: bool) -> None:
    """Every session of the API ends; with `read_only` new ones refuse writes."""
    with database.cluster.connect() as connection:
        if read_only:
            connection.execute(f"alter database {database.name} set default_transaction_read_only = on")
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and usename = 'ves_api'",
            [database.name],
        )


def fail_over_back(database: Database) -> None:
    """Writes are taken again by new sessions; the read-only ones live on."""
    with database.cluster.connect() as connection:
        connection.execute(f"alter database {database.name} reset default_transaction_read_only")


@pytest.mark.parametrize("attributes", ["read-write", "any"])
async def test_the_call_after_a_read_only_phase_works(database: Database, attributes: str) -> None:
    async with opened(database, attributes) as pool:
        assert await write(pool) == 1
        fail_over(database, read_only=True)
        with pytest.raises(ApiError) as caught:
            await write(pool)
        assert caught.value.status == 503
        fail_over_back(database)
        assert await write(pool) == 1


async def test_a_session_that_is_read_only_is_replaced_and_any_call_repeated(database: Database) -> None:
    async with opened(database) as pool:
        await on_every_session(pool, "set default_transaction_read_only to on")
        await aio.record_audit(
            pool, action="custom:test", tenant_id=uuid.uuid4(), resource_type="session", resource_id=None
        )


async def test_a_restart_of_every_session_costs_no_repeatable_call(database: Database) -> None:
    async with opened(database) as pool:
        fail_over(database, read_only=False)
        assert await write(pool) == 1


async def test_a_call_is_repeated_when_what_its_session_planned_was_replaced(database: Database) -> None:
    with database.connect() as superuser:
        superuser.execute("create table public.replaced as select 1 as one")
        superuser.execute("grant select on public.replaced to ves_api")
    async with opened(database) as pool:
        for _ in range(2 * CONNECTIONS):
            await pool.run("test", b"select * from public.replaced", {}, repeatable=False)
        with database.connect() as superuser:
            superuser.execute("alter table public.replaced add column two integer default 2")
        for _ in range(2 * CONNECTIONS):
            assert await pool.run("test", b"select * from public.replaced", {}, repeatable=False) == [(1, 2)]


async def test_a_call_is_repeated_when_a_function_was_dropped_while_it_was_planned(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.connect() as superuser:
        superuser.execute("create sequence public.attempts")
        superuser.execute("grant usage on sequence public.attempts to ves_api")
        superuser.execute(
            "create function public.answer() returns bigint language plpgsql as $$ declare n bigint := nextval('public.attempts');"
            " begin if n < 3 then raise 'cache lookup failed for function 1' using errcode = 'XX000'; end if; return n; end $$"
        )
        superuser.execute("grant execute on function public.answer() to ves_api")
    async with opened(database) as pool:
        assert await pool.run("test", b"select public.answer()", {}, repeatable=False) == [(3,)]
    assert "statement_failed" not in capsys.readouterr().out


@pytest.mark.parametrize("broken_by", ["deallocate all", "set role ves_nobody_here"])
async def test_an_error_of_unknown_kind_ends_the_session(database: Database, broken_by: str) -> None:
    with database.connect() as connection:
        connection.execute("drop role if exists ves_nobody_here")
        connection.execute("create role ves_nobody_here")
        connection.execute("grant ves_nobody_here to ves_api")
    try:
        async with opened(database) as pool:
            for _ in range(2 * CONNECTIONS):
                await aio.health(pool)
            await on_every_session(pool, broken_by)
            for _ in range(CONNECTIONS):
                with contextlib.suppress(ApiError):
                    await aio.health(pool)
            await pool._pool.wait()
            assert (await aio.health(pool))[0].fsync is True
    finally:
        with database.connect() as connection:
            connection.execute("drop role ves_nobody_here")


async def test_a_refusal_keeps_the_session(database: Database) -> None:
    async with opened(database) as pool:
        before = await sessions(pool)
        for _ in range(CONNECTIONS):
            with pytest.raises(ApiError, match="VE605"):
                await aio.get_inclusion_proof(
                    pool,
                    tenant_id=uuid.uuid4(),
                    store_id=uuid.uuid4(),
                    sequence_number=1,
                    batch_id=uuid.uuid4(),
                )
        assert await sessions(pool) == before


async def on_every_session(pool: Pool, statement: str) -> None:
    for connection in await borrowed(pool):
        await connection.execute(statement)
        await pool._pool.putconn(connection)


async def sessions(pool: Pool) -> set[int]:
    found = await borrowed(pool)
    for connection in found:
        await pool._pool.putconn(connection)
    return {connection.info.backend_pid for connection in found}


async def borrowed(pool: Pool) -> list[Any]:
    return [await pool._pool.getconn() for _ in range(CONNECTIONS)]


async def test_a_call_that_waits_goes_on_after_an_outage_that_outlasts_the_attempts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away under its name for longer than psycopg's pool tries; the call may wait a minute."""
    monkeypatch.setattr(module, "_RECONNECT_SECONDS", 0.1)
    away = f"away_{uuid.uuid4().hex}"
    pool = Pool(database.url("ves_api"), PoolSize(0, 1, 60.0, 600, 1800), "test")
    with database.cluster.connect() as connection:
        connection.execute(f"alter database {database.name} rename to {away}")
        await pool.open()
        waiting = asyncio.create_task(write(pool))
        await asyncio.to_thread(
            wait_until, lambda: pool._pool.get_stats().get("connections_errors", 0) >= 4, "given up"
        )
        connection.execute(f"alter database {away} rename to {database.name}")
    async with asyncio.timeout(20):
        assert await waiting == 1
    await pool.close()


async def test_calls_one_after_another_use_the_session_that_was_used_last(database: Database) -> None:
    async with opened(database) as pool:
        for connection in [await pool._pool.getconn() for _ in range(CONNECTIONS)]:
            await pool._pool.putconn(connection)
        last = connection.info.backend_pid
        sessions = {
            (await pool.run("session", b"select pg_backend_pid()", {}, repeatable=True))[0][0]
            for _ in range(3 * CONNECTIONS)
        }

    assert sessions == {last}


async def test_calls_that_are_cancelled_at_any_moment_give_their_connections_back(database: Database) -> None:
    moments = random.Random(1)

    async def leave_calls(pool: Pool) -> None:
        for _ in range(150):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(moments.uniform(0, 0.004)):
                    await pool.run("nothing", b"select 1", {}, repeatable=True)

    async with opened(database) as pool:
        await asyncio.gather(*[leave_calls(pool) for _ in range(3 * CONNECTIONS)])
        assert len(set(await borrowed(pool))) == CONNECTIONS


async def test_a_call_whose_caller_leaves_ends_as_it_would_have_and_its_session_serves_on(
    database: Database,
) -> None:
    async with opened(database) as pool:
        left = await leave(pool, "pg_sleep(0.1)")
        [call] = pool._calls
        await asyncio.wait({call})
        assert call.exception() is None
        assert await ask(pool, b"select pg_backend_pid()") == left


async def test_a_call_whose_caller_leaves_does_not_hold_its_connection_for_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FINISH_SECONDS", 0.05)
    async with opened(database) as pool:
        left = await leave(pool, "pg_sleep(60)")
        await asyncio.wait(pool._calls, timeout=30)
        assert not pool._calls
        with database.cluster.connect() as connection:
            found = connection.execute(
                "select count(*) from pg_stat_activity where pid = %s and state = 'active'", [left]
            ).fetchone()
        assert found == (0,)
        assert len(set(await borrowed(pool))) == CONNECTIONS


async def test_a_call_that_is_cancelled_while_it_waits_is_no_timeout_of_the_pool(database: Database) -> None:
    async with opened(database) as pool:
        connections = await borrowed(pool)
        waiting = asyncio.create_task(write(pool))
        for _ in range(20):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        assert pool.pool_statistics().timeouts == 0
        with pytest.raises(ApiError):
            await write(pool)
        assert pool.pool_statistics().timeouts > 0
        for connection in connections:
            await pool._pool.putconn(connection)


async def test_calls_of_one_tenant_that_hold_their_connections_leave_some_to_others(
    database: Database,
) -> None:
    busy, other = uuid.uuid4(), uuid.uuid4()

    def listing(pool: Pool, tenant_id: uuid.UUID) -> asyncio.Task[Any]:
        asked = aio.list_commitments(pool, tenant_id=tenant_id, store_id=tenant_id, after=0, max_rows=1)
        return asyncio.create_task(asked)

    async with opened(database) as pool:
        with database.connect() as connection, connection.transaction():
            connection.execute("lock table ves_store.ves_commitments in access exclusive mode")
            calls = [listing(pool, busy) for _ in range(2 * CONNECTIONS)]
            results = await asyncio.gather(*calls[CONNECTIONS - 1 :], return_exceptions=True)
            assert {error.name for error in results} == {"overloaded"}
            assert pool.pool_statistics().timeouts == 0, "to wait for own calls is no lack of connections"
            rows = await pool.run(
                "asks", b"select %(tenant_id)s::uuid", {"tenant_id": other}, repeatable=True
            )
            assert rows == [(other,)]
            assert sum(call.done() for call in calls) == CONNECTIONS + 1
        held = await asyncio.gather(*calls[: CONNECTIONS - 1])
        assert held == [[]] * (CONNECTIONS - 1)
