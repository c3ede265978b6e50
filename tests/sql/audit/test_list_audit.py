"""Reading the audit log: filters, pages by number, either direction."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import scalar

if TYPE_CHECKING:
    from tests.sql.support import Edge

LIST = "select tenant_id, number from ves.list_audit({})"


def listed(connection: psycopg.Connection[Any], **named: Any) -> list[tuple[uuid.UUID, int]]:
    arguments = ", ".join(f"{name} => %({name})s" for name in named)
    return connection.execute(LIST.format(arguments), named).fetchall()


@pytest.fixture
def tenants(edge: Edge) -> list[uuid.UUID]:
    """Two tenants with four entries each: x, y by ann, then x by bob, then a failure."""
    both = sorted(uuid.uuid4() for _ in range(2))
    for tenant in both:
        for action, thing, actor, success in (
            ("custom:x", "1", "ann", True),
            ("custom:y", "2", "ann", True),
            ("custom:x", "1", "bob", True),
            ("login_failure", "3", "bob", False),
        ):
            edge.connection.execute(
                "select ves.record_audit(%s, %s, %s, %s, null, %s, null, %s)",
                [action, tenant, f"kind-{thing}", thing, success, json.dumps({"actor": actor})],
            )
    return both


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({}, [1, 2, 3, 4]),
        ({"action": "custom:x"}, [1, 3]),
        ({"actor": "bob"}, [3, 4]),
        ({"resource_type": "kind-2"}, [2]),
        ({"resource_id": "1", "actor": "ann"}, [1]),
        ({"success": False}, [4]),
        ({"success": True}, [1, 2, 3]),
        ({"after_number": 2}, [3, 4]),
        ({"after_number": 4}, []),
        ({"max_rows": 2}, [1, 2]),
        ({"newest_first": True}, [4, 3, 2, 1]),
        ({"newest_first": True, "after_number": 3}, [2, 1]),
        ({"newest_first": True, "max_rows": 1, "action": "custom:x"}, [3]),
        ({"action": "custom:none"}, []),
    ],
)
def test_each_filter_selects_what_it_says(
    admin: psycopg.Connection[Any], tenants: list[uuid.UUID], filters: dict[str, Any], numbers: list[int]
) -> None:
    mine = tenants[0]
    assert listed(admin, tenant_id=mine, **filters) == [(mine, number) for number in numbers]


def test_a_time_range_includes_its_start_and_not_its_end(
    admin: psycopg.Connection[Any], tenants: list[uuid.UUID]
) -> None:
    moments = [
        row[0] for row in admin.execute("select timestamp from ves.list_audit(%s)", [tenants[0]]).fetchall()
    ]
    assert moments == sorted(moments)
    found = listed(admin, tenant_id=tenants[0], from_time=moments[1], to_time=moments[3])
    assert [number for _, number in found] == [2, 3]


def test_pages_over_all_tenants_meet_every_entry_once_in_either_direction(
    admin: psycopg.Connection[Any], tenants: list[uuid.UUID]
) -> None:
    expected = [(tenant, number) for tenant in tenants for number in range(1, 5)]
    for backwards in (False, True):
        seen: list[tuple[uuid.UUID, int]] = []
        after: dict[str, Any] = {}
        while page := listed(admin, max_rows=3, newest_first=backwards, **after):
            seen += page
            after = {"after_tenant": page[-1][0], "after_number": page[-1][1]}
        assert len(seen) == len(set(seen))
        assert [item for item in seen if item[0] in tenants] == (expected[::-1] if backwards else expected)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"max_rows": 0}, "limit"),
        ({"max_rows": 1001}, "limit"),
        ({"max_rows": None}, "limit"),
        ({"after_number": 1}, "after_tenant"),
    ],
)
def test_a_page_that_cannot_be_given_is_refused(
    admin: psycopg.Connection[Any], arguments: dict[str, Any], field: str
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        listed(admin, **arguments)
    assert refusal.value.sqlstate == "VE007"
    assert json.loads(refusal.value.diag.message_detail or "") == {"field": field}


def test_a_page_reads_its_own_rows_only(owner: psycopg.Connection[Any]) -> None:
    tenant = uuid.uuid4()
    owner.execute(
        "select count(ves.record_audit('custom:many', %s, null, null)) from generate_series(1, 3000)",
        [tenant],
    )
    owner.execute("analyze ves_store.audit_log")

    def rows_read() -> int:
        return int(
            scalar(
                owner,
                """select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables
                where relid = 'ves_store.audit_log'::regclass""",
            )
        )

    for backwards in (False, True):
        before = rows_read()
        assert (
            len(listed(owner, tenant_id=tenant, after_number=1500, max_rows=5, newest_first=backwards)) == 5
        )
        assert rows_read() - before <= 10
