"""Who may call what: header forms, flags, scopes, bound agents, tenants, and revocation that holds at once."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import INGEST, Agent, admin_call, assert_error, post
from tests.support.processes import BOOTSTRAP_KEY
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

COMMITMENTS = "/api/v1/ves/commitments"
NIL = uuid.UUID(int=0)


def mint(
    database: Database,
    tenant_id: uuid.UUID,
    *,
    stores: tuple[uuid.UUID, ...] = (),
    agent_id: uuid.UUID | None = None,
    read: bool = True,
    write: bool = True,
    admin: bool = False,
) -> str:
    key = "ss_" + secrets.token_urlsafe(24)
    admin_call(
        database,
        "select ves.create_api_key(%s, %s, %s, %s, %s, %s, %s)",
        hashlib.sha256(key.encode()).hexdigest(),
        tenant_id,
        list(stores),
        agent_id,
        read,
        write,
        admin,
    )
    return key


def revoke(database: Database, key: str, tenant_id: uuid.UUID) -> None:
    digest = hashlib.sha256(key.encode()).hexdigest()
    assert admin_call(database, "select ves.revoke_api_key(%s, %s)", digest, tenant_id) == 1


def listing(client: httpx.Client, agent: Agent, **headers: str) -> httpx.Response:
    query = {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}
    return client.get(COMMITMENTS, params=query, headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"ApiKey {BOOTSTRAP_KEY}"},
        {"authorization": BOOTSTRAP_KEY},
        {"authorization": f"Bearer {BOOTSTRAP_KEY}"},
        {"x-api-key": BOOTSTRAP_KEY},
        {"x-api-key": f"ApiKey {BOOTSTRAP_KEY}"},
    ],
    ids=["ApiKey", "bare", "Bearer with a key", "x-api-key", "x-api-key with a scheme"],
)
def test_every_documented_form_of_a_key_authenticates(
    headers: dict[str, str], server: Server, agent: Agent
) -> None:
    with server.client(key=None) as anyone:
        assert listing(anyone, agent, **headers).status_code == 200
        assert post(anyone, agent.body(agent.event()), **headers).status_code == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "AUTH_REQUIRED"),
        ({"authorization": ""}, "AUTH_REQUIRED"),
        ({"authorization": "Basic dXNlcjpwdw=="}, "AUTH_REQUIRED"),
        ({"authorization": f"apikeys {BOOTSTRAP_KEY}"}, "AUTH_REQUIRED"),
        ({"authorization": "apikey"}, "AUTH_REQUIRED"),
        ({"authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"}, "INVALID_TOKEN"),
        ({"authorization": "Bearer"}, "AUTH_REQUIRED"),
        ({"authorization": "ApiKey dev_admin_key"}, "INVALID_API_KEY"),
        ({"authorization": "ApiKey ss_unknown"}, "INVALID_API_KEY"),
        ({"x-api-key": "ss_unknown"}, "INVALID_API_KEY"),
        ({"authorization": "nonsense", "x-api-key": BOOTSTRAP_KEY}, "AUTH_REQUIRED"),
        ({"x-api-key": "ss_" + "x" * 9000}, "AUTH_REQUIRED"),
        ({"x-api-key": b"ss_\xff\xfe"}, "INVALID_API_KEY"),
    ],
)
def test_anything_else_is_401(headers: dict[str, Any], code: str, server: Server, agent: Agent) -> None:
    with server.client(key=None) as anyone:
        assert_error(listing(anyone, agent, **headers), 401, code)
        assert_error(post(anyone, b"not even json", **headers), 401, code)


def test_a_request_without_a_credential_costs_no_database_call(
    start_server: Callable[..., Server], database: Database
) -> None:
    server = start_server()
    count = (
        "select coalesce(sum(calls), 0) from pg_stat_statements s join pg_roles r on r.oid = s.userid"
        " join pg_database d on d.oid = s.dbid where r.rolname = 'ves_api' and d.datname = current_database()"
    )

    def calls() -> Any:
        with database.connect() as connection:
            return connection.execute(count).fetchone()

    before = calls()
    with server.client(key=None) as anyone:
        for path in (COMMITMENTS, "/api/v1/ves/proofs/1", "/health", "/api/openapi.json"):
            anyone.get(path)
        post(anyone, b"{}")
        post(anyone, b"{}", authorization="Bearer x.y.z")
        post(anyone, b"{}", **{"x-api-key": "no key"})
    assert calls() == before


def test_the_flags_of_a_key_are_checked_before_its_scope(server: Server, api_database: Database) -> None:
    agent = Agent()
    reader = mint(api_database, agent.tenant_id, write=False)
    writer = mint(api_database, agent.tenant_id, read=False)
    with server.client(reader) as client:
        assert listing(client, agent).status_code == 200
        error = assert_error(agent.ingest(client, agent.event()), 403, "INSUFFICIENT_PERMISSIONS", 1005)
        assert error["message"] == "Write permission required"
        other = Agent()
        error = assert_error(other.ingest(client, other.event()), 403, "INSUFFICIENT_PERMISSIONS")
        assert error["message"] == "Write permission required"
        error = assert_error(agent.register(client), 403, "INSUFFICIENT_PERMISSIONS")
        assert error["message"] == "Admin permission required"
    with server.client(writer) as client:
        error = assert_error(listing(client, agent), 403, "INSUFFICIENT_PERMISSIONS")
        assert error["message"] == "Read permission required"
        assert agent.ingest(client, agent.event()).status_code == 200


def test_a_tenant_cannot_reach_another_tenant(server: Server, api_database: Database, agent: Agent) -> None:
    stranger = mint(api_database, uuid.uuid4(), admin=True)
    with server.client(stranger) as client:
        for answer in (
            agent.ingest(client, agent.event()),
            listing(client, agent),
            agent.register(client),
        ):
            error = assert_error(answer, 403, "INSUFFICIENT_PERMISSIONS")
            assert error["message"] == "Tenant access denied"


def test_a_key_for_some_stores_is_refused_in_others(
    server: Server, api_database: Database, agent: Agent
) -> None:
    inside = mint(api_database, agent.tenant_id, stores=(uuid.uuid4(), agent.store_id))
    outside = mint(api_database, agent.tenant_id, stores=(uuid.uuid4(),))
    with server.client(inside) as client:
        assert agent.ingest(client, agent.event()).status_code == 200
        assert listing(client, agent).status_code == 200
    with server.client(outside) as client:
        for answer in (agent.ingest(client, agent.event()), listing(client, agent)):
            error = assert_error(answer, 403, "INSUFFICIENT_PERMISSIONS")
            assert error["message"] == "Store access denied"


def test_a_key_bound_to_an_agent_speaks_for_no_other(
    server: Server, api_database: Database, agent: Agent
) -> None:
    bound = mint(api_database, agent.tenant_id, agent_id=agent.agent_id)
    other = Agent(agent.tenant_id, agent.store_id)
    with server.client(bound) as client:
        assert agent.ingest(client, agent.event()).json()["eventsAccepted"] == 1
        error = assert_error(other.ingest(client, other.event()), 403, "INSUFFICIENT_PERMISSIONS")
        assert error["message"] == "Agent mismatch"


def test_a_nil_tenant_without_admin_crosses_nothing(
    server: Server, api_database: Database, agent: Agent
) -> None:
    with server.client(mint(api_database, NIL)) as client:
        for answer in (
            agent.ingest(client, agent.event()),
            listing(client, agent),
            client.get(f"{COMMITMENTS}/{uuid.uuid4()}"),
        ):
            assert_error(answer, 403, "INSUFFICIENT_PERMISSIONS")


def test_the_call_level_checks_have_the_documented_order(
    server: Server, api_database: Database, agent: Agent
) -> None:
    """Empty, mixed streams, bound agent, source agent, write, scope, sizes: the first that fails answers."""
    bound = mint(api_database, uuid.uuid4(), agent_id=uuid.uuid4(), write=False)
    unbound = mint(api_database, uuid.uuid4(), write=False)
    writer = mint(api_database, uuid.uuid4())
    other = Agent()
    mixed = [agent.event(), other.event()]
    foreign = agent.event(source_agent_id=str(uuid.uuid4()))
    oversized = agent.event(entity_type="x" * 200)
    with server.client(bound) as client:
        assert_error(agent.ingest(client), 400, "INVALID_FIELD_VALUE")
        assert_error(agent.ingest(client, *mixed), 400, "INVALID_FIELD_VALUE")
        assert (
            assert_error(agent.ingest(client, foreign), 403, "INSUFFICIENT_PERMISSIONS")["message"]
            == "Agent mismatch"
        )
    with server.client(unbound) as client:
        assert_error(agent.ingest(client, foreign), 400, "INVALID_FIELD_VALUE")
        assert (
            assert_error(agent.ingest(client, oversized), 403, "INSUFFICIENT_PERMISSIONS")["message"]
            == "Write permission required"
        )
    with server.client(writer) as client:
        assert (
            assert_error(agent.ingest(client, oversized), 403, "INSUFFICIENT_PERMISSIONS")["message"]
            == "Tenant access denied"
        )


def test_a_revoked_key_is_refused_at_once_although_it_was_cached(
    server: Server, api_database: Database, agent: Agent
) -> None:
    key = mint(api_database, agent.tenant_id)
    with server.client(key) as client:
        assert agent.ingest(client, agent.event()).status_code == 200
        revoke(api_database, key, agent.tenant_id)
        assert_error(agent.ingest(client, agent.event()), 401, "INVALID_API_KEY")
        assert_error(listing(client, agent), 401, "INVALID_API_KEY")


def test_a_change_of_credentials_does_not_disturb_the_others(
    server: Server, api_database: Database, agent: Agent
) -> None:
    keys = [mint(api_database, agent.tenant_id) for _ in range(3)]
    clients = [server.client(key) for key in keys]
    for client in clients:
        assert agent.ingest(client, agent.event()).status_code == 200
    revoke(api_database, keys[1], agent.tenant_id)
    assert agent.ingest(clients[0], agent.event()).json()["eventsAccepted"] == 1
    assert agent.ingest(clients[2], agent.event()).json()["eventsAccepted"] == 1
    assert_error(agent.ingest(clients[1], agent.event()), 401, "INVALID_API_KEY")
    for client in clients:
        client.close()


def test_keys_never_appear_in_the_log(server: Server, api_database: Database, agent: Agent) -> None:
    key = mint(api_database, agent.tenant_id)
    with server.client(key) as client:
        answer = agent.ingest(client, agent.event({"secret": "zebra-crossing"}))
        client.get("/nope?password=zebra-crossing")
    wait_until(lambda: answer.headers["x-request-id"] in server.log_text())
    log = server.log_text()
    assert key not in log
    assert BOOTSTRAP_KEY not in log
    assert "zebra-crossing" not in log
    assert bytes(range(32)).hex() not in log


def test_the_bootstrap_administrator_crosses_tenants(admin: httpx.Client) -> None:
    for agent in (Agent(), Agent()):
        assert agent.register(admin).status_code == 200
        assert agent.ingest(admin, agent.event()).json()["eventsAccepted"] == 1


def test_post_without_a_key_is_401_before_its_body_is_looked_at(server: Server) -> None:
    with server.client(key=None) as anyone:
        answer = anyone.post(INGEST, content=b"x" * 1000, headers={"content-type": "text/plain"})
    assert_error(answer, 401, "AUTH_REQUIRED", 1001)
