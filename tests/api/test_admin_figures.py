"""`GET /api/v1/admin/*`: shape, who sees what, the cap of 200."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Agent, admin_call, assert_error
from tests.api.test_credentials import mint

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

ROUTES = [f"/api/v1/admin/{name}" for name in ("overview", "tenants", "stores", "agents")]
OVERVIEW, TENANTS, STORES, AGENTS = ROUTES
FIGURES = {"totalHeadSequence", "vesHeadSequence", "activeStores24h", "maxProjectionLag", "lastActivityAt"}
MEMBERS = {
    OVERVIEW: FIGURES | {"tenants", "stores", "agents", "apiKeys", "activeApiKeys"},
    TENANTS: FIGURES | {"tenantId", "agentCount", "apiKeyCount", "activeApiKeys", "storeCount", "lastKeyAt"},
    STORES: {
        "tenantId",
        "storeId",
        "headSequence",
        "vesHeadSequence",
        "lastProjectedSequence",
        "projectionLag",
        "agentCount",
        "lastAgentSyncAt",
        "updatedAt",
    },
    AGENTS: {
        "tenantId",
        "agentId",
        "permissions",
        "storeScope",
        "apiKeyCount",
        "activeApiKeys",
        "firstKeyAt",
        "lastKeyAt",
        "storeId",
        "lastSyncAt",
        "lastPushedSequence",
        "lastPulledSequence",
    },
}


@pytest.fixture
def key(api_database: Database, admin: httpx.Client, agent: Agent) -> str:
    """The admin key of a tenant with one agent that has written two events."""
    mint(api_database, agent.tenant_id, agent_id=agent.agent_id)
    assert agent.ingest(admin, agent.event(), agent.event()).status_code == 200
    return mint(api_database, agent.tenant_id, admin=True)


def fetch(client: httpx.Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_tenants_administrator_sees_the_figures_of_his_own_tenant(
    server: Server, key: str, agent: Agent
) -> None:
    with server.client(key) as client:
        overview = fetch(client, OVERVIEW)
        (tenant,) = fetch(client, TENANTS)
        (store,) = fetch(client, STORES)
        (known,) = fetch(client, AGENTS)
    for path, body in ((OVERVIEW, overview), (TENANTS, tenant), (STORES, store), (AGENTS, known)):
        assert set(body) == MEMBERS[path]
    assert (overview["tenants"], overview["stores"], overview["agents"]) == (1, 1, 1)
    assert (overview["apiKeys"], overview["activeApiKeys"], overview["activeStores24h"]) == (2, 2, 1)
    assert (overview["totalHeadSequence"], overview["vesHeadSequence"]) == (0, 2)
    assert (tenant["tenantId"], tenant["storeCount"], tenant["apiKeyCount"]) == (str(agent.tenant_id), 1, 2)
    assert (store["storeId"], store["headSequence"], store["vesHeadSequence"]) == (str(agent.store_id), 0, 2)
    assert (known["agentId"], known["permissions"], known["storeScope"]) == (
        str(agent.agent_id),
        "read_write",
        "all",
    )
    assert known["lastPushedSequence"] is None
    for moment in (overview["lastActivityAt"], tenant["lastKeyAt"], store["updatedAt"], known["firstKeyAt"]):
        assert dt.datetime.fromisoformat(moment).tzinfo is not None


def test_the_bootstrap_administrator_sees_every_tenant(admin: httpx.Client, key: str, agent: Agent) -> None:
    assert fetch(admin, OVERVIEW)["tenants"] >= 2
    assert str(agent.tenant_id) in {row["tenantId"] for row in fetch(admin, TENANTS)}
    assert str(agent.store_id) in {row["storeId"] for row in fetch(admin, STORES)}
    assert str(agent.agent_id) in {row["agentId"] for row in fetch(admin, AGENTS)}


@pytest.mark.parametrize("path", ROUTES)
def test_another_tenant_is_never_in_the_answer(
    path: str, server: Server, api_database: Database, key: str, agent: Agent
) -> None:
    with server.client(mint(api_database, uuid.uuid4(), admin=True)) as client:
        answer = client.get(path)
    assert answer.status_code == 200
    for identifier in (agent.tenant_id, agent.store_id, agent.agent_id):
        assert str(identifier) not in answer.text


@pytest.mark.parametrize("path", ROUTES)
def test_without_the_admin_flag_or_a_credential_there_is_nothing_to_see(
    path: str, server: Server, api_database: Database
) -> None:
    with server.client(mint(api_database, uuid.uuid4())) as client:
        error = assert_error(client.get(path), 403, "INSUFFICIENT_PERMISSIONS", 1005)
        assert error["message"] == "Admin permission required"
    with server.client(key=None) as client:
        assert_error(client.get(path), 401, "AUTH_REQUIRED", 1001)
    with server.client("ss_unknown_key_that_nobody_has") as client:
        assert_error(client.get(path), 401, "INVALID_API_KEY", 1002)


@pytest.mark.parametrize(("agents", "listed"), [(200, 200), (201, 200)])
def test_a_list_ends_at_200_rows(agents: int, listed: int, server: Server, api_database: Database) -> None:
    tenant = uuid.uuid4()
    admin_call(
        api_database,
        """select count(ves.create_api_key(
          encode(sha256(gen_random_uuid()::text::bytea), 'hex'), %s, agent_id => gen_random_uuid()))
        from generate_series(1, %s)""",
        tenant,
        agents,
    )
    with server.client(mint(api_database, tenant, admin=True)) as client:
        assert len(fetch(client, AGENTS)) == listed
        assert fetch(client, OVERVIEW)["agents"] == agents
