"""API keys of an agent over REST: mint, list, revoke, and never more rights than one's own."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Agent, assert_error
from tests.api.test_credentials import mint

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server


def keys_path(agent: Agent) -> str:
    return f"/api/v1/agents/{agent.agent_id}/api-keys"


def test_a_minted_key_works_until_it_is_revoked(
    server: Server, admin: httpx.Client, api_database: Database, agent: Agent
) -> None:
    mint(api_database, agent.tenant_id, agent_id=agent.agent_id)
    answer = admin.post(keys_path(agent), json={})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    key = body["apiKey"]
    assert re.fullmatch(rf"ss_{str(agent.tenant_id)[:8]}[\w-]{{32}}", key)
    assert body["keyHashPrefix"] == hashlib.sha256(key.encode()).hexdigest()[:16]
    assert (body["success"], body["permissions"]) == (True, "read_write")
    with server.client(key) as client:
        assert agent.ingest(client, agent.event()).json()["eventsAccepted"] == 1
        listed = client.get(keys_path(agent)).json()
        assert listed["count"] == len(listed["keys"]) == 2
        assert {
            "keyHashPrefix": body["keyHashPrefix"],
            "active": True,
            "permissions": "read_write",
            "scopes": ["read", "write"],
            "rateLimit": None,
        } in listed["keys"]
        revoked = client.delete(f"{keys_path(agent)}/{body['keyHashPrefix']}")
        assert revoked.json()["success"] is True
        assert_error(agent.ingest(client, agent.event()), 401, "INVALID_API_KEY")
    after = {k["keyHashPrefix"]: k["active"] for k in admin.get(keys_path(agent)).json()["keys"]}
    assert after[body["keyHashPrefix"]] is False


def test_an_agent_is_described_by_its_latest_key(
    admin: httpx.Client, api_database: Database, agent: Agent
) -> None:
    mint(api_database, agent.tenant_id, agent_id=agent.agent_id)
    mint(api_database, agent.tenant_id, agent_id=agent.agent_id, stores=(agent.store_id,), write=False)
    assert admin.get(f"/api/v1/agents/{agent.agent_id}").json() == {
        "agentId": str(agent.agent_id),
        "tenantId": str(agent.tenant_id),
        "active": True,
        "permissions": "read",
        "storeIds": [str(agent.store_id)],
        "rateLimit": None,
    }


def test_an_unknown_agent_is_404(admin: httpx.Client) -> None:
    stranger = Agent()
    for answer in (
        admin.get(f"/api/v1/agents/{stranger.agent_id}"),
        admin.post(keys_path(stranger), json={}),
        admin.delete(f"{keys_path(stranger)}/0123456789abcdef"),
    ):
        assert_error(answer, 404, "RESOURCE_NOT_FOUND", 4001)


def test_another_tenants_admin_cannot_tell_an_agent_from_an_unknown_one(
    server: Server, api_database: Database, agent: Agent
) -> None:
    mint(api_database, agent.tenant_id, agent_id=agent.agent_id)
    with server.client(mint(api_database, uuid.uuid4(), admin=True)) as client:
        known, unknown = (f"/api/v1/agents/{who.agent_id}" for who in (agent, Agent()))
        refused = [assert_error(client.get(path), 404, "RESOURCE_NOT_FOUND") for path in (known, unknown)]
        assert refused[0]["message"] == refused[1]["message"]
        for path in (known, unknown):
            assert client.get(f"{path}/api-keys").json() == {"keys": [], "count": 0}


def test_one_agent_cannot_see_another(server: Server, api_database: Database, agent: Agent) -> None:
    other = Agent(agent.tenant_id)
    mint(api_database, agent.tenant_id, agent_id=other.agent_id)
    key = mint(api_database, agent.tenant_id, agent_id=agent.agent_id)
    unbound = mint(api_database, agent.tenant_id)
    for credential in (key, unbound):
        with server.client(credential) as client:
            error = assert_error(client.get(keys_path(other)), 403, "INSUFFICIENT_PERMISSIONS")
            assert error["message"] == "Access denied"


@pytest.mark.parametrize(
    ("own", "asked", "status"),
    [
        ({}, {"admin": True}, 403),
        ({"write": False}, {"readOnly": False}, 403),
        ({"write": False}, {}, 200),
        ({"read": False}, {}, 403),
        ({"stores": True}, {"storeIds": []}, 403),
        ({"stores": True}, {"storeIds": ["00000000-0000-0000-0000-0000000000aa"]}, 403),
        ({"stores": True}, {}, 200),
        ({}, {"storeIds": ["00000000-0000-0000-0000-0000000000aa"]}, 200),
        ({"admin": True}, {"admin": True}, 200),
        ({}, {"rateLimit": 10}, 200),
    ],
)
def test_a_minted_key_is_never_wider_than_its_minter(
    own: dict[str, Any],
    asked: dict[str, Any],
    status: int,
    server: Server,
    api_database: Database,
    agent: Agent,
) -> None:
    own = dict(own)
    if own.get("stores"):
        own["stores"] = (agent.store_id,)
    key = mint(api_database, agent.tenant_id, agent_id=agent.agent_id, **own)
    with server.client(key) as client:
        answer = client.post(keys_path(agent), json=asked)
    assert answer.status_code == status, answer.text
    if status == 403:
        assert_error(answer, 403, "INSUFFICIENT_PERMISSIONS")


def test_inherited_rights_are_those_of_the_minter(
    server: Server, api_database: Database, agent: Agent
) -> None:
    key = mint(api_database, agent.tenant_id, agent_id=agent.agent_id, stores=(agent.store_id,), write=False)
    with server.client(key) as client:
        minted = client.post(keys_path(agent), json={"rateLimit": 5}).json()
    assert minted["permissions"] == "read"
    with server.client(minted["apiKey"]) as client:
        described = client.get(f"/api/v1/agents/{agent.agent_id}").json()
        assert described["storeIds"] == [str(agent.store_id)]
        assert described["rateLimit"] == 5
        error = assert_error(
            client.post(keys_path(agent), json={"rateLimit": 6}), 403, "INSUFFICIENT_PERMISSIONS"
        )
        assert "rate limit" in error["message"]


@pytest.mark.parametrize("prefix", ["xyz", "0123", "ABCDEF0123456789", "%00%00%00%00%00%00%00%00", "a" * 65])
def test_a_prefix_that_no_key_can_have_is_404(
    prefix: str, admin: httpx.Client, api_database: Database, agent: Agent
) -> None:
    mint(api_database, agent.tenant_id, agent_id=agent.agent_id)
    assert_error(admin.delete(f"{keys_path(agent)}/{prefix}"), 404, "RESOURCE_NOT_FOUND")


def test_a_prefix_that_fits_no_key_is_404(admin: httpx.Client, api_database: Database, agent: Agent) -> None:
    mint(api_database, agent.tenant_id, agent_id=agent.agent_id)
    assert_error(admin.delete(f"{keys_path(agent)}/{'0' * 16}"), 404, "RESOURCE_NOT_FOUND")


def test_a_bad_agent_id_is_400(admin: httpx.Client) -> None:
    assert_error(admin.get("/api/v1/agents/not-a-uuid"), 400, "INVALID_FIELD_VALUE")
    assert_error(admin.get("/api/v1/agents/%00"), 400, "INVALID_FIELD_VALUE")


@pytest.mark.parametrize(
    "body", [{"rateLimit": -1}, {"rateLimit": 2**31}, {"storeIds": ["x"]}, {"admin": "yes"}]
)
def test_a_bad_mint_request_is_422(
    body: dict[str, Any], admin: httpx.Client, api_database: Database, agent: Agent
) -> None:
    mint(api_database, agent.tenant_id, agent_id=agent.agent_id)
    assert_error(admin.post(keys_path(agent), json=body), 422, "INVALID_REQUEST_BODY")


def test_a_rate_limit_of_zero_is_400(admin: httpx.Client, api_database: Database, agent: Agent) -> None:
    mint(api_database, agent.tenant_id, agent_id=agent.agent_id)
    assert_error(admin.post(keys_path(agent), json={"rateLimit": 0}), 400, "INVALID_FIELD_VALUE")
