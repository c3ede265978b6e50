"""`ves schemas`: a schema's life at the command line."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.system import System

TEXT = '{ "type": "object", "required": ["n"] , "maxProperties": 1e1 }'
SOME = "cccccccc-0000-4000-8000-000000000001"


@pytest.fixture
def tenant(here: System, ves: Callable[..., Any], monkeypatch: Any) -> uuid.UUID:
    if not here.is_full:
        pytest.skip("schemas are compiled in the database, which needs PL/Python")
    fresh = uuid.uuid4()
    monkeypatch.setenv("VES_TENANT_ID", str(fresh))
    return fresh


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "schema.json"
    path.write_text(TEXT)
    return str(path)


def test_a_schema_is_registered_shown_retired_and_deleted_and_each_step_is_audited(
    tenant: uuid.UUID, file: str, ves: Callable[..., Any]
) -> None:
    made = json.loads(ves("schemas", "register", "order.created", file, "--description", "d", "--json").out)
    assert (made["version"], made["status"]) == (1, "active")
    schema_id = made["schema_id"]
    assert ves("schemas", "show", schema_id).out == TEXT + "\n"
    shown = json.loads(ves("schemas", "show", schema_id, "--json").out)
    assert (shown["schema_json"], shown["description"]) == (json.loads(TEXT), "d")
    assert ves("schemas", "register", "order.created", file).out.endswith("version 2 of order.created\n")
    assert ves("schemas", "status", schema_id, "archived").out == f"{schema_id} is archived\n"
    listed = ves("schemas", "list").out.splitlines()
    assert listed[1] == f"{schema_id}  order.created  version 1  archived  backward"
    assert listed[2] == "2 schemas"
    assert ves("schemas", "delete", schema_id).out == f"deleted {schema_id}\n"
    assert json.loads(ves("schemas", "list", "--json").out)["count"] == 1
    entries = json.loads(ves("audit", "list", "--oldest-first", "--tenant", str(tenant), "--json").out)[
        "entries"
    ]
    assert [entry["action"] for entry in entries] == [
        "schema_registered",
        "schema_registered",
        "schema_updated",
        "schema_deleted",
    ]
    assert {entry["actor_type"] for entry in entries} == {"cli"}


def test_a_version_that_does_not_fit_is_refused(
    tenant: uuid.UUID, file: str, tmp_path: Path, ves: Callable[..., Any]
) -> None:
    assert ves("schemas", "register", "order.created", file).code == 0
    stricter = tmp_path / "stricter.json"
    stricter.write_text('{"type": "object", "required": ["n", "m"]}')
    refused = ves("schemas", "register", "order.created", str(stricter), "--compatibility", "full", "--json")
    assert refused.code == 4
    assert ves("schemas", "register", "order.created", str(stricter)).code == 0


def test_a_payload_is_checked_against_the_newest_active_version_or_any(
    tenant: uuid.UUID, file: str, tmp_path: Path, ves: Callable[..., Any]
) -> None:
    payload = tmp_path / "payload.json"
    payload.write_text('{"n": 1}')
    assert ves("schemas", "validate", "order.created", str(payload)).code == 4
    assert ves("schemas", "register", "order.created", file).code == 0
    assert (
        ves("schemas", "validate", "order.created", str(payload)).out == "fits version 1 of order.created\n"
    )
    file_of_two = tmp_path / "two.json"
    file_of_two.write_text('{"properties": {"n": {"type": "string"}}}')
    assert ves("schemas", "register", "order.created", str(file_of_two)).code == 0
    refused = ves("schemas", "validate", "order.created", str(payload), "--json")
    assert refused.code == 1
    told = json.loads(refused.out)
    assert (told["valid"], told["version"]) == (False, 2)
    assert told["errors"] == [{"path": "/n", "message": "must be string"}]
    assert ves("schemas", "validate", "order.created", str(payload), "--version", "1").code == 0


@pytest.mark.parametrize("command", [["show", SOME], ["status", SOME, "active"], ["delete", SOME]])
def test_an_unknown_schema_is_refused(tenant: uuid.UUID, ves: Callable[..., Any], command: list[str]) -> None:
    assert ves("schemas", *command).code == 4


@pytest.mark.parametrize("content", [b"{", b"\xff", b""])
def test_what_is_not_json_is_not_sent(ves: Callable[..., Any], tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    assert ves("schemas", "register", "x", str(path), "--tenant", SOME).code == 2
    assert ves("schemas", "register", "x", str(tmp_path / "none"), "--tenant", SOME).code == 2


def test_an_unknown_word_ends_with_2(ves: Callable[..., Any], file: str) -> None:
    assert ves("schemas", "status", SOME, "gone", "--tenant", SOME).code == 2
    assert ves("schemas", "show", "me", "--tenant", SOME).code == 2
    assert ves("schemas", "register", "x", file, "--compatibility", "odd", "--tenant", SOME).code == 2
