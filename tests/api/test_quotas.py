"""A limit of rows over REST: what makes one row too many is refused with the limit's name, and nobody else is."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.legacy_support import Sender
from tests.api.support import Agent, admin_call, assert_error

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database

Make = Callable[["httpx.Client", Agent], "httpx.Response"]


def key_of(agent: Agent, agent_id: uuid.UUID, number: int = 1) -> dict[str, Any]:
    key = Agent(agent.tenant_id, agent_id=agent_id, key_id=number)
    return {
        "tenantId": str(agent.tenant_id),
        "agentId": str(agent_id),
        "keyId": number,
        "publicKey": key.public_key.hex(),
    }


def agent_keys(client: httpx.Client, agent: Agent) -> httpx.Response:
    return client.post("/api/v1/agents/keys", json=key_of(agent, uuid.uuid4()))


def agent_keys_per_agent(client: httpx.Client, agent: Agent) -> httpx.Response:
    number = int.from_bytes(uuid.uuid4().bytes[:3]) + 2
    return client.post("/api/v1/agents/keys", json=key_of(agent, agent.agent_id, number))


def streams(client: httpx.Client, agent: Agent) -> httpx.Response:
    other = agent.in_store()
    return other.ingest(client, other.event())


def legacy_streams(client: httpx.Client, agent: Agent) -> httpx.Response:
    sender = Sender(agent.tenant_id)
    return sender.ingest(client, sender.event())


def schemas(client: httpx.Client, agent: Agent) -> httpx.Response:
    body = {"tenantId": str(agent.tenant_id), "eventType": "t", "schemaJson": True}
    return client.post("/api/v1/schemas", json=body)


MAKERS: list[Make] = [agent_keys, agent_keys_per_agent, streams, legacy_streams, schemas]
TEMPLATES = {
    agent_keys: "/api/v1/agents/keys",
    agent_keys_per_agent: "/api/v1/agents/keys",
    streams: "/api/v1/ves/events/ingest",
    legacy_streams: "/api/v1/events/ingest",
    schemas: "/api/v1/schemas",
}


@pytest.fixture
def own(start_server: Callable[..., Any]) -> httpx.Client:
    client: httpx.Client = start_server().client()
    return client


def limit(database: Database, name: str, most: int) -> None:
    assert admin_call(database, "select ves.set_limit(%s, %s)", name, most) is True


def test_one_row_too_many_is_a_429_that_its_route_documents(own: httpx.Client, database: Database) -> None:
    paths = own.get("/api/openapi.json").json()["paths"]
    for make in MAKERS:
        agent = Agent()
        assert agent.register(own).status_code == 200
        assert make(own, agent).status_code == 200
        # The agent's own key is the first row of these.
        most = 2 if make in (agent_keys, agent_keys_per_agent) else 1
        limit(database, make.__name__, most)
        error = assert_error(make(own, agent), 429, "QUOTA_EXCEEDED", 2002)
        assert error["details"] == {"quota": make.__name__, "limit": most}
        assert "QUOTA_EXCEEDED" in paths[TEMPLATES[make]]["post"]["responses"]["429"]["description"]
        limit(database, make.__name__, 1000)
        assert make(own, agent).status_code == 200


def test_a_tenant_at_its_limit_of_streams_does_not_stop_those_it_shares_a_call_with(
    own: httpx.Client, database: Database
) -> None:
    """Requests that wait at the same time are one call; the part of the tenant at its limit fails alone."""
    full = Agent()
    others = [Agent() for _ in range(15)]
    for agent in (full, *others):
        assert agent.register(own).status_code == 200
    assert full.ingest(own, full.event()).status_code == 200
    limit(database, "streams", 1)
    with ThreadPoolExecutor(32) as pool:
        refused = [pool.submit(streams, own, full) for _ in range(8)]
        served = [pool.submit(agent.ingest, own, agent.event()) for agent in others]
        known = [pool.submit(full.ingest, own, full.event()) for _ in range(8)]
    for sent in refused:
        assert_error(sent.result(), 429, "QUOTA_EXCEEDED")
    assert [sent.result().status_code for sent in (*served, *known)] == [200] * 23
    assert [json.loads(sent.result().text)["eventsAccepted"] for sent in (*served, *known)] == [1] * 23
