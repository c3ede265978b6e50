"""Who may manage an agent's API keys, and never beyond the own rights: decided by the database for every edge."""

from __future__ import annotations

import json
import secrets
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import scalar

if TYPE_CHECKING:
    from tests.sql.support import Edge

NIL = uuid.UUID(int=0)
STORE, OTHER_STORE = uuid.uuid4(), uuid.uuid4()


class Tenant:
    """A tenant with an agent that owns one key; calls are those of the API's role."""

    def __init__(self, edge: Edge, admin: psycopg.Connection[Any], **rights: Any) -> None:
        self.connection = edge.connection
        self.tenant_id, self.agent_id = uuid.uuid4(), uuid.uuid4()
        self.key = secrets.token_hex(32)
        given = {"can_read": True, "can_write": True, "can_admin": True, "store_ids": []} | rights
        named = "".join(f", {name} => %({name})s" for name in given)
        admin.execute(
            f"select ves.create_api_key(%(key)s, %(tenant)s, agent_id => %(agent)s{named})",
            {"key": self.key, "tenant": self.tenant_id, "agent": self.agent_id, **given},
        )

    def caller(self, **members: Any) -> str:
        """The agent's own credential, which may read and write, unless told otherwise."""
        own = {
            "tenant_id": self.tenant_id,
            "agent_id": self.agent_id,
            "store_ids": [],
            "can_read": True,
            "can_write": True,
            "can_admin": False,
            "rate_limit": None,
        }
        return json.dumps(own | members, default=str)

    def mint(self, caller: str | None, **given: Any) -> dict[str, Any]:
        wanted = {
            "key_hash": secrets.token_hex(32),
            "tenant_id": self.tenant_id,
            "agent_id": self.agent_id,
            "caller": caller,
            **given,
        }
        answer: dict[str, Any] = self.call("create_api_key", wanted)
        return answer

    def update(self, caller: str, **given: Any) -> Any:
        return self.call("update_api_key", self._key() | {"caller": caller, **given})

    def revoke(self, caller: str, **given: Any) -> Any:
        return self.call("revoke_api_key", self._key() | {"caller": caller, **given})

    def _key(self) -> dict[str, Any]:
        return {"key_hash_prefix": self.key, "tenant_id": self.tenant_id, "agent_id": self.agent_id}

    def call(self, function: str, given: dict[str, Any]) -> Any:
        named = ", ".join(f"{name} => %({name})s" for name in given)
        return scalar(self.connection, f"select ves.{function}({named})", given)

    def is_active(self) -> bool:
        return bool(scalar(self.connection, "select count(*) from ves.authenticate(%s)", [self.key]))


@pytest.fixture
def tenant(edge: Edge, admin: psycopg.Connection[Any]) -> Tenant:
    return Tenant(edge, admin)


def refusal_of(call: Any, *arguments: Any, **named: Any) -> tuple[str | None, dict[str, Any]]:
    with pytest.raises(psycopg.Error) as caught:
        call(*arguments, **named)
    return caught.value.sqlstate, json.loads(caught.value.diag.message_detail or "{}")


def test_the_apis_role_acts_for_a_caller_only(tenant: Tenant) -> None:
    assert refusal_of(tenant.mint, None)[0] == "VE105"
    assert refusal_of(tenant.call, "update_api_key", tenant._key())[0] == "VE105"
    assert refusal_of(tenant.call, "revoke_api_key", tenant._key())[0] == "VE105"
    assert tenant.is_active()


def test_what_is_left_out_is_inherited(tenant: Tenant) -> None:
    caller = tenant.caller(store_ids=sorted([STORE, OTHER_STORE]), rate_limit=60)
    made = tenant.mint(caller, store_ids=None, can_write=None)
    assert made == {
        "agent_id": str(tenant.agent_id),
        "store_ids": [str(store) for store in sorted([STORE, OTHER_STORE])],
        "can_read": True,
        "can_write": True,
        "can_admin": False,
        "active": True,
        "rate_limit": 60,
    }
    reader = tenant.mint(tenant.caller(can_write=False), can_write=None)
    assert (reader["can_write"], "rate_limit" in reader) == (False, False)


def test_an_administrator_passes_no_limit_on(tenant: Tenant) -> None:
    assert "rate_limit" not in tenant.mint(tenant.caller(can_admin=True, rate_limit=5))


@pytest.mark.parametrize(
    ("own", "wanted", "refusal"),
    [
        ({"can_read": False}, {}, ("VE105", {"permission": "read"})),
        ({"can_write": False}, {"can_write": True}, ("VE105", {"permission": "write"})),
        ({}, {"can_admin": True}, ("VE105", {"permission": "admin"})),
        ({"store_ids": [STORE]}, {"store_ids": []}, ("VE107", {})),
        ({"store_ids": [STORE]}, {"store_ids": [STORE, OTHER_STORE]}, ("VE107", {})),
        ({"store_ids": [STORE], "can_admin": True}, {"store_ids": []}, ("VE107", {})),
        ({"rate_limit": 60}, {"rate_limit": 61}, ("VE105", {})),
    ],
)
def test_no_key_has_more_rights_than_its_minter(
    tenant: Tenant, own: dict[str, Any], wanted: dict[str, Any], refusal: tuple[str, dict[str, Any]]
) -> None:
    before = scalar(tenant.connection, "select count(*) from ves.list_api_keys(%s)", [tenant.tenant_id])
    assert refusal_of(tenant.mint, tenant.caller(**own), **wanted) == refusal
    after = scalar(tenant.connection, "select count(*) from ves.list_api_keys(%s)", [tenant.tenant_id])
    assert after == before


@pytest.mark.parametrize(
    ("own", "rights"),
    [
        ({"can_write": False}, {"can_admin": False}),
        ({}, {}),
        ({"store_ids": [STORE]}, {"can_admin": False}),
        ({"store_ids": [STORE], "can_admin": True}, {}),
        ({"can_read": False}, {"can_admin": False, "can_write": False}),
    ],
)
def test_a_lesser_key_neither_revokes_nor_changes_a_greater_one(
    edge: Edge, admin: psycopg.Connection[Any], own: dict[str, Any], rights: dict[str, Any]
) -> None:
    tenant = Tenant(edge, admin, **rights)
    caller = tenant.caller(**own)
    assert refusal_of(tenant.revoke, caller)[0] in ("VE105", "VE107")
    assert refusal_of(tenant.update, caller, can_read=True, can_write=False, can_admin=False)[0] in (
        "VE105",
        "VE107",
    )
    row = tenant.connection.execute("select * from ves.authenticate(%s)", [tenant.key]).fetchone()
    assert row is not None
    assert row[3:6] == tuple({"r": True, "w": True, "a": True, **_flags(rights)}.values())


def _flags(rights: dict[str, Any]) -> dict[str, bool]:
    return {name[4]: value for name, value in rights.items() if name.startswith("can_")}


def test_a_key_changes_and_revokes_those_that_it_covers(edge: Edge, admin: psycopg.Connection[Any]) -> None:
    tenant = Tenant(edge, admin, can_admin=False, store_ids=[STORE])
    caller = tenant.caller(store_ids=[STORE, OTHER_STORE], rate_limit=60)
    changed = tenant.update(caller, can_write=False, rate_limit=60)
    assert (changed["can_write"], changed["rate_limit"]) == (False, 60)
    assert tenant.revoke(caller) == 1
    assert not tenant.is_active()


def test_keys_are_managed_by_the_agent_itself_or_an_administrator_of_its_tenant(tenant: Tenant) -> None:
    other = {"agent_id": uuid.uuid4()}
    for call in (tenant.mint, tenant.update, tenant.revoke):
        assert refusal_of(call, tenant.caller(**other))[0] == "VE105"
        assert refusal_of(call, tenant.caller(agent_id=None))[0] == "VE105"
        stranger = tenant.caller(tenant_id=uuid.uuid4(), can_admin=True)
        assert refusal_of(call, stranger)[0] == "VE106"
        nobody = tenant.caller(tenant_id=NIL)
        assert refusal_of(call, nobody, tenant_id=NIL)[0] == "VE106"
    assert tenant.mint(tenant.caller(can_admin=True, **other))["active"]
    assert tenant.revoke(tenant.caller(can_admin=True, agent_id=None)) == 1


def test_the_administrator_of_the_nil_tenant_finds_the_agents_tenant(tenant: Tenant) -> None:
    bootstrap = tenant.caller(tenant_id=NIL, agent_id=None, can_admin=True)
    assert tenant.update(bootstrap, tenant_id=NIL, rate_limit=7)["rate_limit"] == 7
    assert tenant.revoke(bootstrap, tenant_id=NIL) == 1
    listed = tenant.connection.execute(
        "select key_hash_prefix from ves.list_api_keys(%s, %s)", [NIL, tenant.agent_id]
    ).fetchall()
    assert listed == [(tenant.key[:16],)]


def test_an_agent_without_keys_is_not_known(tenant: Tenant) -> None:
    ghost = uuid.uuid4()
    for administrator in (tenant.caller(can_admin=True), tenant.caller(tenant_id=NIL, can_admin=True)):
        for call in (tenant.mint, tenant.update, tenant.revoke):
            assert refusal_of(call, administrator, agent_id=ghost)[0] == "VE112"


def test_an_agent_is_described_by_its_latest_key(edge: Edge, admin: psycopg.Connection[Any]) -> None:
    tenant = Tenant(edge, admin, store_ids=[STORE], rate_limit=9)
    for asked in (tenant.tenant_id, NIL):
        rows = tenant.connection.execute(
            "select * from ves.get_agent(%s, %s)", [asked, tenant.agent_id]
        ).fetchall()
        assert rows == [(tenant.tenant_id, True, True, True, True, [STORE], 9)]
    unknown = tenant.connection.execute(
        "select * from ves.get_agent(%s, %s)", [uuid.uuid4(), tenant.agent_id]
    )
    assert unknown.fetchall() == []


def budget_of(owner: psycopg.Connection[Any], key: str) -> Any:
    return scalar(owner, "select budget_of from ves_store.api_keys where key_hash = %s", [key])


def test_keys_minted_in_a_line_share_the_count_of_the_first_limited_one(
    edge: Edge, admin: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    tenant = Tenant(edge, admin, can_admin=False, rate_limit=5)
    child, grandchild = secrets.token_hex(32), secrets.token_hex(32)
    tenant.mint(tenant.caller(key_hash=tenant.key, rate_limit=5), key_hash=child)
    tenant.mint(tenant.caller(key_hash=child, rate_limit=5), key_hash=grandchild, rate_limit=3)
    assert [budget_of(owner, key) for key in (tenant.key, child, grandchild)] == [
        None,
        tenant.key,
        tenant.key,
    ]


@pytest.mark.parametrize("maker", [{"rate_limit": None}, {"can_admin": True, "rate_limit": 5}])
def test_a_key_of_an_unlimited_maker_or_an_administrator_has_a_count_of_its_own(
    edge: Edge, admin: psycopg.Connection[Any], owner: psycopg.Connection[Any], maker: dict[str, Any]
) -> None:
    tenant, child = Tenant(edge, admin), secrets.token_hex(32)
    tenant.mint(tenant.caller(key_hash=tenant.key, **maker), key_hash=child, rate_limit=4)
    assert budget_of(owner, child) is None


@pytest.mark.parametrize(
    ("caller", "limit", "is_shared"),
    [
        ({"rate_limit": 5}, 2, True),
        ({"rate_limit": 5}, None, True),
        ({"can_admin": True}, 50, False),
        ({"can_admin": True}, 0, False),
        (None, 50, False),
    ],
)
def test_only_an_administrator_gives_a_minted_key_a_count_of_its_own(
    edge: Edge,
    admin: psycopg.Connection[Any],
    owner: psycopg.Connection[Any],
    caller: dict[str, Any] | None,
    limit: int | None,
    is_shared: bool,
) -> None:
    tenant = Tenant(edge, admin, can_admin=False, rate_limit=5)
    child = secrets.token_hex(32)
    tenant.mint(tenant.caller(key_hash=tenant.key, rate_limit=5), key_hash=child)
    given = {"key_hash_prefix": child, "tenant_id": tenant.tenant_id, "agent_id": tenant.agent_id}
    if caller is not None:
        given["caller"] = tenant.caller(key_hash=tenant.key, **caller)
        tenant.call("update_api_key", given | {"rate_limit": limit})
    else:
        named = ", ".join(f"{name} => %({name})s" for name in given)
        admin.execute(f"select ves.update_api_key({named}, rate_limit => {limit})", given)
    assert budget_of(owner, child) == (tenant.key if is_shared else None)
