"""What a key may do is changed over REST and SQL: never widened beyond the caller, at once everywhere, audited."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Agent, admin_call, assert_error
from tests.api.test_credentials import listing, mint
from tests.support.processes import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.conftest import Database

STORE = "00000000-0000-0000-0000-0000000000aa"


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def path(agent: Agent, key: str) -> str:
    return f"/api/v1/agents/{agent.agent_id}/api-keys/{digest(key)[:16]}"


def audit(database: Database, action: str, key: str) -> list[Any]:
    with database.connect() as connection:
        return connection.execute(
            "select actor_type, success, details, ip_address from ves_store.audit_log"
            " where action = %s and resource_id = %s order by number",
            [action, digest(key)[:16]],
        ).fetchall()


@pytest.fixture
def key(api_database: Database, agent: Agent) -> str:
    return mint(api_database, agent.tenant_id, agent_id=agent.agent_id)


@pytest.mark.parametrize(
    "scopes",
    [
        ["read"],
        ["write"],
        ["admin"],
        ["read", "write"],
        ["read", "admin"],
        ["write", "admin"],
        ["read", "write", "admin"],
    ],
)
def test_a_key_is_made_and_changed_with_any_combination_of_rights(
    scopes: list[str], admin: httpx.Client, server: Server, agent: Agent, key: str
) -> None:
    changed = admin.patch(path(agent, key), json={"scopes": scopes[::-1]})
    assert changed.status_code == 200, changed.text
    assert changed.json()["scopes"] == scopes
    made = admin.post(f"/api/v1/agents/{agent.agent_id}/api-keys", json={"scopes": scopes}).json()
    assert made["scopes"] == scopes
    listed = admin.get(f"/api/v1/agents/{agent.agent_id}/api-keys").json()["keys"]
    assert [k["scopes"] for k in listed] == [scopes, scopes]
    other = Agent(agent.tenant_id)
    for credential in (key, made["apiKey"]):
        with server.client(credential) as client:
            assert (listing(client, agent).status_code == 200) is ("read" in scopes)
            assert (agent.ingest(client, agent.event()).status_code == 200) is ("write" in scopes)
            assert (other.register(client).status_code in (200, 409)) is ("admin" in scopes)


def test_scopes_exclude_the_other_way_of_saying_it(admin: httpx.Client, agent: Agent, key: str) -> None:
    keys = f"/api/v1/agents/{agent.agent_id}/api-keys"
    assert digest(key)
    for body in (
        {"scopes": ["read"], "readOnly": True},
        {"scopes": ["read"], "admin": False},
        {"scopes": []},
    ):
        assert_error(admin.post(keys, json=body), 400, "INVALID_FIELD_VALUE")
    assert_error(admin.patch(path(agent, key), json={"scopes": []}), 400, "INVALID_FIELD_VALUE")
    for body in ({"scopes": ["root"]}, {"rateLimit": 0}, {"rateLimit": 2**31}, {"storeIds": ["x"]}):
        assert_error(admin.patch(path(agent, key), json=body), 422, "INVALID_REQUEST_BODY")


def test_what_is_left_out_stays_and_null_takes_the_limit_away(
    admin: httpx.Client, agent: Agent, key: str
) -> None:
    body = admin.patch(path(agent, key), json={"rateLimit": 500, "storeIds": [STORE]}).json()
    assert body == {
        "success": True, "keyHashPrefix": digest(key)[:16], "permissions": "read_write",
        "scopes": ["read", "write"], "storeIds": [STORE], "rateLimit": 500,
    }  # fmt: skip
    assert admin.patch(path(agent, key), json={}).json() == body
    assert admin.patch(path(agent, key), json={"storeIds": None}).json() == body
    body = admin.patch(path(agent, key), json={"rateLimit": None, "storeIds": []}).json()
    assert (body["rateLimit"], body["storeIds"]) == (None, [])


@pytest.mark.parametrize(
    ("own", "change", "status"),
    [
        ({}, {"scopes": ["read"]}, 200),
        ({}, {"scopes": ["read", "admin"]}, 403),
        ({"write": False}, {"scopes": ["write"]}, 403),
        ({"read": False}, {"scopes": ["read"]}, 403),
        ({"stores": True}, {"storeIds": []}, 403),
        ({"stores": True}, {"storeIds": [STORE]}, 403),
        ({"limit": 10}, {"rateLimit": 10}, 200),
        ({"limit": 10}, {"rateLimit": 11}, 403),
        ({"limit": 10}, {"rateLimit": None}, 403),
        ({"admin": True}, {"scopes": ["read", "write", "admin"], "rateLimit": None}, 200),
    ],
)
def test_a_change_never_goes_beyond_the_callers_own_rights(
    own: dict[str, Any],
    change: dict[str, Any],
    status: int,
    server: Server,
    api_database: Database,
    agent: Agent,
    key: str,
) -> None:
    own = dict(own)
    limit = own.pop("limit", None)
    if own.pop("stores", False):
        own["stores"] = (agent.store_id,)
    caller = mint(api_database, agent.tenant_id, agent_id=agent.agent_id, **own)
    if limit is not None:
        with api_database.connect("ves_admin") as connection:
            connection.execute(
                "select ves.update_api_key(%s, %s, rate_limit => %s)",
                [digest(caller), agent.tenant_id, limit],
            )
    with server.client(caller) as client:
        answer = client.patch(path(agent, key), json=change)
    assert answer.status_code == status, answer.text
    assert status == 200 or audit(api_database, "api_key_updated", key) == []


@pytest.mark.parametrize(
    "greater", [{"admin": True}, {"write": True}, {"stores": True}], ids=["admin", "write", "all stores"]
)
def test_a_lesser_key_of_an_agent_touches_no_greater_one(
    greater: dict[str, bool], server: Server, api_database: Database, agent: Agent
) -> None:
    """A leaked reader must not lock its agent out (operations 2.1)."""
    stores = () if "stores" in greater else (agent.store_id,)
    rights = {"write": False, **{k: v for k, v in greater.items() if k != "stores"}}
    mine = mint(api_database, agent.tenant_id, agent_id=agent.agent_id, write=False, stores=(agent.store_id,))
    other = mint(api_database, agent.tenant_id, agent_id=agent.agent_id, stores=stores, **rights)
    with server.client(mine) as client:
        for change in ({"scopes": ["read"]}, {"storeIds": [str(agent.store_id)]}, {"rateLimit": 1}):
            assert_error(client.patch(path(agent, other), json=change), 403, "INSUFFICIENT_PERMISSIONS")
        assert_error(client.delete(path(agent, other)), 403, "INSUFFICIENT_PERMISSIONS")
        assert client.delete(path(agent, mine)).status_code == 200
    with server.client(other) as client:
        assert listing(client, agent).status_code == 200


def test_patching_a_key_in_a_loop_makes_nobodys_identity_stale(
    server: Server, admin: httpx.Client, api_database: Database, agent: Agent
) -> None:
    """Neither the tenant's own, as nothing changes, nor another tenant's when something does."""
    victim = Agent()
    assert victim.register(admin).status_code == 200
    mine = mint(api_database, agent.tenant_id, agent_id=agent.agent_id, write=False)
    his = mint(api_database, victim.tenant_id, agent_id=victim.agent_id)

    def epochs() -> list[int]:
        query = "select tenant_id, epoch from ves_store.credential_epochs where tenant_id = any(%s)"
        with api_database.connect() as connection:
            found = dict(connection.execute(query, [[agent.tenant_id, victim.tenant_id]]).fetchall())
        return [found.get(agent.tenant_id, 0), found.get(victim.tenant_id, 0)]

    with server.client(mine) as attacker, server.client(his) as client:
        before = epochs()
        for _ in range(20):
            assert attacker.patch(path(agent, mine), json={"scopes": ["read"]}).status_code == 200
            assert victim.ingest(client, victim.event()).json()["eventsAccepted"] == 1
        assert epochs() == before
        for limit in range(100, 110):
            assert attacker.patch(path(agent, mine), json={"rateLimit": 1000 - limit}).status_code == 200
            assert victim.ingest(client, victim.event()).json()["eventsAccepted"] == 1
        assert epochs() == [before[0] + 10, before[1]]


def test_strangers_and_unknown_or_revoked_keys(
    server: Server, admin: httpx.Client, api_database: Database, agent: Agent, key: str
) -> None:
    stranger = mint(api_database, uuid.uuid4(), admin=True)
    with server.client(stranger) as client:
        assert_error(client.patch(path(agent, key), json={"rateLimit": 1}), 404, "RESOURCE_NOT_FOUND")
        assert_error(client.delete(path(agent, key)), 404, "RESOURCE_NOT_FOUND")
    unbound = mint(api_database, agent.tenant_id)
    with server.client(unbound) as client:
        assert_error(client.patch(path(agent, key), json={}), 403, "INSUFFICIENT_PERMISSIONS")
    unknown = path(agent, "ss_unknown")
    assert_error(admin.patch(unknown, json={}), 404, "RESOURCE_NOT_FOUND")
    assert_error(admin.patch(unknown[:-12], json={}), 404, "RESOURCE_NOT_FOUND")
    assert admin.delete(path(agent, key)).status_code == 200
    assert_error(admin.patch(path(agent, key), json={"scopes": ["read"]}), 404, "RESOURCE_NOT_FOUND")
    with server.client(key) as client:
        assert_error(listing(client, agent), 401, "INVALID_API_KEY")


def test_a_change_and_a_revocation_hold_at_once_in_every_process(
    start_server: Callable[..., Server], database: Database
) -> None:
    servers, agent = [start_server(), start_server()], Agent()
    with servers[0].client() as admin:
        assert agent.register(admin).status_code == 200
        key = mint(database, agent.tenant_id, agent_id=agent.agent_id)
        callers = [server.client(key) for server in servers]
        for caller in callers:
            assert agent.ingest(caller, agent.event()).status_code == 200
        for change, status in (
            ({"scopes": ["read"]}, 403),
            ({"scopes": ["read", "write"]}, 200),
            ({"storeIds": [STORE]}, 403),
            ({"storeIds": []}, 200),
            ({"rateLimit": 1}, None),
            ({"rateLimit": None}, 200),
        ):
            assert admin.patch(path(agent, key), json=change).status_code == 200
            statuses = [agent.ingest(caller, agent.event()).status_code for caller in callers]
            assert statuses == ([200, 429] if status is None else [status] * 2), change
        assert admin.delete(path(agent, key)).status_code == 200
        for caller in callers:
            assert_error(agent.ingest(caller, agent.event()), 401, "INVALID_API_KEY")
            assert_error(listing(caller, agent), 401, "INVALID_API_KEY")
            caller.close()


def test_what_is_done_with_keys_is_audited(
    admin: httpx.Client, api_database: Database, agent: Agent, key: str
) -> None:
    made = admin.post(f"/api/v1/agents/{agent.agent_id}/api-keys", json={"rateLimit": 5}).json()["apiKey"]
    [(actor_type, success, details, address)] = audit(api_database, "api_key_created", made)
    assert (actor_type, success, address) == ("bootstrap", True, "127.0.0.1")
    assert details["rate_limit"] == 5
    assert details["agent_id"] == str(agent.agent_id)
    admin.patch(path(agent, made), json={"rateLimit": 6})
    [(_, _, details, _)] = audit(api_database, "api_key_updated", made)
    assert (details["before"]["rate_limit"], details["after"]["rate_limit"]) == (5, 6)
    admin.delete(path(agent, made))
    [(_, _, details, _)] = audit(api_database, "api_key_revoked", made)
    assert details["active"] is False
    admin_call(
        api_database, "select ves.update_api_key(%s, %s, can_admin => true)", digest(key), agent.tenant_id
    )
    [(actor_type, _, details, address)] = audit(api_database, "api_key_updated", key)
    assert (actor_type, address, details["after"]["can_admin"]) == ("database", None, True)
    with api_database.connect() as connection:
        rows = connection.execute("select a::text from ves_store.audit_log as a").fetchall()
    assert made not in str(rows)
    assert digest(made) not in str(rows)
