"""The shell lines of plpython/docs/verify-by-hand.md do what the page says, on the protocol's vectors."""

from __future__ import annotations

import re
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.support.scenarios import vector

PAGE = Path(__file__).resolve().parents[2] / "plpython" / "docs" / "verify-by-hand.md"
HELPERS, RECEIPT_HASH, RECEIPT_SIGNATURE, LEAF, PATH, RANGE = re.findall(
    r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL
)


def runs(*blocks: str, **values: Any) -> bool:
    """Does the shell script of these blocks end well with these variables?"""
    script = "set -e\n" + HELPERS + "".join(blocks)
    variables = {name: str(value) for name, value in values.items()} | {"PATH": "/usr/bin:/bin"}
    return (
        subprocess.run(["bash", "-c", script], env=variables, check=False, capture_output=True).returncode
        == 0
    )


def receipt_variables(receipt: dict[str, Any]) -> dict[str, str]:
    return {
        "TENANT": receipt["tenant_id"],
        "STORE": receipt["store_id"],
        "EVENT": receipt["event_id"],
        "NUMBER": receipt["sequence_number"],
        "SIGNING_HASH": receipt["event_signing_hash"],
        "RECEIPT_HASH": receipt["receipt_hash"],
        "SIGNATURE": receipt["sequencer_signature"],
        "PUBLIC_KEY": vector("receipts")["sequencer_public_key"],
    }


@pytest.mark.parametrize("receipt", vector("receipts")["receipts"], ids=lambda r: r["sequence_number"])
def test_a_receipt_is_verified_and_another_events_is_refused(receipt: dict[str, Any]) -> None:
    variables = receipt_variables(receipt)
    assert runs(RECEIPT_HASH, RECEIPT_SIGNATURE, **variables)
    assert not runs(RECEIPT_HASH, **variables | {"EVENT": str(uuid.uuid4())})
    flipped = f"{int(variables['SIGNATURE'][:2], 16) ^ 1:02x}" + variables["SIGNATURE"][2:]
    assert not runs(RECEIPT_SIGNATURE, **variables | {"SIGNATURE": flipped})


def test_an_inclusion_proof_is_verified_and_another_index_is_refused() -> None:
    merkle = vector("merkle")
    tree = next(t for t in merkle["trees"] if t["leaf_count"] == 5)
    proof = tree["proofs"][4]
    event = next(e for e in merkle["events"] if e["leaf_hash"] == proof["leaf_hash"])
    variables = {
        "TENANT": merkle["tenant_id"],
        "STORE": merkle["store_id"],
        "NUMBER": event["sequence_number"],
        "SIGNING_HASH": event["event_signing_hash"],
        "AGENT_SIGNATURE": event["agent_signature"],
        "LEAF_HASH": proof["leaf_hash"],
        "LEAF_INDEX": proof["leaf_index"],
        "PROOF_PATH": " ".join(proof["proof_path"]),
        "MERKLE_ROOT": tree["merkle_root"],
    }
    assert runs(PATH, **variables)
    assert runs(LEAF, **variables)
    assert not runs(PATH, **variables | {"LEAF_INDEX": 3})


def test_a_number_outside_the_commitment_is_refused() -> None:
    commitment = {"SEQUENCE_START": 4, "SEQUENCE_END": 8}
    assert runs(RANGE, **commitment, NUMBER=4, LEAF_INDEX=0)
    assert runs(RANGE, **commitment, NUMBER=8, LEAF_INDEX=4)
    assert not runs(RANGE, **commitment, NUMBER=9, LEAF_INDEX=5)
    assert not runs(RANGE, **commitment, NUMBER=3, LEAF_INDEX=-1)
    assert not runs(RANGE, **commitment, NUMBER=5, LEAF_INDEX=0)
