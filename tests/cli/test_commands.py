"""Each command against a running system: what it says, as text and as JSON, and how it ends."""

from __future__ import annotations

import json
import shlex
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.system import System
from tests.support.processes import BOOTSTRAP_KEY, SEQUENCER_ID
from tests.workers.feeder import Feeder
from ves_api.cli.settings import MASK, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOWHERE = "http://127.0.0.1:1"
NO_DATABASE = "postgresql://127.0.0.1:1/x"
SOME = "cccccccc-0000-4000-8000-000000000001"


@pytest.fixture
def agent(here: System, ves: Callable[..., Any], monkeypatch: Any) -> dict[str, str]:
    """A fresh tenant and store, and an agent whose key is registered; the ids are in the environment."""
    monkeypatch.setenv("VES_TENANT_ID", str(uuid.uuid4()))
    monkeypatch.setenv("VES_STORE_ID", str(uuid.uuid4()))
    made: dict[str, str] = json.loads(ves("keys", "new", "--json").out)
    assert ves("keys", "register").code == 0
    return made


def write_events(path: Path, count: int = 3) -> Path:
    lines = [
        {
            "entity_type": "order",
            "entity_id": f"A-{n}",
            "event_type": "order.created",
            "payload": {"n": n, "x": 1e16},
        }
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ["push", "nothing.ndjson", "--tenant", SOME, "--store", SOME],
        ["push", "-"],
        ["prove", "0"],
        ["prove", "1", "--tenant", "me"],
        ["prove", "1"],
        ["fsck", "--store", SOME],
        ["fsck"],
        ["commit", "--max-events", "0"],
        ["keys", "new", "--key-id", "-1"],
        ["keys", "register", "--tenant", SOME],
        ["keys", "list", "--agent", "me"],
        ["keys", "revoke", "--agent", SOME],
        ["apikeys", "create"],
        ["apikeys", "revoke"],
        ["apikeys", "update"],
        ["verify", "receipt", "missing.json"],
        ["verify", "nonsense"],
        ["story", "--nonsense"],
        ["story", "--url", "127.0.0.1:8080", "--api-key", "ss_x"],
        ["story", "--url", "http://x:y:z", "--api-key", "ss_x"],
        ["nonsense"],
    ],
)
def test_wrong_usage_ends_with_2(ves: Callable[..., Any], arguments: list[str]) -> None:
    result = ves(*arguments)
    assert result.code == 2
    assert result.err
    assert not result.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["story", "--url", NOWHERE, "--api-key", "ss_x"],
        ["prove", "1", "--tenant", SOME, "--store", SOME, "--url", NOWHERE, "--api-key", "ss_x"],
        ["fsck", "--database-url", NO_DATABASE],
        ["commit", "--database-url", NO_DATABASE],
        ["apikeys", "create", "--tenant", SOME, "--database-url", NO_DATABASE],
        ["apikeys", "list", "--tenant", SOME, "--database-url", NO_DATABASE],
        ["apikeys", "revoke", "00112233", "--tenant", SOME, "--database-url", NO_DATABASE],
        ["apikeys", "update", "00112233", "--tenant", SOME, "--database-url", NO_DATABASE],
        ["keys", "list", "--agent", SOME, "--tenant", SOME, "--database-url", NO_DATABASE],
        ["keys", "revoke", "--agent", SOME, "--key-id", "1", "--tenant", SOME, "--database-url", NO_DATABASE],
        ["keys", "sequencer", "--database-url", NO_DATABASE],
    ],
)
def test_a_server_or_database_that_is_not_there_ends_with_3(
    ves: Callable[..., Any], arguments: list[str]
) -> None:
    result = ves(*arguments, "--json")
    assert result.code == 3
    answer = json.loads(result.out)
    assert answer["exit_code"] == 3
    assert answer["error"]["code"] in {"unreachable", "database_unavailable"}


def test_a_refusal_ends_with_4_and_shows_the_servers_code(
    here: System, agent: dict[str, str], ves: Callable[..., Any]
) -> None:
    result = ves("keys", "register", "--json")
    assert result.code == 4
    error = json.loads(result.out)["error"]
    assert error["code"] == "ALREADY_EXISTS"
    assert error["details"]["http_status"] == 409
    assert error["details"]["request_id"]
    assert ves("story", "--api-key", "ss_unknown").code == 4
    assert ves("prove", "1").code == 4
    assert ves("keys", "revoke", "--agent", SOME, "--key-id", "7").code == 4
    assert ves("apikeys", "revoke", "0011223344").code == 4


def test_the_commands_that_the_story_prints_check_its_proof_and_its_receipt(
    here: System, ves: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "a folder with 'quotes'"
    told = ves("story", "--output", str(folder)).out
    commands = [
        shlex.split(line.rpartition("  " if line[0] == " " else ": ")[2]) for line in told.splitlines()[-2:]
    ]
    assert [command[:3] for command in commands] == [["ves", "verify", "proof"], ["ves", "verify", "receipt"]]
    assert [ves(*command[1:]).out for command in commands] == ["VALID: 1 proof\n", "VALID: 1 receipt\n"]


def test_a_key_file_is_for_its_owner_only_and_never_overwritten_by_accident(
    ves: Callable[..., Any], tmp_path: Path
) -> None:
    assert ves("keys", "new", "--agent", SOME, "--key-id", "4294967295").code == 0
    path = tmp_path / "ves-agent-key.json"
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    assert ves("keys", "new").code == 2
    assert path.read_bytes() == before
    assert ves("keys", "new", "--force").code == 0
    assert path.read_bytes() != before


def test_an_agent_key_is_made_registered_listed_and_revoked(
    here: System, agent: dict[str, str], ves: Callable[..., Any], tmp_path: Path
) -> None:
    listed = json.loads(ves("keys", "list", "--agent", agent["agent_id"], "--json").out)
    assert [(key["key_id"], key["status"], key["public_key"]) for key in listed["keys"]] == [
        (1, "active", agent["public_key"])
    ]
    assert agent["public_key"] in ves("keys", "list", "--agent", agent["agent_id"]).out
    assert ves("keys", "revoke", "--agent", agent["agent_id"], "--key-id", "1").code == 0
    assert "revoked" in ves("keys", "list", "--agent", agent["agent_id"]).out
    result = ves("push", str(write_events(tmp_path / "events")), "--json")
    assert result.code == 4
    reasons = {rejection["reason"] for rejection in json.loads(result.out)["rejections"]}
    assert reasons == {"agent_key_invalid: Agent key has been revoked"}


def test_an_api_key_works_until_it_is_revoked(
    here: System, agent: dict[str, str], ves: Callable[..., Any], tmp_path: Path
) -> None:
    created = json.loads(
        ves("apikeys", "create", "--agent", agent["agent_id"], "--rate-limit", "900", "--json").out
    )
    events = str(write_events(tmp_path / "events"))
    assert ves("push", events, "--api-key", created["api_key"]).code == 0
    listed = json.loads(ves("apikeys", "list", "--json").out)["keys"]
    assert [(key["key_hash_prefix"], key["active"], key["rate_limit"]) for key in listed] == [
        (created["key_hash_prefix"], True, 900)
    ]
    narrowed = ves(
        "apikeys", "update", created["key_hash_prefix"], "--no-write", "--rate-limit", "0", "--json"
    )
    assert json.loads(narrowed.out)["can_write"] is False
    assert ves("push", events, "--receipts", "third", "--api-key", created["api_key"]).code == 4
    assert ves("apikeys", "update", created["key_hash_prefix"], "--write", "--all-stores").code == 0
    [listed] = json.loads(ves("apikeys", "list", "--json").out)["keys"]
    assert (listed["can_write"], listed["rate_limit"]) == (True, None)
    assert ves("apikeys", "update", "0011223344", "--write").code == 4
    assert ves("apikeys", "revoke", created["key_hash_prefix"]).code == 0
    assert "revoked" in ves("apikeys", "list").out
    assert ves("push", events, "--receipts", "other", "--api-key", created["api_key"]).code == 4
    text = ves("apikeys", "create", "--no-write").out
    assert text.startswith("ss_")


def test_what_was_pushed_is_proved_and_verified_offline(
    here: System, agent: dict[str, str], ves: Callable[..., Any], tmp_path: Path
) -> None:
    assert ves("push", str(write_events(tmp_path / "events", 5))).code == 0
    receipts = str(tmp_path / "events.receipts.ndjson")
    (key,) = {
        signer["public_key"]
        for signer in json.loads(ves("keys", "sequencer", "--json").out)["signers"]
        if signer["sequencer_id"] == str(SEQUENCER_ID)
    }
    assert key in ves("keys", "sequencer").out
    assert ves("verify", "receipt", receipts, "--public-key", key).out == "VALID: 5 receipts\n"
    tenant = [
        "--tenant",
        json.loads((tmp_path / "events.receipts.ndjson").read_text().splitlines()[0])["push"]["tenant_id"],
    ]
    made = json.loads(ves("commit", *tenant, "--max-events", "4", "--json").out)
    assert [(row["sequence_start"], row["sequence_end"]) for row in made["commitments"]] == [(1, 4), (5, 5)]
    assert ves("commit", *tenant).out == "nothing to commit\n"
    for number in range(1, 6):
        proof = tmp_path / f"{number}.json"
        assert ves("prove", str(number), "--receipts", receipts, "--output", str(proof)).code == 0
        assert ves("verify", "proof", str(proof)).out == "VALID: 1 proof\n"
    bare = json.loads(ves("prove", "2", "--batch", made["commitments"][0]["batch_id"], "--json").out)
    assert set(bare) == {"proof", "commitment"}
    assert ves("prove", "6").code == 4
    assert ves("prove", "9", "--receipts", receipts).code == 2


def test_fsck_tells_a_clean_stream_from_a_damaged_one(
    here: System, agent: dict[str, str], ves: Callable[..., Any], tmp_path: Path
) -> None:
    feeder = Feeder(here.database)
    good, bad = uuid.uuid4(), uuid.uuid4()
    feeder.feed(good, 30)
    feeder.feed(bad, 30)
    tenant = ["--tenant", str(feeder.tenant_id)]
    clean = ves("fsck", *tenant)
    assert clean.code == 0
    assert clean.out.startswith("CLEAN: 2 streams, 60 events")
    with here.database.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "update ves_store.ves_events set agent_signature = decode(repeat('11', 64), 'hex')"
            " where store_id = %s and sequence_number = 7",
            [bad],
        )
    damaged = ves("fsck", *tenant, "--json")
    assert damaged.code == 1
    answer = json.loads(damaged.out)
    assert not answer["clean"]
    assert bool(answer["not_checked"]) is not here.is_full
    assert {(row["store_id"], row["sequence_number"]) for row in answer["findings"]} == {(str(bad), 7)}
    assert "#7" in ves("fsck", *tenant, "--store", str(bad)).out
    assert ves("fsck", *tenant, "--store", str(good)).code == 0
    assert ves("fsck", *tenant, "--store", SOME).code == 2
    together = json.loads(ves("fsck", *tenant, "--jobs", "3", "--json").out)
    assert together["findings"] == answer["findings"]
    assert (together["streams"], together["events"]) == (2, 60)


def test_fsck_checks_the_range_that_is_asked_for(
    here: System, agent: dict[str, str], ves: Callable[..., Any]
) -> None:
    feeder, store = Feeder(here.database), uuid.uuid4()
    feeder.feed(store, 30)
    with here.database.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "update ves_store.ves_events set leaf_hash = sha256('') where store_id = %s and sequence_number = 7",
            [store],
        )
    where = ["--tenant", str(feeder.tenant_id), "--store", str(store)]
    assert ves("fsck", *where, "--from", "8").out.startswith("CLEAN: 1 streams, 23 events")
    assert ves("fsck", *where, "--to", "6").out.startswith("CLEAN: 1 streams, 6 events")
    assert "#7 leaf_hash" in ves("fsck", *where, "--from", "7", "--to", "7").out
    assert ves("fsck", "--from", "7").code == 2


def test_fsck_fails_for_payloads_that_were_not_opened_unless_they_are_allowed(
    here: System, ves: Callable[..., Any], tmp_path: Path
) -> None:
    if not here.is_full:
        pytest.skip("payloads are opened by PL/Python")
    feeder = Feeder(here.database)
    store = uuid.uuid4()
    feeder.feed(store, 3)
    with here.database.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "update ves_store.ves_events set payload = null, payload_at_rest = %s, payload_key_id = %s"
            " where store_id = %s and sequence_number = 2",
            [bytes(64), b"FSCKKEY1", store],
        )
    where = ["--tenant", str(feeder.tenant_id), "--store", str(store)]
    assert "#2 payload_not_opened: 1 ves payloads" in ves("fsck", *where).out
    assert [ves("fsck", *where, *more).code for more in ([], ["--allow-unopened"])] == [1, 0]
    ring = tmp_path / "keyring.env"
    ring.write_text(f"PAYLOAD_ENCRYPTION_KEYS={'11' * 32},{'22' * 32}\n")
    ring.chmod(0o600)
    old = json.loads(ves("keyring", "show", "--file", str(ring), "--json").out)["key_ids"]["default"][1]
    with here.database.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "update ves_store.ves_events set payload_key_id = %s where store_id = %s and sequence_number = 2",
            [bytes.fromhex(old), store],
        )
    assert ves("keyring", "drop", old, "--file", str(ring)).code == 0
    told = ves("fsck", *where, "--json")
    assert told.code == 0
    assert f"under key {old}, which was dropped on" in json.loads(told.out)["not_checked"][0]


def test_the_settings_in_effect_are_shown_without_secrets(
    here: System, ves: Callable[..., Any], monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.setenv("VES_SERVICE_DATABASE_URL", "postgresql://ves_service:hush@/x")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    rows = {row["name"]: row for row in json.loads(ves("config", "--json").out)["settings"]}
    assert set(rows) == {variable.name for variable in VARIABLES}
    assert rows["VES_HTTP_URL"]["value"] == here.url
    assert rows["VES_HTTP_URL"]["origin"] == str(tmp_path / ".ves" / "env")
    assert rows["VES_SERVICE_DATABASE_URL"]["origin"] == "environment"
    text = ves("config").out
    assert BOOTSTRAP_KEY not in text
    assert "hush" not in text


def test_the_settings_of_a_server_started_here_are_shown_by_group_without_secrets(
    here: System, ves: Callable[..., Any], monkeypatch: Any, tmp_path: Path
) -> None:
    """The environment comes first, then what `make up` gave its server, then `.ves/env`."""
    seed = "5a" * 32
    (tmp_path / ".ves" / "run").mkdir()
    (tmp_path / ".ves" / "run" / "api.env").write_text(
        f"MAX_EVENTS_PER_BATCH=5\nREQUEST_TIMEOUT_SECS=9\nVES_SEQUENCER_SIGNING_KEY={seed}\n"
        "PAYLOAD_ENCRYPTION_MODE=disabled\n"
    )
    monkeypatch.setenv("MAX_EVENTS_PER_BATCH", "6")
    monkeypatch.setenv("BOOTSTRAP_ADMIN_API_KEY", "ss_" + "quiet" * 8)
    monkeypatch.setenv("JWT_SECRET", "whisper" * 8)
    monkeypatch.setenv("DATABASE_URL", "postgres://u:hu%40sh@localhost/d")
    monkeypatch.setenv("READ_DATABASE_URL", "host=localhost password='mur mur'")
    server = json.loads(ves("config", "--json").out)["server"]
    assert server["server"]["MAX_EVENTS_PER_BATCH"] == {"value": 6, "origin": "environment"}
    given = str(tmp_path / ".ves" / "run" / "api.env")
    assert server["server"]["REQUEST_TIMEOUT_SECS"] == {"value": 9.0, "origin": given}
    assert server["server"]["MAX_BODY_SIZE_BYTES"] == {"value": 10_485_760, "origin": "default"}
    assert server["caches"]["CACHE_AGENT_KEY_MAX"]["value"] == 10_000
    assert server["auth"]["JWT_SECRET"] == {"value": MASK, "origin": "environment"}
    assert "dbname=d" in server["database"]["DATABASE_URL"]["value"]
    shown = ves("config").out + ves("config", "--json").out
    assert "MAX_EVENTS_PER_BATCH" in shown
    for secret in ("hu%40sh", "hu@sh", "mur mur", "quiet", "whisper", seed):
        assert secret not in shown


def test_settings_with_which_no_server_would_start_are_named(
    here: System, ves: Callable[..., Any], monkeypatch: Any
) -> None:
    monkeypatch.setenv("MAX_DB_CONNECTIONS", "plenty")
    shown = json.loads(ves("config", "--json").out)
    assert shown["server_refusal"].startswith("MAX_DB_CONNECTIONS: ")
    assert {row["name"] for row in shown["settings"]} >= {"VES_HTTP_URL"}
    assert "No server would start with this: MAX_DB_CONNECTIONS" in ves("config").out


def test_the_story_ends_with_a_verified_receipt(
    here: System, ves: Callable[..., Any], tmp_path: Path
) -> None:
    told = ves("story")
    assert told.code == 0
    assert told.out.count("verified") >= 5
    assert "no public key" not in told.out
    kept = tmp_path / ".ves" / "story.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert ves("verify", "proof", str(kept)).code == 0
    answer = json.loads(ves("story", "--json").out)
    assert answer["verified"]
    assert answer["signature_verified"]
    assert answer["receipt"]["sequenceNumber"] == 2


def test_the_story_is_told_without_a_database_too(
    here: System, ves: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / ".ves" / "env").unlink()
    told = ves("story", "--url", here.url, "--api-key", BOOTSTRAP_KEY)
    assert told.code == 0
    assert "no public key" in told.out


def test_help_and_version_are_there(ves: Callable[..., Any]) -> None:
    assert "Exit codes" in ves("--help").out
    assert ves("--version").out.startswith("ves ")


def test_the_doctor_and_the_installer_are_reached_with_what_make_up_left(
    here: System, ves: Callable[..., Any], monkeypatch: Any
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    healthy = ves("doctor", "--json")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert healthy.code in {0, 1}
    assert isinstance(json.loads(healthy.out), list)
    assert ves("engine", "doctor", "--database-url", NO_DATABASE).code == 3
    assert "install" in ves("engine", "--help").out
    assert ves("engine", "nonsense").code == 2


def test_brackets_in_what_is_printed_are_just_brackets(ves: Callable[..., Any]) -> None:
    result = ves("prove", "1", "--tenant", "[/red][bold]:smile:")
    assert result.code == 2
    assert "'[/red][bold]:smile:'" in result.err


def test_fsck_compares_a_chain_with_a_head_that_was_kept_elsewhere(
    here: System, ves: Callable[..., Any]
) -> None:
    feeder = Feeder(here.database)
    feeder.feed(uuid.uuid4(), 2)
    tenant = ["--tenant", str(feeder.tenant_id)]
    with here.database.connect("ves_admin") as connection:
        connection.execute("select ves.record_audit('custom:x', %s, null, null)", [feeder.tenant_id])
        heads = connection.execute(
            "select chain, number, encode(hash, 'hex') from ves.list_chain_heads(%s)", [feeder.tenant_id]
        ).fetchall()
    assert [chain for chain, _, _ in heads] == ["audit", "changes"]
    kept = [word for head in heads for word in ("--expect", ":".join(map(str, head)))]
    assert ves("fsck", *tenant, *kept).code == 0
    for chain, number, digest in heads:
        for other in (f"{chain}:{number + 1}:{digest}", f"{chain}:{number}:{'11' * 32}"):
            told = ves("fsck", *tenant, "--expect", other, "--json")
            assert told.code == 1
            assert [row["check_name"] for row in json.loads(told.out)["findings"]] == ["expected_head"]
    for wrong in ("audit", "log:1:" + "11" * 32, "audit:x:" + "11" * 32, "audit:1:11"):
        assert ves("fsck", *tenant, "--expect", wrong).code == 2


def test_fsck_of_a_tenant_without_a_stream_checks_its_audit_log(
    here: System, ves: Callable[..., Any]
) -> None:
    tenant = ["--tenant", str(uuid.uuid4())]
    unknown = ves("fsck", *tenant)
    assert unknown.code == 2
    assert "nothing is stored of this tenant" in unknown.err
    with here.database.connect("ves_admin") as connection:
        connection.execute("select ves.record_audit('custom:x', %s, null, null)", tenant[1:])
    assert ves("fsck", *tenant).out.startswith("CLEAN: 0 streams, 0 events")
    assert ves("commit", *tenant).out == "nothing to commit\n"
    assert "no such stream" in ves("fsck", *tenant, "--store", SOME).err
    with here.database.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "update ves_store.audit_log set action = 'custom:y' where tenant_id = %s", tenant[1:]
        )
    assert ves("fsck", *tenant).code == 1


def test_fsck_names_foreign_grants_and_objects_in_the_engines_schemas(
    here: System, ves: Callable[..., Any]
) -> None:
    def planted() -> set[str]:
        found = json.loads(ves("fsck", "--json").out)["findings"]
        return {row["finding"].split(":")[0] for row in found if row["check_name"] == "engine"}

    assert planted() == set()
    with here.database.connect() as connection:
        connection.execute("set role ves_owner")
        connection.execute("grant select on ves_store.api_keys to ves_reader")
        connection.execute("create function ves.backdoor() returns int language sql return 1")
        try:
            assert planted() >= {"grants table ves_store.api_keys", "function ves.backdoor()"}
        finally:
            connection.execute("revoke select on ves_store.api_keys from ves_reader")
            connection.execute("drop function ves.backdoor()")
    assert planted() == set()
