"""Agents that register themselves: off by default, checked in order, limited by address, audited."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Agent, assert_error
from tests.api.test_rate_limits import budget
from tests.support.processes import Server
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from tests.conftest import Database

PATH = "/api/v1/agents/register"
ENABLED = {"PUBLIC_AGENT_REGISTRATION_ENABLED": "true"}
AUDIT = (
    "select actor, actor_type, ip_address, details, success, error_message, tenant_id, resource_id, user_agent"
    " from ves_store.audit_log where action = 'custom:agent_registered' and request_id = %s"
)


@pytest.fixture(scope="module")
def open_server(api_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    env = {
        **ENABLED,
        "PUBLIC_AGENT_REGISTRATION_RATE_LIMIT_PER_MINUTE": "1000",
        "TRUST_PROXY_HEADERS": "true",
    }
    running = Server(api_database.url("ves_api"), env).start(tmp_path_factory.mktemp("r") / "log")
    yield running
    running.stop()


@pytest.fixture
def anyone(open_server: Server) -> Iterator[httpx.Client]:
    with open_server.client(key=None) as client:
        yield client


def audited(database: Database, answer: httpx.Response) -> Any:
    with database.connect() as connection:
        return connection.execute(AUDIT, [answer.headers["x-request-id"]]).fetchall()


def test_an_agent_registers_and_works_in_a_tenant_of_its_own(
    anyone: httpx.Client, open_server: Server
) -> None:
    answers = [anyone.post(PATH, json={"name": "shopper"}).json() for _ in range(2)]
    assert len({a["tenantId"] for a in answers} | {a["agentId"] for a in answers}) == 4
    body = answers[0]
    assert body["success"] is True
    assert body["permissions"] == "read_write"
    assert body["apiKey"].startswith("ss_" + body["tenantId"][:8])
    assert len(body["apiKey"]) == 43
    tenant, agent = uuid.UUID(body["tenantId"]), uuid.UUID(body["agentId"])
    with open_server.client(body["apiKey"]) as client:
        described = client.get(f"/api/v1/agents/{agent}").json()
        assert (described["permissions"], described["storeIds"], described["rateLimit"]) == (
            "read_write", [], None,
        )  # fmt: skip
        me = Agent(tenant, agent_id=agent)
        assert_error(me.register(client), 403, "INSUFFICIENT_PERMISSIONS")
        assert_error(client.get(f"/api/v1/agents/{answers[1]['agentId']}"), 403, "INSUFFICIENT_PERMISSIONS")


def test_the_key_has_what_was_asked_for(anyone: httpx.Client, open_server: Server) -> None:
    store = str(uuid.uuid4())
    sent = {"name": "r", "readOnly": True, "storeIds": [store, store], "rateLimit": 10_000, "admin": False}
    body = anyone.post(PATH, json=sent).json()
    assert body["permissions"] == "read"
    with open_server.client(body["apiKey"]) as client:
        answer = client.get(f"/api/v1/agents/{body['agentId']}")
        assert answer.json()["storeIds"] == [store]
        assert budget(answer) == (10_000, 9_999)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"name": " \t"}, 400, "INVALID_NAME"),
        ({"name": "é" * 64 + "x"}, 400, "NAME_TOO_LONG"),
        ({"name": "a", "description": "é" * 512 + "x"}, 400, "DESCRIPTION_TOO_LONG"),
        ({"name": "a", "storeIds": [str(uuid.uuid4()) for _ in range(51)]}, 400, "STORE_IDS_TOO_MANY"),
        ({"name": "a", "rateLimit": 0}, 400, "RATE_LIMIT_INVALID"),
        ({"name": "a", "rateLimit": 10_001}, 400, "RATE_LIMIT_INVALID"),
        ({"name": "a", "rateLimit": 2**32 - 1}, 400, "RATE_LIMIT_INVALID"),
        ({"name": "a", "tenantId": str(uuid.uuid4())}, 400, "TENANT_ID_NOT_ALLOWED"),
        ({"name": "a", "tenantId": "\0"}, 400, "TENANT_ID_NOT_ALLOWED"),
        ({"name": "a", "admin": True}, 403, "ADMIN_NOT_ALLOWED"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_refused_registration_has_its_code_and_is_audited(
    sent: dict[str, Any], status: int, code: str, anyone: httpx.Client, api_database: Database
) -> None:
    answer = anyone.post(PATH, json=sent)
    assert_error(answer, status, code)
    assert budget(answer)[0] == 1000
    [entry] = audited(api_database, answer)
    assert (entry[0], entry[1], entry[4], entry[5]) == ("self_service", "public", False, code)
    assert entry[3]["rate_limit"] == sent.get("rateLimit")


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "é" * 64, "description": "é" * 512, "rateLimit": 1},
        {"name": "  " + "a" * 128 + "  ", "storeIds": [str(uuid.uuid4()) for _ in range(50)]},
        {"name": "nul \0 in it", "description": "\0", "tenantId": None, "admin": None, "unknown": {}},
    ],
    ids=["bytes", "blanks and stores", "nul"],
)
def test_a_registration_at_each_limit_is_taken(sent: dict[str, Any], anyone: httpx.Client) -> None:
    assert anyone.post(PATH, json=sent).status_code == 200


def test_the_first_check_that_fails_answers(anyone: httpx.Client) -> None:
    sent: dict[str, Any] = {
        "name": "", "description": "x" * 1025, "storeIds": [str(uuid.uuid4())] * 51, "rateLimit": 0,
        "tenantId": "t", "admin": True,
    }  # fmt: skip
    for good, code in (
        ({"name": "x" * 129}, "INVALID_NAME"),
        ({"name": "a"}, "NAME_TOO_LONG"),
        ({"description": None}, "DESCRIPTION_TOO_LONG"),
        ({"storeIds": []}, "STORE_IDS_TOO_MANY"),
        ({"rateLimit": 1}, "RATE_LIMIT_INVALID"),
        ({"tenantId": None}, "TENANT_ID_NOT_ALLOWED"),
    ):
        assert_error(anyone.post(PATH, json=sent), 400, code)
        sent |= good
    assert_error(anyone.post(PATH, json=sent), 403, "ADMIN_NOT_ALLOWED")


@pytest.mark.parametrize(
    "sent", [{}, {"name": 7}, {"name": "a", "rateLimit": -1}, {"name": "a", "storeIds": ["x"]}, []]
)
def test_a_body_of_another_shape_is_422(sent: Any, anyone: httpx.Client) -> None:
    assert_error(anyone.post(PATH, json=sent), 422, "INVALID_REQUEST_BODY")


def test_a_success_is_audited_with_what_was_asked_for(anyone: httpx.Client, api_database: Database) -> None:
    answer = anyone.post(
        PATH,
        json={"name": "shopper", "description": "buys", "readOnly": True, "rateLimit": 7},
        headers={"x-forwarded-for": "203.0.113.77", "user-agent": "agent/1"},
    )
    [entry] = audited(api_database, answer)
    body = answer.json()
    assert entry == (
        "self_service",
        "public",
        "203.0.113.77",
        {"name": "shopper", "description": "buys", "requested_tenant_id": None, "store_ids": [],
         "read_only": True, "admin": False, "rate_limit": 7},
        True,
        None,
        uuid.UUID(body["tenantId"]),
        body["agentId"],
        "agent/1",
    )  # fmt: skip
    assert body["apiKey"] not in str(entry)


def test_without_the_switch_nobody_registers(server: Server) -> None:
    with server.client(key=None) as anyone:
        answer = anyone.post(PATH, content=b"not json")
    assert_error(answer, 403, "REGISTRATION_DISABLED")
    assert "ratelimit-limit" not in answer.headers


def test_a_body_that_does_not_parse_counts_for_its_address(start_server: Callable[..., Server]) -> None:
    server = start_server(**ENABLED, PUBLIC_AGENT_REGISTRATION_RATE_LIMIT_PER_MINUTE="1")
    with server.client(key=None) as anyone:
        torn = anyone.post(PATH, content=b"{", headers={"content-type": "application/json"})
        assert_error(torn, 400, "INVALID_REQUEST_BODY")
        assert_error(anyone.post(PATH, json={"name": "a"}), 429, "RATE_LIMIT_EXCEEDED")
    server.stop()


def test_an_address_registers_so_often_and_its_neighbour_is_not_disturbed(
    start_server: Callable[..., Server], database: Database
) -> None:
    servers = [
        start_server(
            **ENABLED, TRUST_PROXY_HEADERS="true", PUBLIC_AGENT_REGISTRATION_RATE_LIMIT_PER_MINUTE="2"
        )
        for _ in range(2)
    ]

    def register(number: int, address: str, **body: Any) -> httpx.Response:
        with servers[number].client(key=None) as client:
            return client.post(PATH, json={"name": "a", **body}, headers={"x-forwarded-for": address})

    first = [register(n % 2, "203.0.113.1") for n in range(3)]
    assert [a.status_code for a in first] == [200, 200, 429]
    assert [budget(a) for a in first] == [(2, 1), (2, 0), (2, 0)]
    refused = register(0, "203.0.113.1", name="")
    error = assert_error(refused, 429, "RATE_LIMIT_EXCEEDED", 2001)
    assert str(error["retry_after"]) == refused.headers["retry-after"] == refused.headers["ratelimit-reset"]
    assert register(0, "203.0.113.2").status_code == 200
    # One client has a whole network of 64 bits.
    assert [register(0, f"2001:db8:0:7::{n}").status_code for n in range(1, 4)] == [200, 200, 429]
    assert register(0, "2001:db8:0:8::1").status_code == 200
    for server in servers:
        server.stop()
    with database.connect() as connection:
        rows = connection.execute(
            "select ip_address, details from ves_store.audit_log"
            " where action = 'custom:agent_registered' and error_message = 'RATE_LIMIT_EXCEEDED' order by 1, 2::text"
        ).fetchall()
    assert rows == [("2001:db8:0:7::3", {"count": 1}), ("203.0.113.1", {"count": 2})]


def test_a_registered_key_is_revoked_by_its_agent(anyone: httpx.Client, open_server: Server) -> None:
    body = anyone.post(PATH, json={"name": "a"}).json()
    with open_server.client(body["apiKey"]) as client:
        [key] = client.get(f"/api/v1/agents/{body['agentId']}/api-keys").json()["keys"]
        path = f"/api/v1/agents/{body['agentId']}/api-keys/{key['keyHashPrefix']}"
        assert client.delete(path).status_code == 200
        assert_error(client.get(path.rsplit("/", 1)[0]), 401, "INVALID_API_KEY")
    wait_until(lambda: body["apiKey"] not in open_server.log_text())
