"""Logins in the audit log: counted, bounded, written behind the callers' backs, and without a secret."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Agent
from tests.api.test_credentials import listing, mint
from tests.api.test_tokens import CALLS, statement_calls
from tests.api.tokens import SETTINGS, token
from tests.support.processes import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database

ROWS = (
    "select actor, actor_type, tenant_id, ip_address, details, success, error_message, resource_id"
    " from ves_store.audit_log where action = %s order by error_message, ip_address, actor_type"
)
NIL = uuid.UUID(int=0)


def rows(database: Database, action: str) -> list[Any]:
    with database.connect() as connection:
        return connection.execute(ROWS, [action]).fetchall()


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server(TRUST_PROXY_HEADERS="true", **SETTINGS)


def test_failures_are_one_entry_for_each_reason_and_address(server: Server, database: Database) -> None:
    agent, before = Agent(), statement_calls(database)
    with server.client(key=None) as anyone:
        for _ in range(7):
            listing(anyone, agent)
        for _ in range(3):
            listing(anyone, agent, **{"authorization": "Bearer a.b.c", "x-forwarded-for": "203.0.113.4"})
    assert statement_calls(database) == before, CALLS
    server.stop()
    assert [(r[0], r[1], r[2], r[3], r[4], r[5], r[6]) for r in rows(database, "login_failure")] == [
        ("anonymous", "public", NIL, "127.0.0.1", {"count": 7}, False, "AUTH_REQUIRED"),
        ("anonymous", "public", NIL, "203.0.113.4", {"count": 3}, False, "INVALID_TOKEN"),
    ]


def test_a_stranger_with_many_addresses_cannot_flood_the_log(server: Server, database: Database) -> None:
    with server.client(key=None) as anyone:
        for number in range(250):
            listing(anyone, Agent(), **{"x-forwarded-for": f"203.0.{number}.1"})
    server.stop()
    found = rows(database, "login_failure")
    assert len(found) == 201
    assert [r[4] for r in found if r[3] is None] == [{"count": 50}]


def test_a_login_is_one_entry_for_each_credential(server: Server, database: Database) -> None:
    tenant, agent_id = uuid.uuid4(), uuid.uuid4()
    bound, free = mint(database, tenant, agent_id=agent_id), mint(database, tenant)
    text = token(tenant, jti="token-7")
    agent = Agent(tenant)
    for headers in ({"x-api-key": bound}, {"x-api-key": free}, {"authorization": f"Bearer {text}"}):
        with server.client(key=None) as client:
            for _ in range(5):
                assert listing(client, agent, **headers).status_code == 200
    server.stop()
    found = rows(database, "login_success")
    assert sorted((r[0], r[1]) for r in found if r[2] == tenant) == sorted(
        [(str(agent_id), "api_key"), (next(r[7] for r in found if r[0] == r[7] and r[1] == "api_key"), "api_key"),
         ("token-7", "jwt")]
    )  # fmt: skip
    assert all(r[5] for r in found)
    for secret in (bound, free, text):
        assert secret not in str(found)
