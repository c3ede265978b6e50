"""Rate limits over HTTP: budgets of tenants and credentials, one for all processes, told in headers."""

from __future__ import annotations

import concurrent.futures
import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Agent, assert_error, post
from tests.api.test_credentials import listing, mint
from tests.api.tokens import SETTINGS, token
from tests.sql.support import scalar
from tests.support.processes import BOOTSTRAP_KEY, Server
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from tests.conftest import Database

HEAD = "/api/v1/head"
LIMIT = 5


@pytest.fixture(scope="module")
def limited(api_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Two processes on one database, with a budget for each tenant."""
    folder = tmp_path_factory.mktemp("limits")
    env = {"RATE_LIMIT_PER_MINUTE": str(LIMIT), **SETTINGS}
    servers = [Server(api_database.url("ves_api"), dict(env)).start(folder / f"{n}.log") for n in range(2)]
    yield servers
    for server in servers:
        server.stop()


def head(client: httpx.Client, tenant_id: uuid.UUID) -> httpx.Response:
    return client.get(HEAD, params={"tenant_id": str(tenant_id), "store_id": str(uuid.uuid4())})


def set_limit(database: Database, key: str, limit: int) -> None:
    with database.connect() as connection:
        connection.execute(
            "update ves_store.api_keys set rate_limit = %s where key_hash = %s",
            [limit, hashlib.sha256(key.encode()).hexdigest()],
        )


def budget(answer: httpx.Response) -> tuple[int, int]:
    """(limit, remaining); the reset is a number of seconds within the window."""
    assert 1 <= int(answer.headers["ratelimit-reset"]) <= 61
    return int(answer.headers["ratelimit-limit"]), int(answer.headers["ratelimit-remaining"])


def test_a_tenant_has_one_budget_in_all_processes_whatever_its_credential(
    limited: list[Server], api_database: Database
) -> None:
    tenant = uuid.uuid4()
    with (
        limited[0].client(mint(api_database, tenant)) as first,
        limited[1].client(mint(api_database, tenant)) as second,
        limited[1].client(key=None, trust_env=False) as third,
    ):
        third.headers["authorization"] = f"Bearer {token(tenant)}"
        callers = [first, second, third]
        for number in range(LIMIT):
            answer = head(callers[number % 3], tenant)
            assert answer.status_code == 200
            assert budget(answer) == (LIMIT, LIMIT - 1 - number)
        for caller in callers:
            error = assert_error(head(caller, tenant), 429, "RATE_LIMIT_EXCEEDED", 2001)
            assert 1 <= error["retry_after"] <= 61


def test_what_is_refused_says_when_to_come_back(limited: list[Server], api_database: Database) -> None:
    agent = Agent()
    with limited[0].client(mint(api_database, agent.tenant_id)) as client:
        for _ in range(LIMIT):
            answer = post(client, b"not json")
            assert_error(answer, 400, "INVALID_REQUEST_BODY")
            assert budget(answer)[0] == LIMIT
        answer = post(client, b"not json", **{"content-type": "text/plain"})
        assert_error(answer, 429, "RATE_LIMIT_EXCEEDED")
        assert budget(answer) == (LIMIT, 0)
        assert answer.headers["retry-after"] == answer.headers["ratelimit-reset"]


def test_one_tenant_never_takes_from_another(limited: list[Server], api_database: Database) -> None:
    greedy, modest = uuid.uuid4(), uuid.uuid4()
    with (
        limited[0].client(mint(api_database, greedy)) as one,
        limited[0].client(mint(api_database, modest)) as other,
    ):
        assert [head(one, greedy).status_code for _ in range(LIMIT + 2)] == [200] * LIMIT + [429] * 2
        assert budget(head(other, modest)) == (LIMIT, LIMIT - 1)


def test_asking_about_a_foreign_tenant_costs_ones_own_budget(
    limited: list[Server], api_database: Database
) -> None:
    own, foreign = uuid.uuid4(), uuid.uuid4()
    with limited[0].client(mint(api_database, own)) as client:
        statuses = [head(client, foreign).status_code for _ in range(LIMIT + 1)]
    assert statuses == [403] * LIMIT + [429]
    with limited[0].client(mint(api_database, foreign)) as client:
        assert budget(head(client, foreign)) == (LIMIT, LIMIT - 1)


def test_a_request_that_is_not_authenticated_takes_no_budget(
    limited: list[Server], api_database: Database
) -> None:
    tenant = uuid.uuid4()
    key = mint(api_database, tenant)
    with limited[0].client(key=None) as anyone, limited[0].client(key) as client:
        for headers in (
            {},
            {"x-api-key": key + "x"},
            {"authorization": f"Bearer {token(tenant, secret='x' * 64)}"},
        ):
            for _ in range(LIMIT):
                answer = anyone.get(HEAD, headers=headers)
                assert answer.status_code == 401
                assert "ratelimit-limit" not in answer.headers
        assert budget(head(client, tenant)) == (LIMIT, LIMIT - 1)


def test_requests_at_the_same_time_are_counted_one_by_one(
    limited: list[Server], api_database: Database
) -> None:
    tenant = uuid.uuid4()
    key = mint(api_database, tenant)

    def ask(number: int) -> int:
        with limited[number % 2].client(key) as client:
            return head(client, tenant).status_code

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(ask, range(24)))
    assert sorted(statuses) == [200] * LIMIT + [429] * (24 - LIMIT)


def test_a_key_brings_its_own_limit_and_the_scarcer_budget_is_told(
    limited: list[Server], api_database: Database
) -> None:
    tenant = uuid.uuid4()
    narrow, wide = mint(api_database, tenant), mint(api_database, tenant)
    set_limit(api_database, narrow, 2)
    set_limit(api_database, wide, 100)
    with limited[0].client(narrow) as one, limited[1].client(wide) as other:
        assert [budget(head(one, tenant)) for _ in range(2)] == [(2, 1), (2, 0)]
        assert_error(head(one, tenant), 429, "RATE_LIMIT_EXCEEDED")
        assert [budget(head(other, tenant)) for _ in range(3)] == [(LIMIT, 2), (LIMIT, 1), (LIMIT, 0)]
        assert_error(head(other, tenant), 429, "RATE_LIMIT_EXCEEDED")


def test_ingest_is_limited_like_every_route(start_server: Callable[..., Server], database: Database) -> None:
    server, agent = start_server(), Agent()
    with server.client() as admin:
        assert agent.register(admin).status_code == 200
        assert "ratelimit-limit" not in admin.get("/health").headers
    key = mint(database, agent.tenant_id)
    set_limit(database, key, 3)
    with server.client(key) as client:
        answers = [agent.ingest(client, agent.event()) for _ in range(4)]
        assert [a.status_code for a in answers] == [200, 200, 200, 429]
        assert [budget(a) for a in answers] == [(3, 2), (3, 1), (3, 0), (3, 0)]
        assert_error(listing(client, agent), 429, "RATE_LIMIT_EXCEEDED")


def test_without_a_limit_no_budget_is_asked_for(
    start_server: Callable[..., Server], database: Database
) -> None:
    server, tenant = start_server(RATE_LIMIT_PER_MINUTE="off"), uuid.uuid4()
    with database.connect() as connection:
        connection.execute("select pg_stat_statements_reset()")
        with server.client(mint(database, tenant)) as client:
            answer = head(client, tenant)
        asked = connection.execute(
            "select coalesce(sum(calls) filter (where query like '%authenticate(%'), 0) > 0,"
            " coalesce(sum(calls) filter (where query like '%rate_limit(%'), 0) from pg_stat_statements"
            " where dbid = (select oid from pg_database where datname = current_database())"
        ).fetchone()
        rows = connection.execute("select count(*) from ves_store.rate_limits").fetchone()
    assert answer.status_code == 200
    assert "ratelimit-limit" not in answer.headers
    assert (asked, rows) == ((True, 0), (0,))


def test_by_default_there_is_a_large_limit_whose_requests_are_counted_together(
    start_server: Callable[..., Server], database: Database
) -> None:
    server, tenant = start_server(), uuid.uuid4()
    with database.connect() as connection, server.client(mint(database, tenant)) as client:
        connection.execute("select pg_stat_statements_reset()")
        answers = [head(client, tenant) for _ in range(40)]
        assert [budget(answer) for answer in answers[:2]] == [(600_000, 599_999), (600_000, 599_998)]
        wait_until(
            lambda: scalar(
                connection,
                "select sum(c) = 40 from ves_store.rate_limits as r, unnest(r.counts) as c where r.key = %s",
                [f"tenant:{tenant}"],
            )
        )
        calls = scalar(
            connection,
            "select sum(calls) from pg_stat_statements where query like '%%rate_limit(%%' and toplevel"
            " and dbid = (select oid from pg_database where datname = current_database())",
        )
    assert calls < 10


def test_a_minted_key_shares_the_budget_of_its_maker(
    start_server: Callable[..., Server], database: Database
) -> None:
    server, agent = start_server(), Agent()
    with server.client() as admin:
        assert agent.register(admin).status_code == 200
    maker = mint(database, agent.tenant_id, agent_id=agent.agent_id)
    set_limit(database, maker, 5)
    path = f"/api/v1/agents/{agent.agent_id}/api-keys"
    with server.client(maker) as client:
        minted = [client.post(path, json={"scopes": ["read"]}).json()["apiKey"] for _ in range(2)]
    with server.client(minted[0]) as client:
        second = client.post(path, json={"scopes": ["read"], "rateLimit": 4})
        assert second.status_code == 200
    granted = 0
    for key in (*minted, second.json()["apiKey"], maker):
        with server.client(key) as client:
            granted += sum(head(client, agent.tenant_id).status_code == 200 for _ in range(5))
    assert granted == 2


def test_a_budget_that_cannot_be_asked_for_lets_nobody_through(
    start_server: Callable[..., Server], database: Database
) -> None:
    server, tenant = start_server(RATE_LIMIT_PER_MINUTE="100", DB_LOCK_TIMEOUT_MS="200"), uuid.uuid4()
    with server.client(mint(database, tenant)) as client, database.connect() as holder:
        assert head(client, tenant).status_code == 200
        with holder.transaction():
            holder.execute("lock table ves_store.rate_limits in access exclusive mode")
            answer = head(client, tenant)
        assert_error(answer, 503, "SERVICE_UNAVAILABLE")
        assert head(client, tenant).status_code == 200


def test_the_administrator_of_all_tenants_has_a_budget_of_its_own(
    start_server: Callable[..., Server], database: Database
) -> None:
    server = start_server(RATE_LIMIT_PER_MINUTE="2")
    with server.client(BOOTSTRAP_KEY) as admin:
        statuses: list[Any] = [head(admin, uuid.uuid4()).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    with database.connect() as connection:
        rows = connection.execute("select bucket, key from ves_store.rate_limits").fetchall()
    assert rows == [("tenant", "bootstrap")]
