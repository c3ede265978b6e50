"""`ves call`: every function of schema ves, with the options of its parameters."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

from tests.cli.conftest import runner
from ves_api.cli import operation_commands
from ves_api.cli.config import config
from ves_api.cli.directory import DatabaseDirectory
from ves_api.cli.main import app
from ves_api.operations.commitments import get_commitment
from ves_client.commands import program
from ves_edge.gen.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.system import System


def test_every_function_is_listed_and_has_the_options_of_its_parameters(
    ves: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    listed = ves("call")
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines() if line.startswith("  ")] == sorted(FUNCTIONS)
    called = runner("ves", partial(program.run, get_command(app)), monkeypatch, capsys)
    for name, function in FUNCTIONS.items():
        shown = called("call", name, "--help")
        assert shown.code == 0, shown.err
        text = "".join(shown.out.split())
        for parameter in function.parameters:
            flag = "--" + parameter.name.replace("_", "-")
            assert (flag in text) is (parameter.name != "context"), (name, flag)


def test_rows_a_value_and_nothing_are_printed_as_text_and_as_json(
    here: System, ves: Callable[..., Any]
) -> None:
    tenant, store = str(uuid.uuid4()), str(uuid.uuid4())
    stream = ["--tenant-id", tenant, "--store-id", store]
    set_policy = ves("call", "set_commit_policy", *stream, "--mode", "automatic", "--max-age", "5 minutes")
    assert (set_policy.code, set_policy.out) == (0, ""), set_policy.err
    assert ves("call", "set_commit_policy", *stream, "--mode", "manual", "--json").out == "null\n"
    signers = json.loads(ves("call", "list_signers", "--json").out)
    assert [column.name for column in FUNCTIONS["list_signers"].columns] == list(signers[0])
    table = ves("call", "list_signers").out
    assert signers[0]["public_key"] in table
    assert table.endswith(f"{len(signers)} rows\n")
    assert ves("call", "get_next_agent_key_id", "--tenant-id", tenant, "--agent-id", store).out == "1\n"
    assert ves("call", "health").code == 0


def test_a_key_number_above_2_to_the_31_is_the_one_that_comes_back(
    here: System, ves: Callable[..., Any]
) -> None:
    tenant, agent = str(uuid.uuid4()), str(uuid.uuid4())
    key = json.loads(ves("keys", "new", "--agent", agent, "--json").out)["public_key"]
    owner = ["--tenant-id", tenant, "--agent-id", agent]
    register = ["register_agent_key", *owner, "--key-id", str(2**32 - 1), "--public-key", f"\\x{key}"]
    made = ves("call", *register)
    assert made.code == 0, made.err
    (row,) = json.loads(ves("call", "list_agent_keys", *owner, "--json").out)
    assert (row["key_id"], row["public_key"]) == (2**32 - 1, key)
    entry = json.loads(ves("audit", "list", "--tenant", tenant, "--json").out)["entries"][0]
    assert entry["actor_type"] == "cli"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["no_such_function"], 2),
        (["list_streams", "--nonsense", "1"], 2),
        (["get_commitment"], 2),
        (["list_streams", "--tenant-id", "me"], 2),
        (
            [
                "list_api_keys",
                "--tenant-id",
                str(uuid.UUID(int=1)),
                "--database-url",
                "postgresql://127.0.0.1:1/x",
            ],
            3,
        ),
        (["get_schema", "--tenant-id", str(uuid.UUID(int=1)), "--schema-id", "{}"], 2),
        (["take_rate_limit", "--help"], 0),
    ],
)
def test_wrong_usage_and_an_unreachable_database_have_their_exit_codes(
    here: System, ves: Callable[..., Any], arguments: list[str], code: int
) -> None:
    assert ves("call", *arguments).code == code


def test_an_operation_that_declares_a_command_has_it(
    here: System, ves: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    declared = replace(get_commitment, name="list_signers", summary="List signers", command="signers list")
    monkeypatch.setattr(operation_commands, "_operations", lambda: iter([declared]))
    small = program.new_program("ves", "", "0", DatabaseDirectory)
    small.command("config")(config)
    for _ in range(2):
        operation_commands.add_operation_commands(small)
    with_operations = runner("ves", lambda: program.run(small), monkeypatch, capsys)
    assert "List signers." in with_operations("signers", "--help").out
    shown = with_operations("signers", "list", "--json")
    assert shown.code == 0, shown.err
    assert json.loads(shown.out) == json.loads(ves("call", "list_signers", "--json").out)
    assert with_operations("signers", "list").out == ves("call", "list_signers").out
    assert with_operations("signers", "nonsense").code == 2


def test_operations_are_imported_only_for_words_that_no_other_command_has() -> None:
    command = get_command(app)
    known = (["fsck"], ["keys", "list", "--agent"], ["call", "anything"], ["schemas", "list"])
    assert all(operation_commands.is_known(command, words) for words in known)
    unknown = ([], ["--help"], ["nonsense"], ["schemas", "nonsense"], ["keys", "--help"])
    assert not any(operation_commands.is_known(command, words) for words in unknown)


def test_a_function_that_the_role_may_not_execute_is_refused(here: System, ves: Callable[..., Any]) -> None:
    reader = here.database.url("ves_reader")
    assert ves("call", "list_streams", "--database-url", reader).code == 0
    refused = ves("call", "set_audit_log", "--enabled", "--database-url", reader)
    assert refused.code == 4, refused.err
    assert ves("call", "list_strems").err.strip().endswith("did you mean list_streams?")
