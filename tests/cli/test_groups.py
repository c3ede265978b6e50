"""`ves groups`: make, fill, look, empty, remove."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from ves import hpke

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.system import System

AGENT = "cccccccc-0000-4000-8000-000000000002"
KEYLESS = "cccccccc-0000-4000-8000-000000000003"


@pytest.fixture
def group(here: System, ves: Callable[..., Any], monkeypatch: Any) -> str:
    """A group in a fresh tenant where AGENT has an X25519 key 3; the environment names the tenant."""
    tenant = str(uuid.uuid4())
    monkeypatch.setenv("VES_TENANT_ID", tenant)
    with here.database.connect("ves_admin") as connection:
        connection.execute(
            "select ves.register_agent_key(%s, %s, 3, %s, 2::smallint)",
            [tenant, AGENT, hpke.public_key(bytes(32))],
        )
    return str(said(ves("groups", "create", "finance", "--description", "amounts", "--json"))["group_id"])


def said(result: Any) -> dict[str, Any]:
    assert result.code == 0, result.out + result.err
    body: dict[str, Any] = json.loads(result.out)
    return body


def test_members_come_and_go_and_recipients_follow(group: str, ves: Callable[..., Any]) -> None:
    assert ves("groups", "add", group, "--agent", AGENT, "--role", "admin", "--key-id", "3").code == 0
    said(ves("groups", "add", group, "--agent", KEYLESS, "--json"))
    shown = said(ves("groups", "show", group, "--json"))
    assert [(m["agent_id"], m["role"], m["encryption_key_id"]) for m in shown["members"]] == [
        (AGENT, "admin", 3),
        (KEYLESS, "member", None),
    ]
    text = ves("groups", "show", group).out
    assert "finance: amounts" in text
    assert "newest key" in text
    found = said(ves("groups", "recipients", group, "--json"))["recipients"]
    assert [(item["agent_id"], item["key_id"]) for item in found] == [(AGENT, 3), (KEYLESS, None)]
    assert "no usable encryption key" in ves("groups", "recipients", group).out
    assert ves("groups", "remove", group, "--agent", AGENT).code == 0
    left = said(ves("groups", "recipients", group, "--json"))["recipients"]
    assert [item["agent_id"] for item in left] == [KEYLESS]


def test_groups_are_listed_and_removed(group: str, ves: Callable[..., Any]) -> None:
    assert "finance" in ves("groups", "list").out
    assert [g["group_id"] for g in said(ves("groups", "list", "--json"))["groups"]] == [group]
    assert ves("groups", "delete", group).out == f"removed group {group}\n"
    assert said(ves("groups", "list", "--json"))["count"] == 0


def test_what_the_database_refuses_ends_with_4(group: str, ves: Callable[..., Any]) -> None:
    nowhere = str(uuid.uuid4())
    for arguments in (
        ["create", "finance"],
        ["show", nowhere],
        ["delete", nowhere],
        ["recipients", nowhere],
        ["add", group, "--agent", AGENT, "--key-id", "9"],
        ["remove", group, "--agent", AGENT],
    ):
        assert ves("groups", *arguments).code == 4, arguments


def test_wrong_usage_ends_with_2(group: str, ves: Callable[..., Any]) -> None:
    for arguments in (["add", "x", "--agent", AGENT], ["add", group, "--agent", AGENT, "--role", "owner"]):
        assert ves("groups", *arguments).code == 2
