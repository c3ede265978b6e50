"""Caches keep what cannot change; none makes a revoked key work or answers across tenants, in any process."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Agent, admin_call, assert_error
from tests.api.test_commitments_and_proofs import commit
from tests.api.test_credentials import mint, revoke
from tests.support.processes import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from tests.conftest import Database

PROOF = "/api/v1/ves/proofs/1"
COMMITMENTS = "/api/v1/ves/commitments"


@pytest.fixture
def servers(start_server: Callable[..., Server]) -> list[Server]:
    """Two processes on one database."""
    return [start_server(), start_server()]


@pytest.fixture
def admins(servers: list[Server]) -> Iterator[list[httpx.Client]]:
    clients = [server.client() for server in servers]
    yield clients
    for client in clients:
        client.close()


@pytest.fixture
def agent(admins: list[httpx.Client]) -> Agent:
    """An agent with one event, committed as a batch."""
    fresh = Agent()
    fresh.register(admins[0])
    assert fresh.ingest(admins[0], fresh.event()).status_code == 200
    return fresh


@pytest.fixture
def batch(admins: list[httpx.Client], agent: Agent) -> str:
    return str(commit(admins[0], agent, 1, 1).json()["batch_id"])


def counts(client: httpx.Client, name: str) -> dict[str, int]:
    found: dict[str, int] = client.get("/health/detailed").json()["components"]["caches"][name]
    return found


def proof(client: httpx.Client, agent: Agent, batch: str, **changes: str) -> httpx.Response:
    query = {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id), "batch_id": batch}
    return client.get(PROOF, params=query | changes)


def anchor(database: Database, batch: str) -> None:
    """What the anchoring worker writes when it has seen finality."""
    with database.connect() as connection:
        connection.execute(
            "select ves.record_anchor(%s, sha256('tx'), 84532001, 7)",
            [batch],
        )


def test_a_proof_is_read_once_and_then_kept(admins: list[httpx.Client], agent: Agent, batch: str) -> None:
    first, _ = admins
    before, asked = counts(first, "ves_proofs"), reads(first)
    answers = {proof(first, agent, batch).text for _ in range(3)}
    after = counts(first, "ves_proofs")
    assert len(answers) == 1
    assert (after["misses"] - before["misses"], after["hits"] - before["hits"]) == (1, 2)
    assert after["size"] == before["size"] + 1
    assert reads(first) == asked + 1


def reads(client: httpx.Client) -> int:
    answered: int = client.get("/health/detailed").json()["components"]["reads"]["answered_by_primary"]
    return answered


def test_a_commitment_is_kept_once_it_is_anchored_and_not_before(
    admins: list[httpx.Client], agent: Agent, batch: str, database: Database
) -> None:
    for client in admins:
        assert client.get(f"{COMMITMENTS}/{batch}").json()["anchored_at"] is None
        assert counts(client, "ves_commitments")["size"] == 0
    anchor(database, batch)
    for client in admins:
        for _ in range(2):
            assert client.get(f"{COMMITMENTS}/{batch}").json()["chain_block_number"] == 7
        kept = counts(client, "ves_commitments")
        assert (kept["size"], kept["hits"]) == (1, 1)


def test_no_cache_makes_a_revoked_agent_key_work_in_any_process(
    admins: list[httpx.Client], agent: Agent, database: Database
) -> None:
    for client in admins:
        for _ in range(2):
            assert agent.ingest(client, agent.event()).json()["eventsAccepted"] == 1
        assert counts(client, "agent_keys")["hits"] >= 1
    admin_call(
        database, "select ves.revoke_agent_key(%s, %s, %s)", agent.tenant_id, agent.agent_id, agent.key_id
    )
    for client in admins:
        answer = agent.ingest(client, agent.event()).json()
        assert (answer["eventsAccepted"], answer["eventsRejected"]) == (0, 1)


@pytest.mark.parametrize("tenant", ["its own", "nil"])
def test_no_cache_makes_a_revoked_api_key_work_in_any_process(
    servers: list[Server], agent: Agent, batch: str, database: Database, tenant: str
) -> None:
    tenant_id = agent.tenant_id if tenant == "its own" else uuid.UUID(int=0)
    key = mint(database, tenant_id, admin=tenant == "nil")
    clients = [server.client(key=key) for server in servers]
    for client in clients:
        assert agent.ingest(client, agent.event()).json()["eventsAccepted"] == 1
        assert proof(client, agent, batch).status_code == 200
    revoke(database, key, tenant_id)
    for client in clients:
        assert_error(agent.ingest(client, agent.event()), 401, "INVALID_API_KEY")
        assert_error(proof(client, agent, batch), 401, "INVALID_API_KEY")
        client.close()


def test_no_cache_answers_across_tenants_or_stores(
    servers: list[Server], admins: list[httpx.Client], agent: Agent, batch: str, database: Database
) -> None:
    """Everything is in the caches, put there by the tenant itself and by the bootstrap administrator."""
    anchor(database, batch)
    path = f"{COMMITMENTS}/{batch}"
    stranger = uuid.uuid4()
    with (
        servers[0].client(key=mint(database, agent.tenant_id)) as owner,
        servers[0].client(key=mint(database, stranger)) as other,
        servers[0].client(key=mint(database, agent.tenant_id, stores=(uuid.uuid4(),))) as scoped,
    ):
        for client in (owner, admins[0]):
            assert client.get(path).status_code == 200
            assert proof(client, agent, batch).status_code == 200
        assert counts(admins[0], "ves_proofs")["hits"] == 1, "both asked for the same stream's proof"
        assert_error(proof(other, agent, batch), 403, "INSUFFICIENT_PERMISSIONS")
        unknown = refusal(proof(other, agent, str(uuid.uuid4()), tenant_id=str(stranger)))
        assert refusal(proof(other, agent, batch, tenant_id=str(stranger))) == unknown
        assert refusal(other.get(path), batch) == refusal(
            other.get(f"{COMMITMENTS}/{stranger}"), str(stranger)
        )
        assert_error(proof(scoped, agent, batch), 403, "INSUFFICIENT_PERMISSIONS")
        assert_error(scoped.get(path), 403, "INSUFFICIENT_PERMISSIONS")


def refusal(answer: httpx.Response, mentioned: str = "") -> dict[str, Any]:
    """A refusal without what differs in any case: the request, and the id that the caller sent."""
    error = assert_error(answer, 404, "RESOURCE_NOT_FOUND")
    assert not mentioned or error.get("resource_id") in (None, mentioned)
    return {name: value for name, value in error.items() if name not in ("request_id", "resource_id")}
