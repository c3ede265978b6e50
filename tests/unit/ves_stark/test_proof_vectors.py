"""Proofs of the original's prover: verdicts, bytes, hashes (STARK 17)."""

from __future__ import annotations

from hashlib import sha256

import pytest

import ves_stark
from tests.unit.ves_stark.vectors import ACCEPTED_CASES, ALL_CASES, FAST_CASES, case
from ves_stark import binding, wire
from ves_stark.canonical import exact_jcs
from ves_stark.errors import UnacceptedOptionsError
from ves_stark.options import ACCEPTED, FAST, PRESETS
from ves_stark.prover.prove import prove_statement
from ves_stark.verifier import verify_proof


@pytest.mark.parametrize("name", ACCEPTED_CASES)
def test_a_proof_of_the_reference_is_valid(name):
    proof = case(name)
    assert proof.data["acceptedByDefaultVerifier"]
    result = ves_stark.verify(proof.proof, proof.inputs, proof.limbs)
    assert result.valid
    assert result.error is None
    assert (result.policy_id, result.policy_limit) == (proof.data["policyId"], int(proof.data["limit"]))
    assert ves_stark.verify_with_amount_binding(proof.proof, proof.inputs, proof.data["payloadAmountBinding"])


@pytest.mark.parametrize("name", FAST_CASES)
def test_the_fast_preset_is_accepted_only_on_request(name):
    proof = case(name)
    assert not proof.data["acceptedByDefaultVerifier"]
    with pytest.raises(UnacceptedOptionsError):
        ves_stark.verify(proof.proof, proof.inputs, proof.limbs)
    verify_proof(proof.proof, proof.statement, ACCEPTED | {FAST})


@pytest.mark.parametrize("name", ALL_CASES)
def test_our_prover_makes_the_same_bytes(name):
    proof = case(name)
    made = prove_statement(proof.amount, proof.statement, proof.options)
    assert len(made) == proof.data["proofLength"]
    assert sha256(made).hexdigest() == proof.data["proofSha256"]
    assert made == proof.proof


@pytest.mark.parametrize("name", ALL_CASES)
def test_the_options_of_a_vector_are_a_preset(name):
    assert case(name).options in PRESETS.values()
    assert wire.parse(case(name).proof).options == case(name).options


@pytest.mark.parametrize("name", ALL_CASES)
def test_the_writer_is_the_inverse_of_the_reader(name):
    assert wire.write(wire.parse(case(name).proof)) == case(name).proof


@pytest.mark.parametrize("name", ALL_CASES)
def test_public_inputs_hash_as_in_the_vector(name):
    proof, data = case(name), case(name).data
    bound = ves_stark.CompliancePublicInputs.from_json(data["boundPublicInputs"])
    assert exact_jcs(proof.inputs.to_json()).decode() == data["publicInputsJcs"]
    assert proof.inputs.hash_canonical() == proof.inputs.hash_full() == data["publicInputsHash"]
    assert list(proof.inputs.elements()) == data["publicInputElements"]
    assert bound.hash_bound() == data["boundPublicInputsHash"]
    assert bound.hash_canonical() == data["amountBoundPublicInputsHashWithoutCommitment"]
    assert bound.witness_commitment == data["witnessCommitmentHex"]


@pytest.mark.parametrize("name", ALL_CASES)
def test_the_amount_binding_is_that_of_the_vector(name):
    proof, data = case(name), case(name).data
    made = ves_stark.create_payload_amount_binding(proof.inputs, proof.amount)
    assert made == data["payloadAmountBinding"]
    assert binding.bind_amount(proof.inputs, made).to_json() == data["boundPublicInputs"]


@pytest.mark.parametrize("name", ALL_CASES)
def test_the_statement_of_the_inputs_is_that_of_the_vector(name):
    assert case(name).inputs.statement(case(name).limbs) == case(name).statement


@pytest.mark.parametrize("name", ACCEPTED_CASES)
def test_the_library_returns_the_hash_and_commitment_of_the_vector(name):
    proof = case(name)
    made = ves_stark.prove(proof.amount, proof.inputs, proof.inputs.policy(), options=proof.options)
    assert made.proof_hash == proof.data["proofHash"]
    assert made.witness_commitment == proof.limbs
    assert made.witness_commitment_hex == proof.data["witnessCommitmentHex"]
    assert made.proof_size == len(made.proof_bytes) == proof.data["proofLength"]


@pytest.mark.parametrize("name", ACCEPTED_CASES)
def test_a_proof_is_refused_for_every_other_statement(name):
    proof = case(name)
    for other in ACCEPTED_CASES:
        if other != name:
            result = ves_stark.verify(proof.proof, case(other).inputs, case(other).limbs)
            assert not result
            assert result.error
