"""The schema registry in SQL: versions, comparison, life cycle, epochs, audit."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import scalar

if TYPE_CHECKING:
    from tests.sql.support import Edge

AMOUNT = '{"type": "object", "properties": {"amount": {"type": "integer"}}}'
REGISTER = """
select (s).schema_id, (s).version, (s).compatibility, (s).created_by, (s).schema_json::text
from ves.register_schema(%s, %s, %s::json, compatibility => %s) as s"""
STORE = "select (s).version from ves.store_schema(%s, %s, %s::json, compatibility => %s, checked_version => %s) as s"


class Tenant:
    """A tenant's registry as the operator sees it."""

    def __init__(self, admin: psycopg.Connection[Any]) -> None:
        self.admin = admin
        self.tenant_id = uuid.uuid4()

    def register(self, schema: str = AMOUNT, event_type: str = "order", mode: str | None = None) -> Any:
        return self.admin.execute(REGISTER, [self.tenant_id, event_type, schema, mode]).fetchone()


@pytest.fixture
def tenant(admin: psycopg.Connection[Any]) -> Tenant:
    return Tenant(admin)


def epoch(edge: Edge, tenant: Tenant) -> int:
    statement = "select schema_epoch from ves.get_active_schemas(%s, '{order}')"
    return int(scalar(edge.connection, statement, [tenant.tenant_id]))


def refused(error: pytest.ExceptionInfo[psycopg.Error]) -> tuple[str | None, dict[str, Any]]:
    return error.value.sqlstate, json.loads(error.value.diag.message_detail or "{}")


def test_a_registration_over_sql_names_its_role_and_keeps_the_text(tenant: Tenant) -> None:
    text = '{"maximum":1e16,   "minimum": 1.0}'
    schema_id, version, mode, created_by, stored = tenant.register(text)
    assert (version, mode, created_by, stored) == (1, "backward", "ves_admin", text)
    row = tenant.admin.execute(
        "select * from ves.get_schema(%s, %s)", [tenant.tenant_id, schema_id]
    ).fetchone()
    assert row is not None
    assert (
        tenant.admin.execute("select * from ves.get_schema(%s, %s)", [uuid.uuid4(), schema_id]).fetchone()
        is None
    )


def test_what_does_not_compile_is_refused_with_a_reason(tenant: Tenant) -> None:
    with pytest.raises(psycopg.Error) as error:
        tenant.register('{"type": "strin"}')
    assert refused(error) == ("VE631", {"reason": "invalid", "path": "/type"})
    with pytest.raises(psycopg.Error) as error:
        tenant.register('{"$ref": "https://schemas.invalid/x"}')
    assert refused(error)[1]["reason"] == "remote_reference"
    assert scalar(tenant.admin, "select count(*) from ves.list_schemas(%s)", [tenant.tenant_id]) == 0


def test_a_stated_mode_is_compared_with_every_version_that_is_not_archived(tenant: Tenant) -> None:
    first = tenant.register('{"type": "integer"}')[0]
    tenant.register('{"type": "number"}')
    with pytest.raises(psycopg.Error) as error:
        tenant.register('{"type": "string"}', mode="forward")
    state, detail = refused(error)
    assert state == "VE632"
    assert detail["version"] == 2
    assert detail["problems"][0]["path"] == "/type"
    with pytest.raises(psycopg.Error) as error:
        tenant.register('{"type": "number"}', mode="full")
    assert refused(error)[1]["version"] == 1
    tenant.admin.execute("select ves.set_schema_status(%s, %s, 'archived')", [tenant.tenant_id, first])
    assert tenant.register('{"type": "number"}', mode="full")[1] == 3


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"event_type": ""}, "eventType"),
        ({"event_type": "x" * 257}, "eventType"),
        ({"compatibility": "both"}, "compatibility"),
        ({"description": "x" * 2049}, "description"),
        ({"schema_json": None}, "schemaJson"),
        ({"tenant_id": None}, "tenantId"),
    ],
)
def test_a_wrong_field_is_named(admin: psycopg.Connection[Any], columns: dict[str, Any], field: str) -> None:
    values = {"tenant_id": uuid.uuid4(), "event_type": "t", "schema_json": "{}", **columns}
    arguments = ", ".join(f"{name} => %({name})s" for name in values)
    with pytest.raises(psycopg.Error) as error:
        admin.execute(
            f"select ves.register_schema({arguments})".replace("%(schema_json)s", "%(schema_json)s::json"),
            values,
        )
    assert refused(error) == ("VE007", {"field": field})


def test_a_schema_of_100_kib_is_taken_and_one_byte_more_is_not(tenant: Tenant) -> None:
    text = '{"description": "%s"}'
    tenant.register(text % ("x" * (102_400 - len(text) + 2)))
    with pytest.raises(psycopg.Error) as error:
        tenant.register(text % ("x" * (102_401 - len(text) + 2)))
    assert refused(error) == ("VE633", {"limit": 102_400})


def test_a_version_that_was_not_compared_is_refused(edge: Edge, tenant: Tenant) -> None:
    tenant.register()
    assert scalar(edge.connection, STORE, [tenant.tenant_id, "order", AMOUNT, "full", 1]) == 2
    with pytest.raises(psycopg.Error) as error:
        edge.connection.execute(STORE, [tenant.tenant_id, "order", AMOUNT, "full", 1])
    assert refused(error) == ("VE635", {"version": 2})
    assert scalar(edge.connection, STORE, [tenant.tenant_id, "order", AMOUNT, None, None]) == 3


def test_every_change_advances_the_epoch_of_its_tenant_alone(edge: Edge, tenant: Tenant) -> None:
    other = Tenant(tenant.admin)
    assert epoch(edge, tenant) == 0
    schema_id = tenant.register()[0]
    seen = [0, epoch(edge, tenant)]
    tenant.admin.execute("select ves.set_schema_status(%s, %s, 'deprecated')", [tenant.tenant_id, schema_id])
    seen.append(epoch(edge, tenant))
    tenant.admin.execute("select ves.delete_schema(%s, %s)", [tenant.tenant_id, schema_id])
    seen.append(epoch(edge, tenant))
    assert seen == sorted(set(seen))
    for call in ("set_schema_status(%s, %s, 'active')", "delete_schema(%s, %s)"):
        with pytest.raises(psycopg.Error) as error:
            tenant.admin.execute(f"select ves.{call}", [tenant.tenant_id, schema_id])
        assert error.value.sqlstate == "VE630"
    assert epoch(edge, tenant) == seen[-1]
    assert epoch(edge, other) == 0


def test_changes_are_in_the_audit_log_with_their_actor(
    tenant: Tenant, owner: psycopg.Connection[Any]
) -> None:
    schema_id = tenant.register()[0]
    context = json.dumps({"actor": "ops", "actor_type": "cli"})
    tenant.admin.execute(
        "select ves.set_schema_status(%s, %s, 'archived', context => %s::jsonb)",
        [tenant.tenant_id, schema_id, context],
    )
    rows = owner.execute(
        "select action, actor, actor_type, details from ves_store.audit_log where tenant_id = %s order by number",
        [tenant.tenant_id],
    ).fetchall()
    assert [row[:3] for row in rows] == [
        ("schema_registered", "ves_admin", "database"),
        ("schema_updated", "ops", "cli"),
    ]
    assert rows[0][3] == {"event_type": "order", "version": 1, "compatibility": "backward", "compared": False}
    assert rows[1][3]["old_status"] == "active"


def test_the_newest_active_version_is_what_ingest_checks(edge: Edge, tenant: Tenant) -> None:
    ids = [tenant.register()[0] for _ in range(2)]
    statement = "select event_type, version from ves.get_active_schemas(%s, '{order,none,order}') order by 1"
    assert edge.connection.execute(statement, [tenant.tenant_id]).fetchall() == [("none", None), ("order", 2)]
    tenant.admin.execute("select ves.set_schema_status(%s, %s, 'deprecated')", [tenant.tenant_id, ids[1]])
    assert edge.connection.execute(statement, [tenant.tenant_id]).fetchall() == [("none", None), ("order", 1)]


def test_lists_of_schemas_end_where_their_texts_pass_16_mib(
    tenant: Tenant, owner: psycopg.Connection[Any]
) -> None:
    """Sizes are those of the text, however well it compresses; at 100 KiB each, 164 of 200 fit."""
    owner.execute(
        "insert into ves_store.event_schemas (schema_id, tenant_id, event_type, version, schema_json)"
        """ select gen_random_uuid(), %s, 'a', n, ('"' || repeat('a', 102398) || '"')::json"""
        " from generate_series(1, 200) as n",
        [tenant.tenant_id],
    )
    listed = owner.execute("select version from ves.list_schemas(%s)", [tenant.tenant_id]).fetchall()
    versions = owner.execute(
        "select version from ves.list_schema_versions(%s, 'a')", [tenant.tenant_id]
    ).fetchall()
    assert [row[0] for row in listed] == [row[0] for row in versions] == list(range(200, 36, -1))
