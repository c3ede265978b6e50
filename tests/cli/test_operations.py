"""The original's admin commands, as its users run them: a process, its output, its exit code."""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.admin_program import PAYLOADS, Done, alias, named, stream
from tests.sql.support import Agent, scalar
from tests.support import legacy_tree, ves_tree
from ves_api import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.system import System
    from tests.conftest import Database

__all__ = ["stream"]

NAMES = [
    "migrate",
    "verify-proof",
    "export-events",
    "rotate-keys",
    "list-agent-keys",
    "reencrypt-events",
    "reencrypt-ves-validity-proofs",
    "reencrypt-ves-compliance-proofs",
    "backfill-ves-state-roots",
    "ves-commit-and-anchor",
    "shred-payload",
    "commands",
]
LEAVES = [bytes([n]) * 32 for n in range(5)]
NIL = str(uuid.UUID(int=0))


def proof(index: int) -> list[str]:
    levels = ves_tree.build_levels(b"".join(LEAVES))
    return [
        "verify-proof",
        "--leaf-hash",
        LEAVES[index].hex(),
        "--merkle-root",
        levels[-1].hex(),
        "--proof-path",
        ",".join(item.hex() for item in ves_tree.inclusion_path(levels, index)),
    ]


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"], ["help"]])
def test_help_is_on_stderr_and_ends_with_0(arguments: list[str]) -> None:
    told = alias(*arguments)
    assert (told.code, told.out) == (0, "")
    assert all(f"  {name}" in told.err for name in NAMES)
    assert "--new-key-id --public-key --revoke-old --database-url" in " ".join(told.err.split())


def test_help_for_an_unknown_command_names_the_nearest_one_and_ends_with_0() -> None:
    told = alias("help", "exprt-events")
    assert (told.code, told.out) == (0, "")
    assert "did you mean export-events?" in told.err


@pytest.mark.parametrize("word", ["-V", "-v", "--version", "version"])
def test_the_version_is_on_stdout(word: str) -> None:
    assert alias(word) == Done(0, f"{__version__}\n", "")


@pytest.mark.parametrize("arguments", [["help", "export-events"], ["export-events", "-h"]])
def test_a_commands_help_is_on_stderr(arguments: list[str]) -> None:
    told = alias(*arguments)
    assert (told.code, told.out) == (0, "")
    assert "--tenant-id" in told.err


def test_the_commands_are_listed() -> None:
    told = alias("commands")
    assert told.code == 0
    first, *rest = told.out.splitlines()
    assert first == "COMMANDS:"
    assert [line.split()[0] for line in rest] == [*NAMES, "version", "help"]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["migrat"], "unknown command migrat; did you mean migrate?"),
        (["list"], "did you mean list-agent-keys?"),
        (["verify-porof"], "did you mean verify-proof?"),
        (["nonsense"], "unknown command nonsense; see `stateset-sequencer-admin --help`"),
        (["export-events", "--tenant-ip", NIL], "unknown option --tenant-ip; did you mean --tenant-id?"),
        (["migrate", "--now"], "unknown option --now"),
        (["migrate", "now"], "now"),
    ],
)
def test_an_unknown_word_is_refused_with_the_nearest_known_one(arguments: list[str], hint: str) -> None:
    told = alias(*arguments)
    assert told.code == 1
    assert told.out == ""
    assert hint in told.err


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (["migrate"], "DATABASE_URL is required (or pass --database-url)"),
        (["list-agent-keys", "--tenant-id", NIL], "DATABASE_URL is required"),
        (["export-events", "--tenant-id", NIL], "--store-id"),
        (["export-events", "--tenant-id", "me"], "--tenant-id"),
        (["export-events", "--tenant-id", NIL, "--store-id", NIL, "--format", "xml"], "--format"),
        (["rotate-keys", "--tenant-id", NIL, "--agent-id", NIL, "--new-key-id", "1"], "--public-key"),
        (
            ["rotate-keys", "--tenant-id", NIL, "--agent-id", NIL, "--new-key-id", "1", "--public-key", "ab"],
            "--public-key must be 32 bytes of hex",
        ),
        (["backfill-ves-state-roots", "--store-id", NIL], "--store-id requires --tenant-id"),
        (
            ["ves-commit-and-anchor", "--tenant-id", NIL, "--store-id", NIL, "--sequence-start", "1"],
            "must be provided together",
        ),
        ([*proof(0), "--leaf-index", "-1"], "--leaf-index"),
        (
            [
                "verify-proof",
                "--leaf-hash",
                "zz",
                "--merkle-root",
                "",
                "--proof-path",
                "",
                "--leaf-index",
                "0",
            ],
            "hex",
        ),
    ],
)
def test_what_is_missing_or_malformed_is_named(arguments: list[str], missing: str) -> None:
    told = alias(*arguments)
    assert told.code == 1
    assert told.out == ""
    assert missing in told.err


def test_a_database_that_is_not_there_is_a_failure_like_every_other() -> None:
    for arguments in (["migrate"], ["list-agent-keys", "--tenant-id", NIL]):
        assert alias(*arguments, "--database-url", "postgresql://127.0.0.1:1/x").code == 1


def test_a_proof_is_verified_without_a_database() -> None:
    told = alias(*proof(3), "--leaf-index", "3")
    assert told.code == 0
    assert told.out.splitlines() == [
        "ok: proof is VALID",
        f"  leaf_hash:   {LEAVES[3].hex()}",
        "  leaf_index:  3",
        f"  merkle_root: {ves_tree.root(b''.join(LEAVES)).hex()}",
        "  proof_depth: 3",
        "  tree:        VES",
    ]
    assert alias(*proof(3), "--leaf-index", "4") == Done(1, "FAIL: proof is INVALID\n", "")


def test_a_proof_of_a_legacy_tree_is_verified_and_says_so() -> None:
    levels = legacy_tree.build_levels(b"".join(LEAVES))
    for index, leaf in enumerate(LEAVES):
        path = ",".join(item.hex() for item in legacy_tree.inclusion_path(levels, index))
        options = ["--leaf-hash", leaf.hex(), "--merkle-root", levels[-1].hex(), "--proof-path", path]
        told = alias("verify-proof", *options, "--leaf-index", str(index))
        assert told.code == 0, told.err
        assert told.out.startswith("ok: proof is VALID\n")
        assert told.out.endswith("  tree:        legacy\n")
        # Without the number of leaves 4 and 5 are the same place: the last leaf moved up.
        wrong = alias("verify-proof", *options, "--leaf-index", str(index ^ 1 if index < 4 else 0))
        assert wrong == Done(1, "FAIL: proof is INVALID\n", "")


def test_events_are_exported_a_line_each_with_their_payloads_as_received(here: System, stream: Agent) -> None:
    told = alias("export-events", *named(stream), url=here.database.url("ves_admin"))
    assert told.code == 0, told.err
    assert told.err == "ok: exported 5 events\n"
    lines = told.out.splitlines()
    for number, (line, payload) in enumerate(zip(lines, PAYLOADS, strict=True), 1):
        assert f'"payload":{payload},' in line
        event = json.loads(line)
        assert list(event) == [
            "event_id",
            "sequence_number",
            "event_type",
            "entity_type",
            "entity_id",
            "payload",
            "created_at",
        ]
        assert (event["sequence_number"], event["created_at"]) == (number, "2025-12-20T17:51:10.243Z")


def test_a_range_is_exported_as_one_document_into_a_file(here: System, stream: Agent, tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    url = here.database.url("ves_admin")
    options = ["--from", "2", "--to", "4", "--format", "json", "--output", str(path), "--database-url", url]
    assert alias("export-events", *named(stream), *options) == Done(0, "", "ok: exported 3 events\n")
    assert [event["sequence_number"] for event in json.loads(path.read_text())] == [2, 3, 4]
    none = alias("export-events", *named(Agent()), "--format", "json", url=url)
    assert (json.loads(none.out), none.err) == ([], "ok: exported 0 events\n")
    nowhere = alias("export-events", *named(stream), "--output", "/nonexistent/x", url=url)
    assert nowhere.code == 1


def test_an_encrypted_event_is_exported_with_its_ciphertext(here: System, stream: Agent) -> None:
    with here.database.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            """update ves_store.ves_events set payload_kind = 1, payload = null, payload_encrypted = '{"a":1}',
              payload_cipher_hash = payload_plain_hash
            where tenant_id = %s and sequence_number = 2""",
            [stream.tenant_id],
        )
    told = alias("export-events", *named(stream), url=here.database.url("ves_admin"))
    event = json.loads(told.out.splitlines()[1])
    assert event["payload"] is None
    assert event["payload_encrypted"] == {"a": 1}


def test_a_rotation_registers_a_key_and_ends_the_others(here: System, stream: Agent) -> None:
    url = here.database.url("ves_admin")
    fresh = Agent().public_key.hex()
    options = ["--tenant-id", str(stream.tenant_id), "--agent-id", str(stream.agent_id)]
    rotate = ["rotate-keys", *options, "--new-key-id", "2", "--public-key", fresh]
    told = alias(*rotate, "--revoke-old", url=url)
    assert (told.code, told.err) == (0, "Revoked 1 existing keys\n")
    assert told.out.splitlines() == [
        f"ok: registered new key for agent {stream.agent_id} with key_id 2",
        "  (all previous keys have been revoked)",
    ]
    with here.database.connect("ves_admin") as connection:
        entries = connection.execute(
            "select action, resource_id, actor_type, database_role from ves.list_audit(%s)",
            [stream.tenant_id],
        ).fetchall()
    assert [entry[0] for entry in entries[-2:]] == ["agent_key_registered", "agent_key_revoked"]
    assert {entry[2:] for entry in entries[-2:]} == {("cli", "ves_admin")}
    assert alias(*rotate, url=url).code == 1
    listed = alias("list-agent-keys", *options, url=url)
    assert listed.code == 0
    assert listed.out.endswith("Total: 2 keys\n")
    assert re.search(rf"{stream.agent_id} +1 +revoked .*{stream.public_key.hex()}", listed.out)
    assert re.search(rf"{stream.agent_id} +2 +active .*{fresh}", listed.out)
    assert alias("list-agent-keys", "--tenant-id", str(uuid.uuid4()), url=url).out.endswith("Total: 0 keys\n")


def test_a_rotation_that_is_refused_leaves_the_old_keys_alone(here: System, stream: Agent) -> None:
    url = here.database.url("ves_admin")
    options = ["--tenant-id", str(stream.tenant_id), "--agent-id", str(stream.agent_id)]
    taken = ["rotate-keys", *options, "--new-key-id", "1", "--public-key", "11" * 32, "--revoke-old"]
    assert alias(*taken, url=url).code == 1
    assert re.search(r" 1 +active ", alias("list-agent-keys", *options, url=url).out)


def test_committing_without_anchoring_takes_the_next_or_the_given_range(here: System, stream: Agent) -> None:
    url = here.database.url("ves_admin")
    command = ["ves-commit-and-anchor", *named(stream)]
    refused = alias(*command, url=url)
    assert refused.code == 1
    assert "anchor service not configured" in refused.err
    first = alias(*command, "--no-anchor", "--max-events", "3", url=url)
    assert re.fullmatch(
        r"ok: committed batch_id=[0-9a-f-]{36} sequence_start=1 sequence_end=3 merkle_root=[0-9a-f]{64}\n",
        first.out,
    )
    given = ["--sequence-start", "4", "--sequence-end", "5"]
    assert " sequence_start=4 sequence_end=5 " in alias(*command, "--no-anchor", *given, url=url).out
    done = alias(*command, "--no-anchor", url=url)
    assert (done.code, done.err) == (1, "error: no new events to commit (head_sequence=5)\n")
    empty = alias("ves-commit-and-anchor", *named(Agent()), "--no-anchor", url=url)
    assert (empty.code, empty.err) == (1, "error: no events to commit (head_sequence=0)\n")
    assert alias(*command, "--no-anchor", "--sequence-start", "2", "--sequence-end", "5", url=url).code == 1


def test_a_commitment_is_anchored_by_the_worker_that_the_command_waits_for(
    here: System, stream: Agent
) -> None:
    url = here.database.url("ves_admin")
    chain = {"L2_RPC_URL": "http://127.0.0.1:1", "SET_REGISTRY_ADDRESS": "0x" + "ab" * 20}
    given = ["--sequence-start", "1", "--sequence-end", "2", "--wait-seconds", "0"]
    command = ["ves-commit-and-anchor", *named(stream), *given]
    waiting = alias(*command, url=url, **chain)
    assert waiting.code == 1
    assert waiting.out.startswith("ok: committed batch_id=")
    assert waiting.err == "error: the commitment is stored and not anchored: pending\n"
    batch = waiting.out.split()[2].removeprefix("batch_id=")
    with here.database.connect("ves_admin") as admin:
        asked = "select is_requested from ves.list_pending_anchors(max_rows => 5000) where batch_id = %s"
        assert admin.execute(asked, [batch]).fetchone() == (True,)
        admin.execute("select ves.record_anchor(%s, %s, 5, 7)", [batch, bytes(32)])
    done = alias(*command, url=url, **chain)
    assert done.code == 0
    assert done.out.splitlines()[1] == (
        f"ok: anchored batch_id={batch} chain_id=5 chain_tx_hash={'00' * 32} chain_block_number=7"
    )


def test_state_roots_are_recomputed_and_a_wrong_one_is_told_not_rewritten(
    here: System, stream: Agent
) -> None:
    url = here.database.url("ves_admin")
    where = f"{stream.tenant_id}/{stream.store_id}"
    command = ["backfill-ves-state-roots", *named(stream)]
    assert alias(*command, url=url).out == "ok: streams=0 scanned=0 updated=0\n"
    with here.database.connect("ves_admin") as connection:
        for _ in range(3):
            connection.execute("select ves.commit_next(%s, %s, 2)", [stream.tenant_id, stream.store_id])
    assert alias(*command, "--force", url=url).out.splitlines() == [
        f"ok: stream={where} scanned=3 updated=0",
        "ok: streams=1 scanned=3 updated=0",
    ]
    assert alias(*command, "--dry-run", url=url).out.splitlines()[0] == (
        f"ok: stream={where} scanned=3 would_update=0 (dry run)"
    )
    with here.database.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            """update ves_store.ves_commitments set new_state_root = sha256(new_state_root)
            where tenant_id = %s and sequence_start = 3""",
            [stream.tenant_id],
        )
        batch = scalar(
            connection,
            "select batch_id from ves_store.ves_commitments where tenant_id = %s and sequence_start = 3",
            [stream.tenant_id],
        )
    broken = alias(*command, url=url)
    assert broken.code == 1
    # The damaged commitment does not follow, and the next one does not follow from it.
    assert broken.out.splitlines() == [
        f"FAIL: stream={where} scanned=3 wrong=2 first_wrong={batch}",
        "FAIL: streams=1 scanned=3 wrong=2",
    ]


def test_migrating_brings_an_empty_or_a_current_database_up_to_date(database: Database) -> None:
    for _ in range(2):
        assert alias("migrate", url=database.url()) == Done(0, "ok: migrations applied\n", "")
    for role in ("ves_reader", "ves_admin"):
        refused = alias("migrate", url=database.url(role))
        assert refused.code == 1
        assert "that needs a superuser" in refused.err
        assert "whose URL is VES_SUPERUSER_DATABASE_URL" in refused.err


def test_ves_has_the_same_commands_and_finds_its_database_by_itself(
    here: System, stream: Agent, ves: Callable[..., Any], monkeypatch: Any
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert ves("verify-proof", *proof(2)[1:], "--leaf-index", "2").out.startswith("ok: proof is VALID\n")
    assert ves("list-agent-keys", "--tenant-id", str(stream.tenant_id)).out.endswith("Total: 1 keys\n")
    assert ves("backfill-ves-state-roots", *named(stream)).code == 0
    assert ves("ves-commit-and-anchor", *named(stream)).code == 4
    assert ves("migrate").out == "ok: migrations applied\n"
    listed = ves("commands").out
    assert all(f"  {name}" in listed for name in NAMES)
