"""`ves keys` beyond registering: rotate, policies, schedules, history."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.system import System

SOME = "cccccccc-0000-4000-8000-000000000001"


@pytest.fixture
def agent(here: System, ves: Callable[..., Any], monkeypatch: Any) -> str:
    """An agent with a registered key 1 in a fresh tenant, which the environment names."""
    monkeypatch.setenv("VES_TENANT_ID", str(uuid.uuid4()))
    made = json.loads(ves("keys", "new", "--json").out)
    assert ves("keys", "register").code == 0
    return str(made["agent_id"])


def said(result: Any) -> dict[str, Any]:
    assert result.code == 0, result.out + result.err
    body: dict[str, Any] = json.loads(result.out)
    return body


def statuses(ves: Callable[..., Any], agent: str) -> list[str]:
    return [key["status"] for key in said(ves("keys", "list", "--agent", agent, "--json"))["keys"]]


def test_a_key_file_takes_over(agent: str, ves: Callable[..., Any], tmp_path: Path) -> None:
    new = str(tmp_path / "second.json")
    assert ves("keys", "new", "--agent", agent, "--key-id", "2", "--key", new).code == 0
    arguments = ["keys", "rotate", "--agent", agent, "--key-id", "1", "--new-key", new]
    done = said(ves(*arguments, "--grace-hours", "2", "--json"))
    assert (done["old_status"], done["new_key_id"]) == ("in_grace", 2)
    assert statuses(ves, agent) == ["in_grace", "active"]
    assert "verifies" not in ves(*arguments).out
    assert ves(*arguments).code == 4


def test_a_registered_key_takes_over_and_the_old_one_is_revoked(
    agent: str, ves: Callable[..., Any], tmp_path: Path
) -> None:
    new = str(tmp_path / "second.json")
    ves("keys", "new", "--agent", agent, "--key-id", "7", "--key", new)
    assert ves("keys", "register", "--key", new).code == 0
    result = ves("keys", "rotate", "--agent", agent, "--key-id", "1", "--new-key-id", "7", "--revoke-old")
    assert result.out == "key 7 takes over; key 1 is revoked\n"
    entries = said(ves("keys", "history", "--agent", agent, "--json"))["entries"]
    assert [entry["action"] for entry in entries[:2]] == ["key_rotated", "key_revoked"]
    assert "key_rotated" in ves("keys", "history").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["rotate", "--agent", SOME, "--key-id", "1"],
        ["rotate", "--agent", SOME, "--key-id", "1", "--new-key-id", "2", "--new-key", "x"],
        ["rotate", "--agent", SOME, "--key-id", "1", "--new-key-id", "4294967296"],
        ["rotate", "--agent", SOME, "--key-id", "1", "--new-key-id", "2", "--reason", "mood"],
        ["schedule", "--agent", SOME, "--key-id", "1", "--at", "tomorrow"],
        ["schedule", "--agent", SOME, "--key-id", "1", "--at", "2030-01-01T00:00:00"],
        ["cancel", "me"],
        ["policy", "set", "--max-age-hours", "0"],
        ["policy", "delete", "--key-type", "both"],
    ],
)
def test_wrong_usage_is_told_before_anything_happens(
    agent: str, ves: Callable[..., Any], arguments: list[str]
) -> None:
    assert ves("keys", *arguments).code == 2


def test_another_agents_key_file_cannot_take_over(
    agent: str, ves: Callable[..., Any], tmp_path: Path
) -> None:
    new = str(tmp_path / "other.json")
    ves("keys", "new", "--agent", SOME, "--key", new)
    assert ves("keys", "rotate", "--agent", agent, "--key-id", "1", "--new-key", new).code == 2
    assert statuses(ves, agent) == ["active"]


def test_policies_are_set_listed_and_deleted(agent: str, ves: Callable[..., Any]) -> None:
    assert "in force" in ves("keys", "policy", "set", "--max-age-hours", "24", "--auto-rotate").out
    said(ves("keys", "policy", "set", "--agent", agent, "--max-uses", "5", "--warn", "--json"))
    found = said(ves("keys", "policy", "list", "--json"))["policies"]
    assert [(item["agent_id"], item["max_age_hours"], item["max_usage_count"]) for item in found] == [
        (None, 24, None),
        (agent, None, 5),
    ]
    text = ves("keys", "policy", "list").out
    assert "whole tenant" in text
    assert "enforced, rotates" in text
    assert ves("keys", "policy", "delete", "--agent", agent).out == "removed\n"
    assert said(ves("keys", "policy", "delete", "--agent", agent, "--json")) == {"deleted": False}


def test_a_policy_names_what_is_due_soon(agent: str, ves: Callable[..., Any]) -> None:
    ves("keys", "policy", "set", "--max-age-hours", "5", "--warning-hours", "10")
    (key,) = said(ves("keys", "due", "--json"))["keys"]
    assert (key["agent_id"], key["key_id"], key["is_due"]) == (agent, 1, False)
    assert "no successor" in ves("keys", "due").out


def test_a_rotation_is_scheduled_listed_and_cancelled(agent: str, ves: Callable[..., Any]) -> None:
    plan = ["keys", "schedule", "--agent", agent, "--key-id", "1", "--at", "2100-01-01T00:00:00Z"]
    rotation = said(ves(*plan, "--json"))["rotation_id"]
    assert ves(*plan).out == f"scheduled rotation {rotation}\n"
    (item,) = said(ves("keys", "rotations", "--agent", agent, "--json"))["rotations"]
    assert (item["rotation_id"], item["status"], item["current_key_id"]) == (rotation, "pending", 1)
    assert ves("keys", "cancel", rotation).out == "cancelled\n"
    assert "cancelled" in ves("keys", "rotations").out
    assert said(ves("keys", "cancel", rotation, "--json")) == {"cancelled": False}


def test_a_reason_is_kept_with_a_revoked_key(agent: str, ves: Callable[..., Any]) -> None:
    assert ves("keys", "revoke", "--agent", agent, "--key-id", "1", "--reason", "lost laptop").code == 0
    (key,) = said(ves("keys", "list", "--agent", agent, "--json"))["keys"]
    assert (key["status"], key["rotation_reason"]) == ("revoked", "lost laptop")
