"""`ves audit`: list, verify, switch; and `ves fsck` looks at the audit log too."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.support import scalar
from tests.workers.feeder import Feeder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.system import System
    from tests.conftest import Database

NO_DATABASE = "postgresql://127.0.0.1:1/x"


@pytest.fixture
def tenant(here: System) -> uuid.UUID:
    """A tenant with an entry of something done and one of something refused."""
    fresh = uuid.uuid4()
    with here.database.connect("ves_admin") as connection:
        connection.execute("select ves.record_audit('custom:made', %s, 'thing', '1')", [fresh])
        connection.execute(
            "select ves.record_audit('custom:made', %s, 'thing', '2', success => false, error_message => 'no')",
            [fresh],
        )
    return fresh


def test_entries_are_listed_newest_first_as_text_and_as_json(
    tenant: uuid.UUID, ves: Callable[..., Any]
) -> None:
    told = ves("audit", "list", "--tenant", str(tenant))
    assert told.code == 0
    first, second, count = told.out.splitlines()
    assert first.startswith(f"{tenant} #2")
    assert first.endswith("custom:made  thing 2  by database ves_admin  FAILED no")
    assert second.endswith("custom:made  thing 1  by database ves_admin")
    assert count == "2 entries"
    answer = json.loads(ves("audit", "list", "--tenant", str(tenant), "--oldest-first", "--json").out)
    assert [entry["number"] for entry in answer["entries"]] == [1, 2]
    assert len(answer["entries"][0]["hash"]) == 64


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--failed"], 1),
        (["--done"], 1),
        (["--resource-id", "1"], 1),
        (["--resource-type", "thing", "--limit", "1"], 1),
        (["--actor", "nobody"], 0),
        (["--action", "custom:made", "--since", "2020-01-01"], 2),
        (["--until", "2020-01-01T00:00:00"], 0),
    ],
)
def test_filters_narrow_the_list(
    tenant: uuid.UUID, ves: Callable[..., Any], options: list[str], count: int
) -> None:
    answer = json.loads(ves("audit", "list", "--tenant", str(tenant), *options, "--json").out)
    assert answer["count"] == count


def test_a_whole_log_is_clean_and_a_removed_entry_is_found_by_verify_and_by_fsck(
    here: System, ves: Callable[..., Any]
) -> None:
    feeder = Feeder(here.database)
    store = uuid.uuid4()
    feeder.feed(store, 3)
    tenant = feeder.tenant_id
    with here.database.connect("ves_admin") as connection:
        for _ in range(2):
            connection.execute("select ves.record_audit('custom:x', %s, null, null)", [tenant])
    named = ["--tenant", str(tenant)]
    assert ves("audit", "verify", *named).out == "CLEAN\n"
    assert ves("fsck", *named).code == 0
    with here.database.connect() as connection:
        newest = connection.execute(
            "select number from ves.list_audit(%s, newest_first => true, max_rows => 1)", [tenant]
        ).fetchone()
        assert newest is not None
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "delete from ves_store.audit_log where tenant_id = %s and number = %s", [tenant, newest[0]]
        )
    broken = ves("audit", "verify", *named)
    assert broken.code == 1
    assert "missing" in broken.out
    assert "1 FINDINGS" in broken.out
    assert not json.loads(ves("audit", "verify", *named, "--json").out)["clean"]
    checked = ves("fsck", *named, "--json")
    assert checked.code == 1
    assert [row["check_name"] for row in json.loads(checked.out)["findings"]] == ["audit_chain"]
    assert f"{tenant}/audit_log" in ves("fsck", *named).out
    assert ves("fsck", *named, "--store", str(store)).code == 0


def test_the_switch_says_whether_it_changed_anything(here: System, ves: Callable[..., Any]) -> None:
    assert ves("audit", "switch", "on").out == "the audit log is on already\n"
    assert json.loads(ves("audit", "switch", "off", "--json").out) == {"enabled": False, "changed": True}
    assert ves("audit", "switch", "on").out == "the audit log is on\n"
    nil = str(uuid.UUID(int=0))
    answer = json.loads(ves("audit", "list", "--tenant", nil, "--limit", "2", "--json").out)
    assert [entry["action"] for entry in answer["entries"]] == ["config_updated"] * 2
    assert {entry["actor_type"] for entry in answer["entries"]} == {"cli"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "list", "--limit", "0"],
        ["audit", "list", "--limit", "1001"],
        ["audit", "list", "--since", "yesterday"],
        ["audit", "list", "--tenant", "me", "--database-url", NO_DATABASE],
        ["audit", "switch"],
        ["audit", "switch", "maybe"],
    ],
)
def test_wrong_usage_ends_with_2(ves: Callable[..., Any], arguments: list[str]) -> None:
    assert ves(*arguments).code == 2


@pytest.mark.parametrize("arguments", [["list"], ["verify"], ["switch", "on"]])
def test_a_database_that_is_not_there_ends_with_3(ves: Callable[..., Any], arguments: list[str]) -> None:
    assert ves("audit", *arguments, "--database-url", NO_DATABASE).code == 3


def test_installing_the_engine_applies_the_setting_when_it_is_given(database: Database) -> None:
    def enabled(value: str | None) -> bool:
        env = {name: text for name, text in os.environ.items() if name in {"PATH", "LANG"}}
        env |= {"PYTHONPATH": os.pathsep.join(sys.path), "DATABASE_URL": database.url()}
        env |= {} if value is None else {"AUDIT_LOG_ENABLED": value}
        command = [sys.executable, "-m", "ves_api.cli", "engine", "install", "--json"]
        done = subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        with database.connect() as connection:
            return bool(scalar(connection, "select enabled from ves_store.audit_switch"))

    assert enabled(None)
    assert not enabled("false")
    assert not enabled(None)
    assert enabled("1")


def test_what_is_done_at_the_command_line_names_who_sat_there(here: System, ves: Callable[..., Any]) -> None:
    tenant = ["--tenant", str(uuid.uuid4())]
    made = json.loads(ves("apikeys", "create", *tenant, "--json").out)
    assert ves("apikeys", "revoke", made["key_hash_prefix"], *tenant).code == 0
    entries = json.loads(ves("audit", "list", *tenant, "--oldest-first", "--json").out)["entries"]
    assert [entry["action"] for entry in entries] == ["api_key_created", "api_key_revoked"]
    assert {(entry["actor"], entry["actor_type"]) for entry in entries} == {(getpass.getuser(), "cli")}
    assert made["api_key"] not in json.dumps(entries)


def test_a_planted_row_that_no_change_tells_of_is_named_by_verify_and_by_fsck(
    here: System, ves: Callable[..., Any]
) -> None:
    feeder = Feeder(here.database)
    feeder.feed(uuid.uuid4(), 1)
    tenant = feeder.tenant_id
    with here.database.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "insert into ves_store.api_keys (key_hash, tenant_id, can_read) values (%s, %s, true)",
            [tenant.hex * 2, tenant],
        )
    finding = f'api_keys ["{tenant.hex * 2}"]: the row is there, and no change says so\n'
    for command, place in (("audit verify", f"{tenant}: "), ("fsck", f"{tenant}/audit_log  audit_chain: ")):
        told = ves(*command.split(), "--tenant", str(tenant))
        assert (told.code, told.out.startswith(place + finding)) == (1, True), told
