"""A token shows the rows of its tenant and its stores; everything else shows nothing, and never an error."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from tests.rest.conftest import token
from tests.rest.tenants import PAYLOAD_MARKER

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.conftest import Database
    from tests.rest.conftest import Claims
    from tests.rest.tenants import TenantData

    Acting = Callable[..., AbstractContextManager[psycopg.Connection[Any]]]

NIL = uuid.UUID(int=0)
# Rows of these belong to the whole tenant, not to a store.
WITHOUT_STORE = {"agent_keys", "api_keys", "schemas", "audit_log"}
FOR_ADMINISTRATORS = {"api_keys", "audit_log"}


def rows(connection: psycopg.Connection[Any], view: str) -> list[dict[str, Any]]:
    found = connection.execute(
        sql.SQL("select to_jsonb(v) from rest.{} as v").format(sql.Identifier(view))
    ).fetchall()
    return [row[0] for row in found]


def test_a_tenant_sees_rows_of_its_own_in_every_view(
    acting: Acting, views: list[str], ours: TenantData, theirs: TenantData
) -> None:
    assert len(views) >= 11
    with acting(token(ours.tenant_id)) as connection:
        seen = {view: rows(connection, view) for view in views}
    assert [view for view in views if not seen[view]] == []
    for view in views:
        assert {row["tenant_id"] for row in seen[view]} == {str(ours.tenant_id)}, view
        if view not in WITHOUT_STORE:
            assert {row["store_id"] for row in seen[view]} == {str(s) for s in ours.stores}, view


def test_no_row_of_another_tenant_is_found_by_its_id(
    acting: Acting, views: list[str], ours: TenantData, theirs: TenantData
) -> None:
    with acting(token(theirs.tenant_id)) as connection:
        their_rows = {view: rows(connection, view) for view in views}
    with acting(token(ours.tenant_id)) as connection:
        for view in views:
            query = sql.SQL("select count(*) from rest.{} as v where to_jsonb(v) = any(%s::jsonb[])")
            (found,) = connection.execute(
                query.format(sql.Identifier(view)), [[json.dumps(row) for row in their_rows[view]]]
            ).fetchone() or (None,)
            assert found == 0, view


def test_a_condition_that_leaks_what_it_is_given_is_given_no_foreign_row(
    acting: Acting, views: list[str], ours: TenantData, theirs: TenantData
) -> None:
    """A cast that fails tells its input in the error: it must run after the tenant's filter, never before."""
    for view in views:
        with acting(token(uuid.uuid4())) as connection:
            query = sql.SQL("select count(*) from rest.{} as v where v.tenant_id::text::integer = 0")
            assert connection.execute(query.format(sql.Identifier(view))).fetchone() == (0,)


def test_a_token_limited_to_a_store_sees_that_store_only(
    acting: Acting, views: list[str], ours: TenantData
) -> None:
    store = ours.stores[0]
    with acting(token(ours.tenant_id, stores=str(store))) as connection:
        for view in set(views) - WITHOUT_STORE:
            found = rows(connection, view)
            assert found, view
            assert {row["store_id"] for row in found} == {str(store)}, view


def test_a_token_limited_to_two_stores_sees_both(acting: Acting, ours: TenantData) -> None:
    with acting(token(ours.tenant_id, stores=",".join(map(str, ours.stores)))) as connection:
        assert {row["store_id"] for row in rows(connection, "events")} == {str(s) for s in ours.stores}


def test_a_token_limited_to_a_foreign_store_sees_no_store_at_all(
    acting: Acting, views: list[str], ours: TenantData, theirs: TenantData
) -> None:
    with acting(token(ours.tenant_id, stores=str(theirs.stores[0]))) as connection:
        for view in set(views) - WITHOUT_STORE:
            assert rows(connection, view) == [], view


def test_without_the_permission_to_read_nothing_is_seen_but_what_administration_needs(
    acting: Acting, views: list[str], ours: TenantData
) -> None:
    with acting(token(ours.tenant_id, perms="write")) as connection:
        assert {view: rows(connection, view) for view in views} == {view: [] for view in views}
    with acting(token(ours.tenant_id, perms="read")) as connection:
        assert {view for view in views if not rows(connection, view)} == FOR_ADMINISTRATORS & set(views)


MALFORMED: dict[str, Claims | str | None] = {
    "no claims at all": None,
    "empty text": "",
    "not JSON": "{sub",
    "a JSON null": "null",
    "a number": "7",
    "an array": '["{tenant}"]',
    "nested beyond any depth": "[" * 100_000,
    "an escaped NUL": '{"sub":"\\u0000"}',
    "no subject": token("x") | {"sub": None},
    "a subject that is no UUID": token("ves_admin"),
    "a subject that is a number": token("x") | {"sub": 5},
    "a subject that is an array": token("x") | {"sub": ["{tenant}"]},
    "a subject with a quote": token("{tenant}' or true --"),
    "the nil tenant": token(NIL),
    "no permissions": {"role": "ves_tenant", "sub": "{tenant}"},
    "permissions with blanks": token("{tenant}", perms="read, write").copy() | {"perms": " read"},
    "permissions as an array": token("{tenant}", perms=["read"]),
    "permissions that only contain the word": token("{tenant}", perms="reader,unread"),
    "a store that is no UUID": token("{tenant}", stores="all"),
    "stores as an array": token("{tenant}", stores=["{store}"]),
    "stores as an object": token("{tenant}", stores={}),
    "stores with an empty member": token("{tenant}", stores="{store},"),
    "an agent that is no UUID": token("{tenant}", agent="me"),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_claims_that_are_not_a_tokens_show_nothing_and_raise_nothing(
    acting: Acting, views: list[str], ours: TenantData, kind: str
) -> None:
    claims = MALFORMED[kind]
    text = claims if isinstance(claims, str) or claims is None else json.dumps(claims)
    if text is not None:
        text = text.replace("{tenant}", str(ours.tenant_id)).replace("{store}", str(ours.stores[0]))
    with acting(text) as connection:
        assert {view: rows(connection, view) for view in views} == {view: [] for view in views}


def test_the_claims_end_with_their_transaction(shared: Database, ours: TenantData) -> None:
    with shared.connect("ves_authenticator") as connection:
        for tenant, expected in ((ours.tenant_id, True), (None, False)):
            with connection.transaction():
                connection.execute("set local role ves_tenant")
                if tenant is not None:
                    connection.execute(
                        "select set_config('request.jwt.claims', %s, true)", [json.dumps(token(tenant))]
                    )
                assert bool(rows(connection, "events")) is expected


def test_no_view_shows_a_payload_a_proof_or_a_whole_key_hash(
    acting: Acting, views: list[str], shared: Database, ours: TenantData
) -> None:
    with acting(token(ours.tenant_id)) as connection:
        text = json.dumps({view: rows(connection, view) for view in views})
    assert PAYLOAD_MARKER not in text
    with shared.connect() as superuser:
        hashes = superuser.execute(
            "select key_hash from ves_store.api_keys where tenant_id = %s", [ours.tenant_id]
        ).fetchall()
    assert hashes
    assert [key for (key,) in hashes if key in text] == []


def test_a_dashboards_window_over_a_stream_uses_its_index(acting: Acting, ours: TenantData) -> None:
    with acting(token(ours.tenant_id)) as connection:
        connection.execute("set local enable_seqscan to off")
        plan = connection.execute(
            """explain (format json) select * from rest.events
            where store_id = '5e90e9ce-0000-4000-8000-00000000e17e' and sequence_number > 10 limit 100"""
        ).fetchone()
    assert plan is not None
    text = json.dumps(plan[0])
    assert "ves_events_tenant_id_store_id_sequence_number_key" in text
    (_, scan) = text.split('"Index Cond": ')
    assert all(name in scan.split('"', 2)[1] for name in ("tenant_id", "store_id", "sequence_number"))
