"""The independent verifier: alone, right on the vectors, and deaf to every tampered field."""

from __future__ import annotations

import ast
import copy
import json
import math
import random
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785

from shop.verify import independent
from tests.cli.offline import KEYS, make_evidence, other, padding_proofs
from tests.support.cluster import ROOT
from ves_client.evidence import Envelope, check_event

SOURCE = Path(independent.__file__)
VECTORS = ROOT / "tests" / "vectors" / "ves"

# What neither a signature nor a hash covers (VES 3, 10.2, 11): nobody can notice a change of these.
NOT_COVERED = {
    ("receipt", "sequencedAt"),
    ("receipt", "sequencerKeyVersion"),
    ("commitment", "ves_version"),
    ("commitment", "committed_at"),
}


def vectors(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text())


def fields() -> list[tuple[str, str]]:
    evidence = make_evidence()
    return [(part, name) for part, members in evidence.items() for name in members]


def test_it_imports_nothing_but_the_standard_library_and_openssl() -> None:
    imported = set()
    for node in ast.walk(ast.parse(SOURCE.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(str(node.module).partition(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_it_runs_alone_in_a_folder_of_its_own(tmp_path: Path) -> None:
    script = tmp_path / "verifier.py"
    script.write_text(SOURCE.read_text())
    (tmp_path / "keys.json").write_text(json.dumps(KEYS))
    (tmp_path / "good.ndjson").write_text(
        json.dumps(make_evidence()) + "\n" + json.dumps(make_evidence(1, 1))
    )
    (tmp_path / "bad.ndjson").write_text("{}\n")
    (tmp_path / "empty.ndjson").write_text("")

    def run(*names: str) -> tuple[int, Any]:
        command = [sys.executable, "-I", str(script), *names]
        done = subprocess.run(command, check=False, capture_output=True, cwd=tmp_path)
        return done.returncode, json.loads(done.stdout) if done.stdout else None

    assert run("keys.json", "good.ndjson") == (
        0,
        {"valid": True, "events": 2, "receipts": 2, "proofs": 2, "commitments": 0, "findings": []},
    )
    assert run("keys.json", "bad.ndjson")[0] == 1
    assert run("keys.json", "empty.ndjson")[0] == 1
    assert run("keys.json")[0] == 2


def test_honest_evidence_has_no_findings() -> None:
    for count in range(1, 10):
        for number in range(1, count + 1):
            assert independent.check_evidence(make_evidence(count, number), KEYS) == []


@pytest.mark.parametrize(("part", "name"), fields())
def test_every_tampered_field_is_noticed(part: str, name: str) -> None:
    evidence = copy.deepcopy(make_evidence())
    evidence[part][name] = other(evidence[part][name])
    found = independent.check_evidence(evidence, KEYS)
    assert bool(found) is ((part, name) not in NOT_COVERED), found


@pytest.mark.parametrize(("part", "name"), fields())
def test_every_missing_or_null_field_is_noticed_or_not_covered(part: str, name: str) -> None:
    for broken in ({}, {name: None}):
        evidence = make_evidence()
        evidence[part] = {key: value for key, value in evidence[part].items() if key != name} | broken
        found = independent.check_evidence(evidence, KEYS)
        assert bool(found) is ((part, name) not in NOT_COVERED), found


@pytest.mark.parametrize(("count", "start"), [(3, 1), (5, 1), (6, 1), (7, 1), (9, 1), (3, 4)])
def test_a_proof_of_a_padding_leaf_is_refused_for_its_place(count: int, start: int) -> None:
    event = make_evidence(count, start, start)["event"]
    for forged in padding_proofs(count, start):
        found = independent.check_proof(event, forged["proof"], forged["commitment"])
        assert "the number is outside the commitment's range" in found


def test_parts_of_two_honest_bundles_do_not_fit_together() -> None:
    one, two = make_evidence(5, 3), make_evidence(5, 4)
    for part in ("event", "receipt", "proof"):
        assert independent.check_evidence({**one, part: two[part]}, KEYS)
    assert independent.check_evidence({**one, "commitment": make_evidence(6, 3)["commitment"]}, KEYS)


def test_a_chain_with_a_gap_or_a_foreign_root_is_noticed() -> None:
    chain = [
        {**commitment, "tenant_id": vectors("merkle")["tenant_id"], "store_id": vectors("merkle")["store_id"]}
        for commitment in vectors("merkle")["commitment_chain"]
    ]
    assert independent.check_chain(chain) == []
    assert independent.check_chain(chain[1:])
    assert independent.check_chain([chain[0], *chain[2:]])
    assert independent.check_chain([chain[0], {**chain[1], "prev_state_root": "11" * 32}, *chain[2:]])


def test_canonical_json_follows_the_vectors() -> None:
    for case in vectors("jcs")["cases"]:
        value = independent.parse(case["json_text"])
        assert independent.canonical(value).decode() == case["canonical"]
        assert independent.payload_plain_hash(value).hex() == case["payload_plain_hash"]


def test_canonical_numbers_agree_with_an_unrelated_library() -> None:
    chance = random.Random(7)
    for _ in range(20_000):
        number = struct.unpack("d", chance.randbytes(8))[0]
        for value in (
            number,
            chance.uniform(-1, 1) * 10.0 ** chance.randint(-12, 25),
            round(chance.random(), 5),
        ):
            if math.isfinite(value):
                assert independent.canonical(value) == rfc8785.dumps(value)


def test_events_receipts_leaves_and_trees_follow_the_vectors() -> None:
    events = vectors("events")
    key = bytes.fromhex(events["agent_public_key"])
    for case in events["events"]:
        event = {**case["envelope_without_payload"], "payload": independent.parse(case["payload_json_text"])}
        assert independent.signing_hash(event).hex() == case["event_signing_hash"]
        assert independent.check_event(event, key) == []
    trees = vectors("merkle")
    for tree in trees["trees"]:
        for proof in tree["proofs"]:
            leaf, path = (
                bytes.fromhex(proof["leaf_hash"]),
                [bytes.fromhex(node) for node in proof["proof_path"]],
            )
            assert independent.fold(leaf, proof["leaf_index"], path).hex() == tree["merkle_root"]


def test_a_tampered_encrypted_payload_is_noticed_by_both_verifiers() -> None:
    for case in vectors("encryption")["cases"]:
        event, key = case["envelope"], bytes.fromhex(case["agent_public_key"])
        sealed = event["payload_encrypted"]

        def findings(payload: Any, event: Any = event, key: bytes = key) -> tuple[list[str], list[str]]:
            tampered = {**event, "payload_encrypted": payload}
            envelope = msgspec.json.decode(json.dumps(tampered), type=Envelope)
            return independent.check_event(tampered, key), check_event(envelope, key)

        assert findings(sealed) == ([], [])
        for name in ("nonce_b64u", "ciphertext_b64u", "tag_b64u"):
            text = sealed[name]
            one, two = findings({**sealed, name: ("B" if text[0] == "A" else "A") + text[1:]})
            assert one
            assert two
        recipient = sealed["recipients"][0]
        one, two = findings(
            {
                **sealed,
                "recipients": [
                    {**recipient, "recipient_kid": recipient["recipient_kid"] ^ 1},
                    *sealed["recipients"][1:],
                ],
            }
        )
        assert one
        assert two
