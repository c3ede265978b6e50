"""What clients of the original send and expect, where a stricter or a looser reading would be noticed.

Each name tells the row: forms that are taken, statuses and codes that client libraries branch on.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.legacy_support import Sender
from tests.api.support import Agent, assert_error
from tests.api.tokens import SETTINGS, token
from tests.support.processes import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.conftest import Database


@pytest.fixture(scope="module")
def token_server(api_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(api_database.url("ves_api"), dict(SETTINGS)).start(tmp_path_factory.mktemp("t") / "log")
    yield running
    running.stop()


def bearer(server: Server, tenant_id: uuid.UUID, perms: str, **claims: Any) -> httpx.Client:
    return server.client(key=None, added={"authorization": f"Bearer {token(tenant_id, perms, **claims)}"})


def keys_of(agent: Agent) -> str:
    return f"/api/v1/agents/{agent.agent_id}/api-keys"


def prefixes(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [key["keyHashPrefix"] for key in answer.json()["keys"]]


def mint(client: httpx.Client, agent: Agent, **body: Any) -> str:
    answer = client.post(keys_of(agent), json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["keyHashPrefix"])


def test_a_token_of_an_agent_mints_its_first_key(token_server: Server) -> None:
    fresh = Agent()
    with bearer(token_server, fresh.tenant_id, "read,write", agent=str(fresh.agent_id)) as own:
        first = mint(own, fresh)
        assert prefixes(own.get(keys_of(fresh))) == [first]
        stranger = Agent(tenant_id=fresh.tenant_id)
        assert_error(own.post(keys_of(stranger), json={}), 403, "INSUFFICIENT_PERMISSIONS")


def test_an_administrators_token_mints_for_no_unknown_agent(token_server: Server) -> None:
    fresh = Agent()
    with bearer(token_server, fresh.tenant_id, "admin") as other:
        assert_error(other.post(keys_of(fresh), json={}), 404, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize("perms", [" read , write ", "read,write,fly", "read,,write,", "write ,Admin,read"])
def test_words_of_a_token_are_trimmed_and_unknown_ones_grant_nothing(
    token_server: Server, perms: str
) -> None:
    agent, other = Agent(), uuid.uuid4()
    stores = f"{other} , {agent.store_id}"
    with bearer(token_server, agent.tenant_id, perms, stores=stores) as caller:
        stream = {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}
        assert caller.get("/api/v1/head", params=stream).json() == {"head_sequence": 0}
        assert_error(
            caller.get("/api/v1/head", params=stream | {"store_id": str(uuid.uuid4())}),
            403,
            "INSUFFICIENT_PERMISSIONS",
        )
        assert_error(agent.register(caller), 403, "INSUFFICIENT_PERMISSIONS")


@pytest.mark.parametrize("stores", ["no store", ",", " "])
def test_stores_of_a_token_that_name_none_do_not_open_all(token_server: Server, stores: str) -> None:
    agent = Agent()
    with bearer(token_server, agent.tenant_id, "read", stores=stores) as caller:
        stream = {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}
        assert_error(caller.get("/api/v1/head", params=stream), 401, "INVALID_TOKEN")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_of_a_token_has_any_case(token_server: Server, scheme: str) -> None:
    agent = Agent()
    credential = f"{scheme} {token(agent.tenant_id)}"
    with token_server.client(key=None, added={"authorization": credential}) as caller:
        stream = {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}
        assert caller.get("/api/v1/head", params=stream).status_code == 200


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("spelling", ["absent", "null"])
def test_a_payload_that_is_missing_is_an_invalid_value(
    admin: httpx.Client, agent: Agent, kind: int, spelling: str
) -> None:
    event = agent.event(payload_kind=kind)
    member = "payload_encrypted" if kind else "payload"
    del event["payload"]
    if spelling == "null":
        event[member] = None
    error = assert_error(agent.ingest(admin, event), 400, "INVALID_FIELD_VALUE", 3003)
    assert error["details"]["field"] == member
    assert member in error["message"]


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [({}, 0), ({"keyAlgorithm": None}, 0), ({"keyAlgorithm": 0}, 0), ({"keyAlgorithm": 1}, 1)],
)
def test_a_registration_echoes_the_algorithm_that_was_sent(
    admin: httpx.Client, sent: dict[str, Any], echoed: int
) -> None:
    agent = Agent()
    assert agent.register(admin, **sent).json()["keyAlgorithm"] == echoed
    assert agent.ingest(admin, agent.event()).json()["eventsAccepted"] == 1


def test_keys_are_listed_with_the_newest_change_first(token_server: Server) -> None:
    agent = Agent()
    with bearer(token_server, agent.tenant_id, "read,write", agent=str(agent.agent_id)) as own:
        first, second, third = [mint(own, agent) for _ in range(3)]
        assert prefixes(own.get(keys_of(agent))) == [third, second, first]
        assert own.delete(f"{keys_of(agent)}/{first}").status_code == 200
        assert prefixes(own.get(keys_of(agent))) == [first, third, second]


def test_an_agent_without_keys_has_an_empty_list_for_an_administrator(
    admin: httpx.Client, token_server: Server
) -> None:
    agent = Agent()
    with bearer(token_server, agent.tenant_id, "admin") as tenant_admin:
        for caller in (admin, tenant_admin):
            assert caller.get(keys_of(agent)).json() == {"keys": [], "count": 0}
            assert caller.head(keys_of(agent)).status_code == 200


def test_an_event_whose_base_version_no_version_can_have_conflicts_alone(
    admin: httpx.Client, agent: Agent
) -> None:
    events = [agent.event(base_version=2**63), agent.event()]
    body = agent.ingest(admin, *events).json()
    assert body["eventsAccepted"] == 1
    assert body["rejections"][0]["reason"].startswith("version_conflict")
    sender = Sender()
    legacy = sender.ingest(admin, sender.event(base_version=2**63), sender.event()).json()
    assert legacy["events_accepted"] == 1
    assert legacy["rejections"][0]["reason"] == "VersionConflict"


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
@pytest.mark.parametrize("prefix", ["abc", "ABCDEF0123456789", "zz", "not-a-prefix", "ab" * 40])
def test_a_prefix_that_no_hash_can_have_finds_no_key(
    admin: httpx.Client, token_server: Server, method: str, prefix: str
) -> None:
    agent = Agent()
    with bearer(token_server, agent.tenant_id, "read,write", agent=str(agent.agent_id)) as own:
        mint(own, agent)
        answer = own.request(method, f"{keys_of(agent)}/{prefix}", json={} if method == "PATCH" else None)
        assert_error(answer, 404, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize(
    "changes",
    [{"base_version": 2**64}, {"sequence_number": "x"}, {"sequenced_at": "x"}, {"sequence_number": -1}],
)
def test_a_member_of_an_event_that_counts_for_nothing_has_its_type(
    admin: httpx.Client, agent: Agent, changes: dict[str, Any]
) -> None:
    sender = Sender()
    field = next(iter(changes))
    for answer in (
        agent.ingest(admin, agent.event() | changes),
        sender.ingest(admin, sender.event(**changes)),
    ):
        error = assert_error(answer, 422, "INVALID_REQUEST_BODY")
        assert field in error["details"]["field"]


def test_a_refusal_of_an_event_from_another_agent_names_the_field(admin: httpx.Client, agent: Agent) -> None:
    sender = Sender()
    legacy = sender.ingest(admin, sender.event(source_agent=str(uuid.uuid4())))
    error = assert_error(legacy, 400, "INVALID_FIELD_VALUE")
    assert "source_agent" in error["message"]
    assert error["details"]["field"] == "source_agent"
    answer = agent.ingest(admin, agent.event(source_agent_id=str(uuid.uuid4())))
    error = assert_error(answer, 400, "INVALID_FIELD_VALUE")
    assert "source_agent_id" in error["message"]
    assert error["details"]["field"] == "source_agent_id"
