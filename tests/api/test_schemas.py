"""The schema registry's routes: success, each error, each limit."""

from __future__ import annotations

import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.schemas import AMOUNT, SCHEMAS, Registry, padded
from tests.api.support import Raw, admin_call, assert_error, post
from tests.support.processes import BOOTSTRAP_KEY
from ves_client import Sequencer

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")


@pytest.fixture
def registry(admin: httpx.Client) -> Registry:
    return Registry(admin)


@pytest.fixture
def client_of(server: Server, api_database: Database) -> Callable[..., httpx.Client]:
    """A client of a tenant with the given rights."""

    def make(tenant_id: uuid.UUID, rights: str) -> httpx.Client:
        key = f"ss_{uuid.uuid4().hex}"
        admin_call(
            api_database,
            """select ves.create_api_key(encode(sha256(convert_to(%s, 'UTF8')), 'hex'), %s,
              can_read => %s, can_write => %s, can_admin => %s)""",
            key,
            tenant_id,
            "r" in rights,
            "w" in rights,
            "a" in rights,
        )
        return server.client(key)

    return make


def test_versions_of_an_event_type_count_from_one(registry: Registry) -> None:
    first = registry.register()
    assert first.status_code == 200
    assert set(first.json()) == {"id", "eventType", "version", "createdAt"}
    assert first.json()["eventType"] == "order.created"
    assert TIME.fullmatch(first.json()["createdAt"])
    assert [first.json()["version"], registry.register().json()["version"]] == [1, 2]
    assert registry.register(eventType="other").json()["version"] == 1


def test_concurrent_registrations_get_every_version_once(registry: Registry) -> None:
    modes = [None, "full"] * 6
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda mode: registry.register(compatibility=mode), modes))
    assert [a.status_code for a in answers] == [200] * len(modes)
    assert sorted(a.json()["version"] for a in answers) == list(range(1, len(modes) + 1))


def test_a_schema_is_shown_with_every_member_and_its_text_as_received(registry: Registry) -> None:
    text = '{"type":"object",  "properties":{"n":{"minimum":1e16,"maximum":1.50}}}'
    schema_id = registry.registered(Raw(text.encode()), description="Orders")
    answer = registry.get(f"/{schema_id}")
    assert answer.status_code == 200
    assert f'"schemaJson":{text}' in answer.text
    shown = answer.json()
    assert shown.pop("schemaJson") == json.loads(text)
    assert TIME.fullmatch(shown.pop("createdAt"))
    assert TIME.fullmatch(shown.pop("updatedAt"))
    assert shown == {
        "id": schema_id,
        "tenantId": str(registry.tenant_id),
        "eventType": "order.created",
        "version": 1,
        "status": "active",
        "compatibility": "backward",
        "description": "Orders",
        "createdBy": None,
    }


def test_the_list_goes_by_event_type_and_newest_version(registry: Registry) -> None:
    for event_type in ("b", "a", "b"):
        registry.registered(eventType=event_type)
    answer = registry.get().json()
    assert [(s["eventType"], s["version"]) for s in answer["schemas"]] == [("a", 1), ("b", 2), ("b", 1)]
    assert answer["count"] == 3
    assert Registry(registry.client).get().json() == {"schemas": [], "count": 0}


def test_the_list_of_a_type_has_all_versions_and_any_one_of_them(registry: Registry) -> None:
    registry.event_type = "a/b c"
    ids = [registry.registered() for _ in range(3)]
    path = "/event-type/a%2Fb%20c"
    answer = registry.get(path).json()
    assert [s["id"] for s in answer["schemas"]] == ids[::-1]
    assert answer["count"] == 3
    one = registry.get(path, version=2)
    assert one.json()["schema"]["id"] == ids[1]
    assert set(one.json()) == {"schema"}
    for version in (0, 4, 2**31 - 1, 2**31):
        assert_error(registry.get(path, version=version), 404, "SCHEMA_NOT_FOUND", 3007)
    for version in ("x", -1, 2**32):
        assert_error(registry.get(path, version=version), 400, "INVALID_FIELD_VALUE")
    assert registry.get("/event-type/none").json() == {"schemas": [], "count": 0}


@pytest.mark.parametrize(("rows", "size", "shown"), [(1001, 2, 1000), (200, 102400, 164), (163, 102400, 163)])
def test_a_list_that_is_cut_says_so(
    registry: Registry, server: Server, api_database: Database, rows: int, size: int, shown: int
) -> None:
    with api_database.connect() as owner:
        owner.execute(
            "insert into ves_store.event_schemas (schema_id, tenant_id, event_type, version, schema_json)"
            """ select gen_random_uuid(), %s, %s, n, ('"' || repeat('a', %s) || '"')::json"""
            " from generate_series(1, %s) as n",
            [registry.tenant_id, registry.event_type, size - 2, rows],
        )
    for path in ("", f"/event-type/{registry.event_type}"):
        answer = registry.get(path).json()
        assert [s["version"] for s in answer["schemas"]] == list(range(rows, rows - shown, -1))
        assert answer["count"] == shown
        assert answer.get("has_more", False) is (shown < rows)
    with Sequencer(server.url, BOOTSTRAP_KEY) as sequencer:
        told = sequencer.list_schemas(registry.tenant_id, registry.event_type)
    assert (len(told.schemas), told.has_more) == (shown, shown < rows)
    assert told.schemas[0] == answer["schemas"][0]


def test_the_latest_is_the_newest_active_version(registry: Registry) -> None:
    first, second = registry.registered(), registry.registered()
    latest = "/event-type/order.created/latest"

    def found() -> httpx.Response:
        return registry.get(latest, event_type="order.created")

    assert found().json()["id"] == second
    for status in ("deprecated", "archived"):
        assert registry.status(second, status).json() == {
            "success": True,
            "schema_id": second,
            "new_status": status,
        }
        assert found().json()["id"] == first
    registry.status(first, "deprecated")
    assert_error(found(), 404, "SCHEMA_NOT_FOUND")
    registry.status(second, "active")
    assert found().json()["id"] == second
    assert registry.get(f"/{second}").json()["status"] == "active"
    assert_error(registry.get(latest), 400, "INVALID_FIELD_VALUE")
    assert_error(
        registry.client.get(SCHEMAS + latest, params={"event_type": "x"}), 400, "INVALID_FIELD_VALUE"
    )


def test_a_deleted_schema_is_gone(registry: Registry) -> None:
    schema_id = registry.registered()
    assert registry.delete(schema_id).json() == {"success": True, "deleted_schema_id": schema_id}
    assert_error(registry.get(f"/{schema_id}"), 404, "SCHEMA_NOT_FOUND")
    assert_error(registry.delete(schema_id), 404, "SCHEMA_NOT_FOUND")
    assert_error(registry.status(schema_id, "active"), 404, "SCHEMA_NOT_FOUND")


def test_limits_hold_at_the_limit_and_not_above(registry: Registry) -> None:
    assert registry.register(Raw(padded(102_400).encode())).status_code == 200
    assert_error(registry.register(Raw(padded(102_401).encode())), 413, "PAYLOAD_TOO_LARGE")
    spaced = padded(102_400).replace('":', '": ', 1)
    assert registry.register(Raw(spaced.encode())).status_code == 200, "white space does not count"
    assert registry.register(eventType="é" * 128).status_code == 200
    for event_type in ("", "é" * 128 + "x", "a\0b"):
        assert_error(registry.register(eventType=event_type), 400, "INVALID_FIELD_VALUE")
    assert registry.register(description="é" * 1024).status_code == 200
    for description in ("é" * 1024 + "x", "\0"):
        assert_error(registry.register(description=description), 400, "INVALID_FIELD_VALUE")
    assert registry.get("/event-type/" + "x" * 256).status_code == 200
    assert registry.get("/event-type/" + "x" * 257).json() == {"schemas": [], "count": 0}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "strin"}, "invalid"),
        ({"minimum": "x"}, "invalid"),
        ([], "malformed"),
        (None, "malformed"),
        ("text", "malformed"),
        ({"pattern": "("}, "invalid"),
        ({"pattern": "(?=a)b"}, "invalid"),
        ({"$ref": "https://schemas.invalid/a.json"}, "remote_reference"),
        ({"$ref": "file:///etc/passwd"}, "remote_reference"),
        ({"$ref": "other.json"}, "remote_reference"),
        ({"properties": {"a": {"$ref": "http://127.0.0.1:9/x#/y"}}}, "remote_reference"),
        ({"$schema": "http://schemas.invalid/draft"}, "remote_reference"),
        ({"$ref": "#/$defs/none"}, None),
        ({"properties": {"a": {"$id": "http://b.invalid/", "type": "string"}}}, "embedded_resource"),
        ({"$dynamicAnchor": "a", "items": {"$dynamicRef": "#a"}}, "dynamic_reference"),
        ({"$ref": "#"}, "too_complex"),
        ({"allOf": [{"type": "object"}] * 3000}, "too_complex"),
    ],
)
def test_an_unusable_schema_is_refused_with_its_reason(
    registry: Registry, schema: Any, reason: str | None
) -> None:
    error = assert_error(registry.register(schema), 400, "INVALID_FIELD_VALUE", 3003)
    assert reason in (None, error["details"]["reason"])


def test_the_schema_word_decides_the_draft(registry: Registry) -> None:
    # In draft 4 exclusiveMinimum is a flag, later it is a number.
    old = {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": True}
    registry.registered(old)
    assert registry.validate(1).json()["valid"] is False
    assert registry.validate(2).json()["valid"] is True
    error = assert_error(
        registry.register({"minimum": 1, "exclusiveMinimum": True}), 400, "INVALID_FIELD_VALUE"
    )
    assert error["details"]["path"] == "/exclusiveMinimum"


def test_a_request_of_another_shape_is_refused(registry: Registry) -> None:
    assert_error(registry.register(compatibility="BACKWARD"), 400, "INVALID_FIELD_VALUE")
    assert_error(registry.register(compatibility=5), 422, "INVALID_REQUEST_BODY")
    assert_error(registry.register(tenantId="x"), 422, "INVALID_REQUEST_BODY")
    assert_error(post(registry.client, b"{", SCHEMAS), 400, "INVALID_REQUEST_BODY")
    assert_error(post(registry.client, b"{}", SCHEMAS), 422, "INVALID_REQUEST_BODY")
    assert_error(registry.register(Raw(b'{"title":"\xff"}')), 400, "INVALID_REQUEST_BODY")
    assert_error(registry.validate(Raw(b'"\xff"')), 400, "INVALID_REQUEST_BODY")
    deep = b"[" * 200 + b"]" * 200
    assert_error(registry.validate(Raw(deep)), 400, "INVALID_REQUEST_BODY")
    schema_id = registry.registered()
    assert_error(registry.status(schema_id, "retired"), 400, "INVALID_FIELD_VALUE")
    assert_error(registry.status(schema_id, 1), 422, "INVALID_REQUEST_BODY")
    for path in ("/x", f"/{uuid.uuid4()}x"):
        assert_error(registry.get(path), 400, "INVALID_FIELD_VALUE")
        assert_error(registry.delete(path[1:]), 400, "INVALID_FIELD_VALUE")
    assert_error(registry.client.get(SCHEMAS), 400, "INVALID_FIELD_VALUE")
    assert_error(registry.client.get(SCHEMAS, params={"tenant_id": "x"}), 400, "INVALID_FIELD_VALUE")
    assert_error(registry.get(f"/{uuid.uuid4()}"), 404, "SCHEMA_NOT_FOUND")


def test_a_payload_is_checked_and_its_mistakes_are_told_by_place(registry: Registry) -> None:
    assert registry.validate({"x": 1}).json() == {
        "valid": True,
        "schemaId": None,
        "schemaVersion": None,
        "errors": [],
    }
    first = registry.registered()
    second = registry.registered(
        {"properties": {"a/b": {"items": {"type": "string"}}}, "additionalProperties": False}
    )
    answer = registry.validate({"a/b": ["x", "secret", 7], "private": 1})
    assert answer.status_code == 200
    assert answer.json() == {
        "valid": False,
        "schemaId": second,
        "schemaVersion": 2,
        "errors": [
            {"path": "", "message": "must have no members but the listed ones"},
            {"path": "/a~1b/2", "message": "must be string"},
        ],
    }
    registry.status(first, "archived")
    older = registry.validate({"amount": 0}, schemaVersion=1).json()
    assert (older["schemaId"], older["schemaVersion"], older["valid"]) == (first, 1, False)
    assert older["errors"] == [{"path": "/amount", "message": "must be at least 1"}]
    for version in (0, -1, 3, 2**40):
        assert_error(registry.validate({}, schemaVersion=version), 404, "SCHEMA_NOT_FOUND")
    assert registry.validate({}, eventType="").json()["schemaVersion"] is None


def test_rights_are_asked_for(registry: Registry, client_of: Callable[..., httpx.Client]) -> None:
    schema_id = registry.registered()
    needed = {
        "r": [
            lambda r: r.get(),
            lambda r: r.get(f"/{schema_id}"),
            lambda r: r.get("/event-type/order.created"),
            lambda r: r.get("/event-type/order.created/latest", event_type="x"),
            lambda r: r.validate({}),
        ],
        "w": [lambda r: r.register(), lambda r: r.status(schema_id, "active")],
        "a": [lambda r: r.delete(schema_id)],
    }
    for right, calls in needed.items():
        others = "rwa".replace(right, "")
        lacking = Registry(client_of(registry.tenant_id, others), registry.tenant_id)
        having = Registry(client_of(registry.tenant_id, right), registry.tenant_id)
        for call in calls:
            assert_error(call(lacking), 403, "INSUFFICIENT_PERMISSIONS")
            assert call(having).status_code == 200
    nobody = Registry(registry.client.__class__(base_url=registry.client.base_url), registry.tenant_id)
    for calls in needed.values():
        for call in calls:
            assert_error(call(nobody), 401, "AUTH_REQUIRED")


def test_another_tenant_cannot_tell_a_schema_from_none(
    registry: Registry, client_of: Callable[..., httpx.Client]
) -> None:
    schema_id, unknown = registry.registered(), str(uuid.uuid4())
    stranger = Registry(client_of(uuid.uuid4(), "rwa"), registry.tenant_id)
    for call in (
        lambda i: stranger.get(f"/{i}"),
        lambda i: stranger.status(i, "archived"),
        stranger.delete,
    ):
        answers = [call(i).json()["error"] for i in (schema_id, unknown)]
        for answer, asked in zip(answers, (schema_id, unknown), strict=True):
            assert answer.pop("resource_id") == asked
            answer.pop("request_id")
        assert answers[0] == answers[1]
        assert answers[0]["code"] == "SCHEMA_NOT_FOUND"
    for answer in (
        stranger.get(),
        stranger.get("/event-type/order.created"),
        stranger.get("/event-type/order.created/latest", event_type="x"),
        stranger.validate({}),
        stranger.register(),
    ):
        assert_error(answer, 403, "INSUFFICIENT_PERMISSIONS")
    assert registry.get(f"/{schema_id}").json()["status"] == "active"


def test_compatibility_is_checked_only_when_a_mode_is_stated(registry: Registry) -> None:
    registry.registered(AMOUNT)
    narrower = {**AMOUNT, "properties": {"amount": {"type": "integer", "minimum": 5}}}
    error = assert_error(registry.register(narrower, compatibility="forward"), 400, "INVALID_FIELD_VALUE")
    assert error["details"] == {
        "mode": "forward",
        "version": 1,
        "problems": [
            {"path": "/properties/amount/minimum", "reason": "allows less: 5", "direction": "forward"}
        ],
    }
    assert registry.register(narrower, compatibility="backward").status_code == 200
    assert_error(registry.register(AMOUNT, compatibility="backward"), 400, "INVALID_FIELD_VALUE")
    unchecked = registry.registered({"type": "string"})
    assert registry.get(f"/{unchecked}").json()["compatibility"] == "backward"
    registry.registered({"type": "null"}, compatibility="none")
    for version in registry.get("/event-type/order.created").json()["schemas"]:
        registry.status(version["id"], "archived")
    assert registry.register({"type": "boolean"}, compatibility="full").status_code == 200


def test_every_change_is_in_the_audit_log(registry: Registry, api_database: Database) -> None:
    schema_id = registry.registered()
    registry.status(schema_id, "deprecated")
    registry.delete(schema_id)
    with api_database.connect() as connection:
        rows = connection.execute(
            """select action, resource_type, actor_type, details from ves_store.audit_log
            where tenant_id = %s and resource_id = %s order by number""",
            [registry.tenant_id, schema_id],
        ).fetchall()
    assert [row[:3] for row in rows] == [
        (action, "schema", "bootstrap")
        for action in ("schema_registered", "schema_updated", "schema_deleted")
    ]
    assert rows[1][3]["new_status"] == "deprecated"
