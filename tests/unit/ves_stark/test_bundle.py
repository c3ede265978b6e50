"""The JSON bundle (STARK 17)."""

from __future__ import annotations

import base64
import json
from hashlib import sha256

import pytest

import ves_stark
from tests.unit.ves_stark import receipts
from tests.unit.ves_stark.vectors import case
from ves_stark import InputsError
from ves_stark.bundle import check_bundle, decode_base64, is_bundle, make_bundle, parse_json
from ves_stark.canonical import exact_jcs
from ves_stark.surface import ComplianceProof

CASE = case("aml_default")
MEMBERS = [
    "version", "proofType", "proofVersion", "proofB64", "proofHash", "metadata", "witnessCommitment",
    "witnessCommitmentHex", "publicInputs", "publicInputsHash", "boundPublicInputsHash", "amountBinding",
    "bundleHash",
]  # fmt: skip


def bundle():
    proof = ComplianceProof(
        CASE.proof, CASE.data["proofHash"], 12, len(CASE.proof), CASE.limbs, CASE.data["witnessCommitmentHex"]
    )
    return make_bundle(proof, CASE.inputs, CASE.data["payloadAmountBinding"])


@pytest.fixture(scope="module")
def authorization():
    inputs, receipt = receipts.inputs(), receipts.receipt()
    proof = ves_stark.prove(receipt["amount"], inputs, inputs.policy())
    binding = ves_stark.create_payload_amount_binding(inputs, receipt["amount"])
    return make_bundle(proof, inputs, binding, receipt)


def test_a_bundle_has_the_members_of_the_reference_in_order():
    made = bundle()
    assert list(made) == MEMBERS
    assert (made["version"], made["proofType"], made["proofVersion"]) == (1, "stark", 2)
    assert made["metadata"] == {
        "proving_time_ms": 12, "num_constraints": 157, "trace_length": 16, "proof_size": len(CASE.proof),
        "prover_version": made["metadata"]["prover_version"],
    }  # fmt: skip
    assert made["publicInputs"] == CASE.data["boundPublicInputs"]
    assert made["boundPublicInputsHash"] == CASE.data["boundPublicInputsHash"]
    assert made["publicInputsHash"] == CASE.data["amountBoundPublicInputsHashWithoutCommitment"]
    assert made["amountBinding"] == CASE.data["payloadAmountBinding"]


def test_the_bundle_hash_covers_everything_else():
    made = bundle()
    digest = made.pop("bundleHash")
    domain = b"STATESET_VES_COMPLIANCE_PROOF_BUNDLE_HASH_V1"
    assert digest == sha256(domain + exact_jcs(made)).hexdigest()
    assert str(CASE.limbs[1]).encode() in exact_jcs(made)


def test_a_bundle_survives_json_and_verifies():
    read = check_bundle(json.loads(json.dumps(bundle())))
    assert read.verify()
    assert read.proof_bytes == CASE.proof
    assert read.receipt is None


def test_an_authorization_bundle_carries_its_receipt(authorization):
    assert list(authorization) == [*MEMBERS[:-1], "receipt", "bundleHash"]
    assert authorization["version"] == 2
    assert authorization["publicInputs"]["authorizationReceiptHash"] == receipts.receipt()["receiptHash"]
    assert check_bundle(authorization).verify()


def leaves(value, path=()):
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, key))
    else:
        yield path, value


def changed(value, path, leaf):
    copy = json.loads(json.dumps(value))
    place = copy
    for key in path[:-1]:
        place = place[key]
    if path[-1] == "proofB64":
        place[path[-1]] = base64.b64encode(base64.b64decode(leaf)[:-1] + b"\x01").decode()
    elif isinstance(leaf, int):
        place[path[-1]] = leaf + 1
    else:
        place[path[-1]] = ("1" if leaf[0] == "0" else "0") + leaf[1:]
    return copy


def test_a_change_of_any_value_of_a_bundle_is_refused(authorization):
    for made in (bundle(), authorization):
        for path, leaf in leaves(made):
            with pytest.raises(InputsError):
                check_bundle(changed(made, path, leaf))


def test_a_bundle_without_one_of_its_members_is_refused(authorization):
    for made in (bundle(), authorization):
        for name in made:
            with pytest.raises(InputsError):
                check_bundle({key: value for key, value in made.items() if key != name})


@pytest.mark.parametrize("name", ["witnessCommitment", "amountBindingHash"])
def test_a_bundle_whose_inputs_are_not_bound_is_refused(name):
    made = bundle()
    del made["publicInputs"][name]
    with pytest.raises(InputsError, match="not bound"):
        check_bundle(made)


def test_a_bundle_of_a_false_proof_with_right_hashes_does_not_verify():
    data = CASE.proof[:30] + b"\0" + CASE.proof[31:]
    proof = ComplianceProof(
        data,
        ves_stark.surface.compliance_proof_hash(data).hex(),
        1,
        len(data),
        CASE.limbs,
        CASE.data["witnessCommitmentHex"],
    )
    read = check_bundle(make_bundle(proof, CASE.inputs, CASE.data["payloadAmountBinding"]))
    assert not read.verify()


def test_only_an_object_with_the_three_marks_is_a_bundle():
    assert is_bundle(bundle())
    assert not is_bundle({"bundleHash": 1})
    assert not is_bundle([])


@pytest.mark.parametrize("value", [None, [], {}, {"publicInputs": 1}])
def test_what_is_no_bundle_is_refused(value):
    with pytest.raises(InputsError):
        check_bundle(value)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "nan", '{"a":'])
def test_text_that_is_no_json_is_refused(text):
    with pytest.raises(InputsError):
        parse_json(text, "test")


@pytest.mark.parametrize("text", ["A", "AA==A", "AB==", "A A=", "-_8=", None, 5, "é"])
def test_base64_in_another_spelling_is_refused(text):
    with pytest.raises(InputsError):
        decode_base64(text, "test")
