"""API keys: stored by hash, scoped, revocable, and every change makes cached credentials stale."""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

NIL = uuid.UUID(int=0)


@pytest.fixture
def api(shared: Database) -> Iterator[psycopg.Connection[Any]]:
    """The superuser: an operator, who acts without a caller and may authenticate too."""
    with shared.connect() as connection:
        yield connection


def create(connection: psycopg.Connection[Any], **named: Any) -> tuple[str, uuid.UUID]:
    values = {"key_hash": secrets.token_hex(32), "tenant_id": uuid.uuid4(), **named}
    arguments = ", ".join(f"{name} => %({name})s" for name in values)
    connection.execute(f"select ves.create_api_key({arguments})", values)
    return values["key_hash"], values["tenant_id"]


def authenticate(connection: psycopg.Connection[Any], key_hash: str) -> tuple[Any, ...] | None:
    row = connection.execute("select * from ves.authenticate(%s)", [key_hash]).fetchone()
    return None if row is None else row[:-2]


def epoch(connection: psycopg.Connection[Any], tenant_id: uuid.UUID) -> int:
    key_hash, _ = create(connection, tenant_id=tenant_id)
    return int(scalar(connection, "select auth_epoch from ves.authenticate(%s)", [key_hash]))


def test_a_key_identifies_its_tenant_stores_agent_and_rights(api: psycopg.Connection[Any]) -> None:
    store, agent = uuid.uuid4(), uuid.uuid4()
    key, tenant = create(
        api, store_ids=[store], agent_id=agent, can_read=False, can_write=True, can_admin=False, rate_limit=60
    )
    assert authenticate(api, key) == (tenant, [store], agent, False, True, False, 60)


def test_a_key_may_read_by_default_and_no_more(api: psycopg.Connection[Any]) -> None:
    key, tenant = create(api)
    assert authenticate(api, key) == (tenant, [], None, True, False, False, None)


def test_an_unknown_hash_is_nobody(api: psycopg.Connection[Any]) -> None:
    key, _ = create(api)
    for text in (secrets.token_hex(32), key.upper(), key[:-1], "", "' or true --"):
        assert authenticate(api, text) is None


def test_a_hash_is_stored_once(api: psycopg.Connection[Any]) -> None:
    key, tenant = create(api)
    with pytest.raises(psycopg.Error) as refusal:
        create(api, key_hash=key, can_admin=True)
    assert refusal.value.sqlstate == "VE111"
    assert authenticate(api, key) == (tenant, [], None, True, False, False, None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key_hash": "A" * 64}, "key_hash"),
        ({"key_hash": "a" * 63}, "key_hash"),
        ({"rate_limit": 0}, "rateLimit"),
    ],
)
def test_values_that_cannot_be_are_refused(
    api: psycopg.Connection[Any], change: dict[str, Any], field: str
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        create(api, **change)
    assert (refusal.value.sqlstate, refusal.value.diag.message_detail) == ("VE007", f'{{"field": "{field}"}}')


def test_a_revoked_key_is_nobody_from_now_on_but_stays_listed(api: psycopg.Connection[Any]) -> None:
    key, tenant = create(api)
    assert scalar(api, "select ves.revoke_api_key(%s, %s)", [key, tenant]) == 1
    assert authenticate(api, key) is None
    rows = api.execute("select key_hash_prefix, active from ves.list_api_keys(%s)", [tenant]).fetchall()
    assert rows == [(key[:16], False)]


def test_a_prefix_revokes_one_key_of_the_tenant_only(api: psycopg.Connection[Any]) -> None:
    tenant, prefix = uuid.uuid4(), secrets.token_hex(8)
    first, second = (create(api, tenant_id=tenant, key_hash=prefix + digit * 48)[0] for digit in "ab")
    stranger, _ = create(api, key_hash=prefix + "c" * 48)
    assert scalar(api, "select ves.revoke_api_key(%s, %s)", [prefix, tenant]) == 1
    assert authenticate(api, first) is None
    assert authenticate(api, second) is not None
    assert authenticate(api, stranger) is not None
    assert scalar(api, "select ves.revoke_api_key(%s, %s)", [secrets.token_hex(8), tenant]) == 0


def test_a_prefix_with_a_wildcard_or_too_short_is_refused(api: psycopg.Connection[Any]) -> None:
    _, tenant = create(api)
    for prefix in ("%" * 8, "abc", "_" * 10, "ABCDEF0123", ""):
        with pytest.raises(psycopg.Error) as refusal:
            api.execute("select ves.revoke_api_key(%s, %s)", [prefix, tenant])
        assert refusal.value.sqlstate == "VE007", prefix


def test_a_revocation_may_be_limited_to_an_agent(api: psycopg.Connection[Any]) -> None:
    agent = uuid.uuid4()
    key, tenant = create(api, agent_id=agent)
    assert scalar(api, "select ves.revoke_api_key(%s, %s, %s)", [key, tenant, uuid.uuid4()]) == 0
    assert scalar(api, "select ves.revoke_api_key(%s, %s, %s)", [key, tenant, agent]) == 1


def test_a_revocation_advances_its_tenants_epoch_and_a_creation_does_not(
    api: psycopg.Connection[Any],
) -> None:
    key, tenant = create(api)
    other = uuid.uuid4()
    before, others = epoch(api, tenant), epoch(api, other)
    create(api, tenant_id=tenant)
    assert epoch(api, tenant) == before
    api.execute("select ves.revoke_api_key(%s, %s)", [key, tenant])
    assert epoch(api, tenant) == before + 1
    assert epoch(api, other) == others


def test_a_revocation_that_is_rolled_back_leaves_the_epoch(api: psycopg.Connection[Any]) -> None:
    key, tenant = create(api)
    before = epoch(api, tenant)
    with api.transaction(force_rollback=True):
        api.execute("select ves.revoke_api_key(%s, %s)", [key, tenant])
    assert epoch(api, tenant) == before
    assert authenticate(api, key) is not None


def test_the_bootstrap_key_may_everything_and_is_made_once(api: psycopg.Connection[Any]) -> None:
    key = secrets.token_hex(32)
    for _ in range(3):
        api.execute("select ves.upsert_bootstrap_key(%s)", [key])
    assert authenticate(api, key) == (NIL, [], None, True, True, True, None)
    row = api.execute(
        "select active from ves.list_api_keys(%s) where key_hash_prefix = %s", [NIL, key[:16]]
    ).fetchall()
    assert row == [(True,)]


def test_a_restart_re_activates_a_revoked_bootstrap_key(api: psycopg.Connection[Any]) -> None:
    key = secrets.token_hex(32)
    api.execute("select ves.upsert_bootstrap_key(%s)", [key])
    api.execute("select ves.revoke_api_key(%s, %s)", [key, NIL])
    assert authenticate(api, key) is None
    api.execute("select ves.upsert_bootstrap_key(%s)", [key])
    assert authenticate(api, key) is not None


def test_an_agents_tenant_is_found_by_its_latest_key(api: psycopg.Connection[Any]) -> None:
    agent = uuid.uuid4()
    assert scalar(api, "select ves.find_agent_tenant(%s)", [agent]) is None
    create(api, agent_id=agent)
    _, latest = create(api, agent_id=agent)
    assert scalar(api, "select ves.find_agent_tenant(%s)", [agent]) == latest


def test_keys_are_listed_for_one_tenant_and_one_agent(api: psycopg.Connection[Any]) -> None:
    tenant, agent = uuid.uuid4(), uuid.uuid4()
    first = create(api, tenant_id=tenant)[0]
    second = create(api, tenant_id=tenant, agent_id=agent)[0]
    listed = "select key_hash_prefix from ves.list_api_keys(%s, %s)"
    assert api.execute(listed, [tenant, None]).fetchall() == [(second[:16],), (first[:16],)]
    assert api.execute(listed, [tenant, agent]).fetchall() == [(second[:16],)]
    assert api.execute(listed, [uuid.uuid4(), None]).fetchall() == []
