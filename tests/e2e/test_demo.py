"""The demo on a slice of the purchases: every section, from signing to the changed row."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from shop.purchases import Shop, read_purchases
from tests.cli.system import System
from tests.support.processes import BOOTSTRAP_KEY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SLICE = 200
# The list of commitments leaves these out.
ANCHORED = """
    update ves_store.commitment_anchors
    set status = 'anchored', chain_id = 1, chain_tx_hash = sha256('x'), chain_block_number = 1, anchored_at = now()
    where tenant_id = %s and anchor = 'chain'
"""


def evidence(folder: Path) -> dict[str, Any]:
    """Receipts by event id."""
    lines = map(json.loads, (folder / "evidence.ndjson").read_text().splitlines())
    return {line["event"]["event_id"]: line["receipt"] for line in lines if "event" in line}


def test_the_sample_is_what_its_readme_says() -> None:
    log = read_purchases()
    assert len(log) == 6919
    assert len({purchase.customer for purchase in log}) == 2357
    first = log[0]
    assert (first.customer, first.day, first.items, first.cents) == (1, "1997-01-01", 2, 2933)
    assert sum(purchase.cents for purchase in log) == 24409194


def test_a_shop_signs_the_same_bytes_every_time_and_uses_every_agent() -> None:
    tenant, seeds = uuid.uuid4(), [bytes([n]) * 32 for n in range(12)]
    one, two = (Shop.from_seeds(tenant, seeds).events(read_purchases(SLICE)) for _ in range(2))
    assert [[event.text for event in events] for events in one.values()] == [
        [event.text for event in events] for events in two.values()
    ]
    assert all(one.values())
    assert len({agent.store_id for agent in one}) == 4
    ids = [event.event_id for events in one.values() for event in events]
    assert len(set(ids)) == len(ids)


def test_the_demo_ends_well_and_a_repeat_replays_every_receipt(
    here: System, demo: Callable[..., Any], tmp_path: Path
) -> None:
    told = demo("--purchases", SLICE, "--proofs", "50")
    assert told.code == 0, told.err + told.out
    assert "ALL VALID" in told.out
    assert "refused (invalid_payload_hash, invalid_signature)" in told.out
    assert (
        "against its schema: refused (Schema validation failed for event type 'order.created': /items:"
        in told.out
    )
    assert "reports (accepted), its key is revoked, it reports again: refused (agent_key_invalid" in told.out
    assert re.search(r"[1-9]\d* events under key 1, [1-9]\d* under key 2", told.out)
    assert re.search(r'warehouse and accountant read \{"currency":"USD".*a stranger does not', told.out)
    if here.is_full:
        assert re.search(r"[1-9]\d* payloads encrypted anew, none left under the old one", told.out)
        assert "before the change `fsck` finds nothing" in told.out
        totals = set(
            re.findall(r"(?:source file|subscriber|group|projections) +(\d+ orders  +[\d.,]+ USD)", told.out)
        )
        assert totals == {f"{SLICE} orders  {sum(p.cents for p in read_purchases(SLICE)) / 100:>12,.2f} USD"}
        for letter in (
            "inventory.reserved cd: reserved <= available",
            "order.delivered order-000001: ",
            "order.created order-malformed: ",
        ):
            assert f"dead letter: {letter}" in told.out
        assert "stock arrives, the reservation is retried: resolved, 5 reserved" in told.out
        assert "after it: #2 payload_hash" in told.out
    else:
        assert "skipped: core mode" in told.out
    week = [purchase for purchase in read_purchases() if "1997-03-03" <= purchase.day <= "1997-03-09"]
    total = f"${sum(purchase.cents for purchase in week) / 100:,.2f}"
    assert f"{len(week)} purchases of a week" in told.out
    assert re.search(r"agents killed [1-9]\d* times with SIGKILL", told.out)
    assert f"the purchase log says {total}; the agents hold {total} and {total}" in told.out
    folder = tmp_path / ".ves" / "demo"
    (agents,) = folder.glob("agents-*.hex")
    assert agents.stat().st_mode & 0o777 == 0o600
    first = evidence(folder)
    with here.database.connect() as superuser:
        superuser.execute("set session_replication_role = replica")
        anchored = superuser.execute(ANCHORED, [agents.stem.removeprefix("agents-")]).rowcount
    assert anchored > 0
    again = demo(
        "--purchases", SLICE, "--proofs", "20", "--tenant", agents.stem.removeprefix("agents-"), "--json"
    )
    answer = json.loads(again.out)
    assert (answer["valid"], answer["accepted"], answer["replayed"]) == (True, 0, len(first))
    assert evidence(folder) == first


def test_the_evidence_is_checked_by_a_stranger_and_one_wrong_bit_is_found(
    here: System, demo: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "kept evidence"
    told = demo("--purchases", "20", "--proofs", "20", "--no-tampering", "--folder", folder)
    assert told.code == 0
    (printed,) = re.findall(r"check them again with\n +(.*)", told.out)
    command = shlex.split(printed)

    def check() -> tuple[int, Any]:
        done = subprocess.run(command, check=False, capture_output=True)
        return done.returncode, json.loads(done.stdout)

    assert check()[0] == 0
    lines = (folder / "evidence.ndjson").read_bytes().splitlines(keepends=True)
    lines[-1] = lines[-1].replace(b'"sequencerSignature":"', b'"sequencerSignature":"00', 1)
    (folder / "evidence.ndjson").write_bytes(b"".join(lines))
    code, verdict = check()
    assert code == 1
    assert [finding["line"] for finding in verdict["findings"]] == [len(lines)]


def test_without_a_superuser_the_last_scene_is_skipped_and_says_so(
    here: System, demo: Callable[..., Any], tmp_path: Path
) -> None:
    here.write_env(tmp_path, VES_SUPERUSER_DATABASE_URL=here.database.url("ves_reader"))
    told = demo("--purchases", "5", "--proofs", "3")
    assert told.code == 0
    assert "skipped: this role may not create a scratch database" in told.out
    here.write_env(tmp_path, VES_SUPERUSER_DATABASE_URL="postgresql://127.0.0.1:1/x")
    assert "skipped: the superuser is not let in" in demo("--purchases", "5", "--proofs", "3").out


def test_the_demo_leaves_no_database_behind_and_never_touches_the_users(
    here: System, ves: Callable[..., Any], demo: Callable[..., Any]
) -> None:
    told = demo("--purchases", "5", "--proofs", "3", "--json")
    answer = json.loads(told.out)
    assert answer["tampering"]["played"] is here.is_full
    with here.database.connect() as connection:
        names = connection.execute(
            "select datname from pg_database where datname = 'ves_demo_tamper'"
        ).fetchall()
    assert names == []
    assert ves("fsck", "--tenant", answer["tenant_id"]).code == 0


def test_the_demo_needs_only_the_api_and_the_sequencers_public_key(
    here: System, ves: Callable[..., Any], demo: Callable[..., Any], tmp_path: Path
) -> None:
    signers = json.loads(ves("keys", "sequencer", "--json").out)["signers"]
    (tmp_path / ".ves" / "env").unlink()
    told = demo(
        "--purchases",
        "5",
        "--proofs",
        "3",
        "--url",
        here.url,
        "--api-key",
        BOOTSTRAP_KEY,
        "--public-key",
        signers[0]["public_key"],
        "--folder",
        str(tmp_path / "mine"),
    )
    assert told.code == 0
    assert "skipped: no superuser of the database server is known" in told.out
    wrong = demo(
        "--purchases",
        "5",
        "--proofs",
        "3",
        "--url",
        here.url,
        "--api-key",
        BOOTSTRAP_KEY,
        "--public-key",
        "11" * 32,
        "--folder",
        str(tmp_path / "mine"),
        "--no-tampering",
    )
    assert wrong.code == 1


def test_the_demo_does_not_start_without_a_way_to_check_receipts(
    here: System, demo: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / ".ves" / "env").unlink()
    told = demo("--url", here.url, "--api-key", BOOTSTRAP_KEY)
    assert told.code == 2
    assert not told.out


def test_wrong_usage_ends_with_2_and_an_api_that_is_not_there_with_3(demo: Callable[..., Any]) -> None:
    wrong = demo("--purchases", "0")
    assert (wrong.code, wrong.out) == (2, "")
    nowhere = ["--url", "http://127.0.0.1:1", "--api-key", "ss_x", "--public-key", "11" * 32]
    assert demo(*nowhere, "--purchases", "1", "--folder", ".").code == 3


@pytest.mark.soak
def test_the_whole_demo_takes_less_than_two_minutes(here: System, demo: Callable[..., Any]) -> None:
    answer = json.loads(demo("--json").out)
    assert answer["valid"]
    assert answer["verdict"]["receipts"] == 16195
    assert answer["verdict"]["proofs"] == 1000
    assert answer["tampering"]["played"]
    assert answer["seconds"] < 120
