"""The encryption group routes: what they answer, who may call them, and what every bad request gets."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Agent, assert_error, post
from tests.api.test_credentials import mint
from ves import hpke

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

GROUPS = "/api/v1/encryption-groups"


@pytest.fixture
def tenant() -> uuid.UUID:
    return uuid.uuid4()


@pytest.fixture
def boss(server: Server, api_database: Database, tenant: uuid.UUID) -> Iterator[httpx.Client]:
    """An administrator of the tenant."""
    with server.client(mint(api_database, tenant, admin=True)) as client:
        yield client


def make(client: httpx.Client, name: str = "finance", **members: Any) -> str:
    answer = client.post(GROUPS, json={"name": name, **members})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["groupId"])


def member(client: httpx.Client, tenant: uuid.UUID, group: str, number: int) -> str:
    """A fresh agent with an X25519 key, added to the group."""
    agent = Agent(tenant, key_id=number)
    public_key = hpke.public_key(agent.seed).hex()
    assert agent.register(client, keyAlgorithm=2, publicKey=public_key).status_code == 200
    assert client.post(f"{GROUPS}/{group}/members", json={"agentId": str(agent.agent_id)}).status_code == 200
    return str(agent.agent_id)


def test_a_group_is_made_listed_and_shown_with_its_members(boss: httpx.Client, tenant: uuid.UUID) -> None:
    group = make(boss, description="who sees amounts")
    agent = member(boss, tenant, group, 1)
    (listed,) = boss.get(GROUPS).json()["groups"]
    assert boss.get(GROUPS, params={"agentId": agent}).json() == {"groups": [listed], "count": 1}
    assert boss.get(GROUPS, params={"agentId": str(uuid.uuid4())}).json()["count"] == 0
    times = [listed.pop(name) for name in ("createdAt", "updatedAt")]
    assert times == sorted(times)
    assert listed == {
        "groupId": group,
        "name": "finance",
        "description": "who sees amounts",
        "isActive": True,
        "createdBy": None,
        "memberCount": 1,
        "adminCount": 0,
    }
    shown = boss.get(f"{GROUPS}/{group}").json()
    assert shown["group"]["groupId"] == group
    (found,) = shown["members"]
    assert found.pop("addedAt")
    assert found == {"agentId": agent, "role": "member", "encryptionKeyId": None, "addedBy": None}


def test_recipients_follow_members_and_their_keys(boss: httpx.Client, tenant: uuid.UUID) -> None:
    group = make(boss)
    first, second = (member(boss, tenant, group, number) for number in (2, 1))
    keyless = str(uuid.uuid4())
    boss.post(f"{GROUPS}/{group}/members", json={"agentId": keyless})
    answer = boss.get(f"{GROUPS}/{group}/recipients").json()
    assert [(item["agentId"], item["keyId"]) for item in answer["recipients"]] == [(second, 1), (first, 2)]
    assert answer["withoutKey"] == [keyless]
    key = answer["recipients"][0]
    assert (len(key["x25519PublicKey"]), key["mlKem768PublicKey"], key["keyAlgorithm"], key["status"]) == (
        64,
        None,
        2,
        "active",
    )
    assert boss.delete(f"{GROUPS}/{group}/members/{second}").json() == {"success": True, "groupId": group}
    left = boss.get(f"{GROUPS}/{group}/recipients").json()["recipients"]
    assert [item["agentId"] for item in left] == [first]


def test_one_key_number_twice_in_a_group_is_a_conflict(boss: httpx.Client, tenant: uuid.UUID) -> None:
    group = make(boss)
    for _ in range(2):
        member(boss, tenant, group, 1)
    error = assert_error(boss.get(f"{GROUPS}/{group}/recipients"), 409, "INVARIANT_VIOLATION", 7002)
    assert error["details"] == {"key_id": 1}


def test_a_group_is_changed_and_removed_and_its_history_stays(boss: httpx.Client, tenant: uuid.UUID) -> None:
    group = make(boss)
    member(boss, tenant, group, 1)
    change = boss.put(f"{GROUPS}/{group}", json={"isActive": False, "description": "closed"})
    assert change.json() == {"success": True, "groupId": group}
    assert boss.get(f"{GROUPS}/{group}/recipients").json() == {"recipients": [], "withoutKey": []}
    assert boss.delete(f"{GROUPS}/{group}").json() == {"success": True, "groupId": group}
    assert_error(boss.get(f"{GROUPS}/{group}"), 404, "RESOURCE_NOT_FOUND", 4001)
    history = boss.get(f"{GROUPS}/{group}/history").json()
    assert [entry["action"] for entry in history["entries"]] == [
        "group_deleted",
        "group_updated",
        "member_added",
        "group_created",
    ]
    assert history["count"] == 4


def test_an_admin_member_manages_members_with_a_writing_key(
    server: Server, api_database: Database, boss: httpx.Client, tenant: uuid.UUID
) -> None:
    group, leader, plain = make(boss), uuid.uuid4(), uuid.uuid4()
    members = f"{GROUPS}/{group}/members"
    boss.post(members, json={"agentId": str(leader), "role": "admin"})
    boss.post(members, json={"agentId": str(plain)})
    newcomer = {"agentId": str(uuid.uuid4())}
    with (
        server.client(mint(api_database, tenant, agent_id=leader)) as leading,
        server.client(mint(api_database, tenant, agent_id=plain)) as plain_client,
        server.client(mint(api_database, tenant, agent_id=leader, write=False)) as reading,
        server.client(mint(api_database, tenant)) as unbound,
    ):
        assert leading.post(members, json=newcomer).status_code == 200
        for client in (plain_client, reading, unbound):
            assert_error(client.post(members, json=newcomer), 403, "INSUFFICIENT_PERMISSIONS")
        assert_error(plain_client.delete(f"{members}/{leader}"), 403, "INSUFFICIENT_PERMISSIONS")
        assert plain_client.delete(f"{members}/{plain}").status_code == 200
        assert reading.get(f"{GROUPS}/{group}/recipients").status_code == 200
        for answer in (
            leading.post(GROUPS, json={"name": "x"}),
            leading.put(f"{GROUPS}/{group}", json={}),
            leading.delete(f"{GROUPS}/{group}"),
            leading.get(f"{GROUPS}/{group}/history"),
        ):
            assert_error(answer, 403, "INSUFFICIENT_PERMISSIONS")


def test_another_tenant_cannot_tell_a_group_from_none(
    server: Server, api_database: Database, boss: httpx.Client, tenant: uuid.UUID
) -> None:
    known, unknown, agent = make(boss), str(uuid.uuid4()), str(uuid.uuid4())
    boss.post(f"{GROUPS}/{known}/members", json={"agentId": agent})
    with server.client(mint(api_database, uuid.uuid4(), admin=True)) as stranger:
        assert stranger.get(GROUPS).json() == {"groups": [], "count": 0}
        for path, call in (
            ("", stranger.get),
            ("", lambda url: stranger.put(url, json={"isActive": False})),
            ("", stranger.delete),
            ("/recipients", stranger.get),
            ("/members", lambda url: stranger.post(url, json={"agentId": agent})),
            (f"/members/{agent}", stranger.delete),
        ):
            bodies = []
            for group in (known, unknown):
                error = assert_error(call(f"{GROUPS}/{group}{path}"), 404, "RESOURCE_NOT_FOUND")
                bodies.append((error["message"], error.get("details")))
            assert bodies[0] == bodies[1]
        for group in (known, unknown):
            assert stranger.get(f"{GROUPS}/{group}/history").json() == {"entries": [], "count": 0}
        answer = stranger.get(GROUPS, params={"tenantId": str(tenant)})
        assert_error(answer, 403, "INSUFFICIENT_PERMISSIONS")
    assert boss.get(f"{GROUPS}/{known}").json()["members"][0]["agentId"] == agent


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "INVALID_REQUEST_BODY"),
        ({"name": 5}, 422, "INVALID_REQUEST_BODY"),
        ({"name": "a\0b"}, 422, "INVALID_REQUEST_BODY"),
        ({"name": " "}, 400, "INVALID_FIELD_VALUE"),
        ({"name": "x" * 256}, 400, "INVALID_FIELD_VALUE"),
        ({"name": "x" * 255}, 200, ""),
        ({"name": "y", "description": "x" * 4097}, 400, "INVALID_FIELD_VALUE"),
        ({"name": "y", "description": "x" * 4096}, 200, ""),
        ({"name": "y", "tenantId": "x"}, 422, "INVALID_REQUEST_BODY"),
    ],
)
def test_a_group_needs_a_name(boss: httpx.Client, body: dict[str, Any], status: int, code: str) -> None:
    answer = boss.post(GROUPS, json=body)
    if status == 200:
        assert answer.status_code == 200
    else:
        assert_error(answer, status, code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "INVALID_REQUEST_BODY"),
        ({"agentId": "x"}, 422, "INVALID_REQUEST_BODY"),
        ({"role": "owner"}, 422, "INVALID_REQUEST_BODY"),
        ({"encryptionKeyId": 2**32}, 422, "INVALID_REQUEST_BODY"),
        ({"encryptionKeyId": 2**32 - 1}, 404, "AGENT_KEY_NOT_FOUND"),
    ],
)
def test_a_bad_member_is_refused(boss: httpx.Client, body: dict[str, Any], status: int, code: str) -> None:
    group = make(boss)
    members = {"agentId": str(uuid.uuid4())} if body else {}
    assert_error(boss.post(f"{GROUPS}/{group}/members", json={**members, **body}), status, code)


def test_a_name_is_taken_once(boss: httpx.Client) -> None:
    make(boss)
    assert_error(boss.post(GROUPS, json={"name": "finance"}), 409, "ALREADY_EXISTS", 5004)


def test_an_agent_that_is_no_member_cannot_be_removed(boss: httpx.Client) -> None:
    group = make(boss)
    assert_error(boss.delete(f"{GROUPS}/{group}/members/{uuid.uuid4()}"), 404, "RESOURCE_NOT_FOUND")


def test_the_bootstrap_administrator_names_the_tenant(admin: httpx.Client, tenant: uuid.UUID) -> None:
    assert_error(admin.post(GROUPS, json={"name": "g"}), 400, "INVALID_FIELD_VALUE")
    assert_error(admin.get(GROUPS), 400, "INVALID_FIELD_VALUE")
    group = make(admin, tenantId=str(tenant))
    query = {"tenantId": str(tenant)}
    assert admin.get(f"{GROUPS}/{group}", params=query).status_code == 200
    assert admin.delete(f"{GROUPS}/{group}", params=query).status_code == 200


@pytest.mark.parametrize("path", ["", "/recipients", "/history"])
def test_a_bad_path_or_query_is_refused(boss: httpx.Client, path: str) -> None:
    assert_error(boss.get(f"{GROUPS}/nonsense{path}"), 400, "INVALID_FIELD_VALUE")
    bad = {"tenantId": "nonsense"}
    assert_error(boss.get(f"{GROUPS}/{uuid.uuid4()}{path}", params=bad), 400, "INVALID_FIELD_VALUE")


def test_a_body_that_is_no_json_is_refused(boss: httpx.Client) -> None:
    group = make(boss)
    for where in (GROUPS, f"{GROUPS}/{group}/members"):
        assert_error(post(boss, b"{", where), 400, "INVALID_REQUEST_BODY")
        assert_error(
            post(boss, b"{}", where, **{"content-type": "text/plain"}), 415, "UNSUPPORTED_MEDIA_TYPE"
        )
