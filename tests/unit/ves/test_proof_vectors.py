"""Policies, proof hashes and public inputs against policy_and_proofs.json (VES 12, 13)."""

from __future__ import annotations

import json
from hashlib import sha256
from uuid import UUID

import pytest

from tests.unit.ves.vectors import load, unhex
from ves import canonical, digests, proofs
from ves.errors import ProtocolError

VECTORS = load("policy_and_proofs")


def snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def arguments(members: dict) -> dict:
    """Members of a public-inputs object as the library's arguments."""
    return {snake(name): parsed(name, value) for name, value in members.items()}


def parsed(name, value):
    if name in ("batchId", "eventId", "tenantId", "storeId"):
        return UUID(value)
    return unhex(value) if name.endswith(("Hash", "Root")) else value


@pytest.mark.parametrize("policy", VECTORS["policies"], ids=lambda policy: policy["policy_id"])
def test_a_policy_has_the_hashes_of_the_vector(policy):
    params = policy["policy_params_json_text"].encode()
    name = policy["policy_id"]
    assert digests.policy_preimage(name, params).decode() == policy["policy_preimage_json"]
    assert digests.policy_hash(name, params).hex() == policy["policy_hash"]
    inputs_text = policy["public_inputs_json_text"].encode()
    assert sha256(canonical.plain(inputs_text)).hexdigest() == policy["public_inputs_hash"]
    inputs = proofs.compliance_inputs(**arguments(json.loads(inputs_text)))
    assert len(inputs) == 11
    assert digests.public_inputs_hash(inputs).hex() == policy["public_inputs_hash"]


def test_proof_hashes_are_those_of_the_vector():
    hashes = VECTORS["proof_hashes"]
    proof = unhex(hashes["proof_hex"])
    assert digests.validity_proof_hash(proof).hex() == hashes["validity_proof_hash"]
    assert digests.compliance_proof_hash(proof).hex() == hashes["compliance_proof_hash"]


def test_validity_inputs_have_the_hash_of_the_vector():
    """The text itself is made in SQL: tests/sql/vectors."""
    vector = VECTORS["validity_public_inputs"]
    text = vector["json_text"].encode()
    assert canonical.plain(text) == text
    assert proofs.inputs_hash(text).hex() == vector["hash"]


def test_a_witness_commitment_is_that_of_the_vector():
    vector = VECTORS["witness_commitment"]
    limbs = [int(limb) for limb in vector["limbs"]]
    assert proofs.witness_commitment(limbs).hex() == vector["hex"]
    assert proofs.witness_limbs(unhex(vector["hex"])) == limbs


@pytest.mark.parametrize("limbs", [[1, 2, 3], [0, 0, 0, 2**64], [0, 0, 0, -1]])
def test_a_witness_commitment_has_four_64_bit_limbs(limbs):
    with pytest.raises(ProtocolError):
        proofs.witness_commitment(limbs)
    with pytest.raises(ProtocolError):
        proofs.witness_limbs(bytes(31))
