"""`GET /api/v1/admin/audit`: who sees which entries, filters, pages, limits."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import admin_call, assert_error
from tests.api.test_credentials import mint

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

AUDIT = "/api/v1/admin/audit"
MEMBERS = {
    "tenantId",
    "number",
    "id",
    "timestamp",
    "action",
    "actor",
    "actorType",
    "databaseRole",
    "resourceType",
    "resourceId",
    "requestId",
    "ipAddress",
    "userAgent",
    "details",
    "success",
    "errorMessage",
    "previousHash",
    "hash",
}


def write(database: Database, tenant: uuid.UUID, count: int, action: str = "custom:probe") -> None:
    for number in range(count):
        admin_call(
            database,
            "select ves.record_audit(%s, %s, 'thing', %s, '{\"k\": [1]}', context => %s)",
            action,
            tenant,
            str(number),
            json.dumps({"actor": "me", "actor_type": "cli", "request_id": "r"}),
        )


@pytest.fixture
def tenant(api_database: Database) -> uuid.UUID:
    """A tenant with three entries."""
    fresh = uuid.uuid4()
    write(api_database, fresh, 3)
    return fresh


def page(client: httpx.Client, **query: Any) -> dict[str, Any]:
    answer = client.get(AUDIT, params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["count"] == len(body["entries"])
    return body


def numbers(client: httpx.Client, **query: Any) -> list[int]:
    return [entry["number"] for entry in page(client, **query)["entries"]]


def test_an_entry_is_told_whole_and_in_camel_case(admin: httpx.Client, tenant: uuid.UUID) -> None:
    first, second, _ = page(admin, tenant_id=tenant)["entries"]
    assert set(first) == MEMBERS
    assert first["tenantId"] == str(tenant)
    assert (first["number"], first["action"], first["resourceId"]) == (1, "custom:probe", "0")
    assert (first["actor"], first["actorType"], first["requestId"]) == ("me", "cli", "r")
    assert first["details"] == {"k": [1]}
    assert first["previousHash"] == "00" * 32
    assert second["previousHash"] == first["hash"]


def test_filters_and_order_select_as_they_say(
    admin: httpx.Client, api_database: Database, tenant: uuid.UUID
) -> None:
    write(api_database, tenant, 1, "custom:other")
    here = {"tenant_id": tenant}
    assert numbers(admin, **here, action="custom:other") == [4]
    assert numbers(admin, **here, resource_type="thing", resource_id="0") == [1, 4]
    assert numbers(admin, **here, actor="you") == []
    assert numbers(admin, **here, success="false") == []
    assert numbers(admin, **here, success="true", order="desc") == [4, 3, 2, 1]
    moment = page(admin, **here)["entries"][2]["timestamp"]
    assert numbers(admin, **here, **{"from": moment}) == [3, 4]
    assert numbers(admin, **here, to=moment) == [1, 2]


def test_pages_follow_each_other_without_a_gap(admin: httpx.Client, tenant: uuid.UUID) -> None:
    first = page(admin, tenant_id=tenant, limit=2)
    assert first["next"] == {"after": 2, "after_tenant": str(tenant)}
    second = page(admin, tenant_id=tenant, limit=2, **first["next"])
    assert [entry["number"] for entry in second["entries"]] == [3]
    assert second["next"] is None


def test_the_bootstrap_administrator_pages_through_every_tenant(
    admin: httpx.Client, api_database: Database, tenant: uuid.UUID
) -> None:
    other = uuid.uuid4()
    write(api_database, other, 2)
    seen: list[tuple[str, int]] = []
    query: dict[str, Any] = {"limit": 1000}
    while query:
        told = page(admin, **query)
        seen += [(entry["tenantId"], entry["number"]) for entry in told["entries"]]
        query = {"limit": 1000, **told["next"]} if told["next"] else {}
    assert seen == sorted(seen)
    assert [item for item in seen if item[0] == str(tenant)] == [(str(tenant), n) for n in (1, 2, 3)]
    assert [item for item in seen if item[0] == str(other)] == [(str(other), n) for n in (1, 2)]


def test_a_tenants_administrator_sees_his_own_tenant_only(
    server: Server, api_database: Database, tenant: uuid.UUID
) -> None:
    own = uuid.uuid4()
    write(api_database, own, 1)
    with server.client(mint(api_database, own, admin=True)) as client:
        assert {entry["tenantId"] for entry in page(client)["entries"]} == {str(own)}
        assert {entry["tenantId"] for entry in page(client, tenant_id=own)["entries"]} == {str(own)}
        assert {entry["tenantId"] for entry in page(client, after=0, after_tenant=tenant)["entries"]} <= {
            str(own)
        }
        known = assert_error(
            client.get(AUDIT, params={"tenant_id": str(tenant)}), 403, "INSUFFICIENT_PERMISSIONS"
        )
        unknown = assert_error(
            client.get(AUDIT, params={"tenant_id": str(uuid.uuid4())}), 403, "INSUFFICIENT_PERMISSIONS"
        )
    assert known["message"] == unknown["message"]


def test_without_the_admin_flag_or_a_credential_there_is_nothing_to_see(
    server: Server, api_database: Database, tenant: uuid.UUID
) -> None:
    with server.client(mint(api_database, tenant)) as client:
        assert_error(client.get(AUDIT), 403, "INSUFFICIENT_PERMISSIONS", 1005)
    with server.client(key=None) as client:
        assert_error(client.get(AUDIT), 401, "AUTH_REQUIRED", 1001)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=-1",
        "after=-1",
        "after=9223372036854775808",
        "after=1",
        "after_tenant=00000000-0000-0000-0000-000000000001",
        "after_tenant=x",
        "tenant_id=x",
        "from=yesterday",
        "to=2025-01-01T00:00:00",
        "success=maybe",
        "order=up",
        "action=%00",
        "actor=a%00b",
    ],
)
def test_a_query_that_makes_no_sense_is_400(admin: httpx.Client, query: str) -> None:
    assert_error(admin.get(f"{AUDIT}?{query}"), 400, "INVALID_FIELD_VALUE", 3003)


def test_the_largest_page_has_a_thousand_entries(admin: httpx.Client, api_database: Database) -> None:
    tenant = uuid.uuid4()
    admin_call(
        api_database,
        "select count(ves.record_audit('custom:many', %s, null, null)) from generate_series(1, 1001)",
        tenant,
    )
    told = page(admin, tenant_id=tenant, limit=1000)
    assert told["count"] == 1000
    assert told["next"] == {"after": 1000, "after_tenant": str(tenant)}
    assert page(admin, tenant_id=tenant, limit=1000, **told["next"])["count"] == 1
    assert page(admin, tenant_id=tenant)["count"] == 100
