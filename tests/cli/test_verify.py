"""`ves verify`: offline, by the protocol library; refuses what the independent verifier refuses."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.offline import AGENT, SEQUENCER_KEY, make_evidence, other, padding_proofs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RECEIPT_PARTS = [
    (part, name)
    for part in ("event", "receipt")
    for name in make_evidence()[part]
    # Covered by no signature (VES 11). The id of the sequencer only helps to find its key.
    if name not in {"sequencedAt", "sequencerId", "sequencerKeyVersion"}
]
PROOF_PARTS = [
    (part, name)
    for part in ("proof", "commitment", "event")
    for name in make_evidence()[part]
    if (part, name) not in {("commitment", "ves_version"), ("commitment", "committed_at")}
]


@pytest.fixture
def verify(ves: Callable[..., Any], tmp_path: Path) -> Callable[..., tuple[int, Any]]:
    def run(what: str, document: Any, *options: str) -> tuple[int, Any]:
        path = tmp_path / "evidence.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        result = ves("verify", what, str(path), "--json", *options)
        return result.code, json.loads(result.out)

    return run


def receipt_options() -> list[str]:
    return ["--public-key", SEQUENCER_KEY.hex(), "--agent-key", AGENT.public_key.hex()]


def test_an_honest_receipt_and_proof_verify(verify: Callable[..., Any]) -> None:
    assert verify("receipt", make_evidence(), *receipt_options())[0] == 0
    assert verify("proof", make_evidence()) == (0, {"valid": True, "checked": 1, "findings": []})


def test_a_proof_without_its_event_is_checked_from_the_leaf_upwards(verify: Callable[..., Any]) -> None:
    evidence = make_evidence()
    del evidence["event"], evidence["receipt"]
    assert verify("proof", evidence)[0] == 0


@pytest.mark.parametrize(("count", "start"), [(3, 1), (5, 1), (6, 1), (7, 1), (9, 1), (3, 4)])
def test_a_proof_of_a_padding_leaf_is_refused(verify: Callable[..., Any], count: int, start: int) -> None:
    evidence = make_evidence(count, start, start)
    assert verify("proof", {name: evidence[name] for name in ("proof", "commitment")})[0] == 0
    proofs = padding_proofs(count, start)
    assert len(proofs) == evidence["commitment"]["padded_leaf_count"] - count
    for forged in proofs:
        code, answer = verify("proof", forged)
        assert code == 1
        assert {finding["finding"] for finding in answer["findings"]} == {
            "number is outside the commitment's range",
            "leaf index is not one of the commitment's leaves",
        }


def test_a_file_of_many_lines_with_a_header_is_read(verify: Callable[..., Any]) -> None:
    lines = [json.dumps({"push": {"any": "thing"}}), *(json.dumps(make_evidence(5, n)) for n in range(1, 6))]
    code, answer = verify("receipt", "\n".join(lines) + "\n", *receipt_options())
    assert (code, answer["checked"]) == (0, 5)


@pytest.mark.parametrize(("part", "name"), RECEIPT_PARTS)
def test_a_receipt_with_a_tampered_field_is_refused(verify: Callable[..., Any], part: str, name: str) -> None:
    evidence = copy.deepcopy(make_evidence())
    evidence[part][name] = other(evidence[part][name])
    code, answer = verify("receipt", evidence, *receipt_options())
    assert code == 1
    assert answer["findings"]


@pytest.mark.parametrize(("part", "name"), PROOF_PARTS)
def test_a_proof_with_a_tampered_field_is_refused(verify: Callable[..., Any], part: str, name: str) -> None:
    evidence = copy.deepcopy(make_evidence())
    evidence[part][name] = other(evidence[part][name])
    code, answer = verify("proof", evidence)
    assert code == 1
    assert answer["findings"]


def test_a_receipt_of_another_sequencer_is_refused(verify: Callable[..., Any]) -> None:
    assert verify("receipt", make_evidence(), "--public-key", AGENT.public_key.hex())[0] == 1


def test_one_of_several_trusted_keys_is_enough(verify: Callable[..., Any]) -> None:
    keys = f"{AGENT.public_key.hex()},{SEQUENCER_KEY.hex()}"
    assert verify("receipt", make_evidence(), "--public-key", keys)[0] == 0


@pytest.mark.parametrize("text", ["", "not json", "[]", "{}", '{"event":1,"receipt":{}}', '{"proof":{}}'])
def test_a_file_without_evidence_is_not_valid(verify: Callable[..., Any], text: str) -> None:
    assert verify("receipt", text, *receipt_options())[0] == 1
    assert verify("proof", text)[0] == 1


def test_a_receipt_cannot_be_checked_without_a_key(verify: Callable[..., Any]) -> None:
    code, answer = verify("receipt", make_evidence())
    assert code == 2
    assert "--public-key" in answer["error"]["message"]
    assert verify("receipt", make_evidence(), "--public-key", "abc")[0] == 2
    assert verify("receipt", make_evidence(), "--public-key", "00" * 32, "--agent-key", "xyz")[0] == 2
