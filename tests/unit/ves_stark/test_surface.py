"""The functions of the module: names, errors and verdicts of the original's bindings (STARK 17)."""

from __future__ import annotations

import subprocess
import sys
from itertools import count

import pytest

import ves_stark
from tests.unit.ves_stark import receipts
from tests.unit.ves_stark.vectors import case, fresh_inputs
from ves_stark import InputsError, Policy, ProvingError, compute_policy_hash
from ves_stark.field import P
from ves_stark.receipt import normalize

CASE = case("aml_default")
INPUTS, LIMBS, PROOF = CASE.inputs, CASE.limbs, CASE.proof
POLICY = Policy.aml_threshold(10_000)


def inputs_under(policy):
    inputs = fresh_inputs()
    inputs.policy_id, inputs.policy_params = policy.policy_id, policy.params
    inputs.policy_hash = compute_policy_hash(policy.policy_id, policy.params)
    return inputs


def test_the_errors_are_those_of_the_reference_bindings():
    assert issubclass(ves_stark.InputsError, ValueError)
    assert issubclass(ves_stark.MalformedProofError, ValueError)
    assert issubclass(ves_stark.UnacceptedOptionsError, ValueError)
    assert issubclass(ves_stark.ProvingError, RuntimeError)
    assert all(
        issubclass(getattr(ves_stark, name), ves_stark.StarkError)
        for name in ves_stark.__all__
        if name.endswith("Error")
    )


def test_a_policy_tells_its_id_and_limit():
    assert (POLICY.policy_id, POLICY.limit) == ("aml.threshold", 10_000)
    assert repr(POLICY) == "Policy(aml.threshold, limit=10000)"


def test_an_amount_that_violates_the_policy_is_not_proved():
    for amount in (10_000, 2**64 - 1):
        with pytest.raises(ProvingError, match=r"must be < limit \(10000\) for aml.threshold") as caught:
            ves_stark.prove(amount, INPUTS, POLICY)
        assert caught.value.reason == "amount_violates_policy"
    with pytest.raises(ProvingError):
        ves_stark.prove(0, inputs_under(Policy.aml_threshold(0)), Policy.aml_threshold(0))


def test_a_policy_that_is_not_the_inputs_is_not_proved():
    for other in (Policy.aml_threshold(9_999), Policy.order_total_cap(10_000)):
        with pytest.raises(ProvingError) as caught:
            ves_stark.prove(5, INPUTS, other)
        assert caught.value.reason == "policy_mismatch"


def test_a_wrong_policy_hash_is_not_proved():
    inputs = fresh_inputs()
    inputs.policy_hash = "ab" * 32
    with pytest.raises(ProvingError) as caught:
        ves_stark.prove(5, inputs, POLICY)
    assert caught.value.reason == "policy_hash_mismatch"


def test_an_unknown_policy_is_not_proved():
    inputs = fresh_inputs()
    inputs.policy_id = "other"
    inputs.policy_hash = compute_policy_hash("other", inputs.policy_params)
    with pytest.raises(ProvingError, match="unsupported"):
        ves_stark.prove(5, inputs, POLICY)


def test_a_limit_with_two_canonical_forms_is_not_proved():
    policy = Policy.order_total_cap(2**53 + 1)
    with pytest.raises(ProvingError, match="canonical forms"):
        ves_stark.prove(5, inputs_under(policy), policy)


def test_a_preset_commitment_of_another_amount_is_not_proved():
    for name in ("witness_commitment", "amount_binding_hash"):
        inputs = fresh_inputs()
        setattr(inputs, name, "00" * 32)
        with pytest.raises(ProvingError):
            ves_stark.prove(5, inputs, POLICY)


def test_malformed_arguments_of_prove_are_value_errors():
    inputs = fresh_inputs()
    inputs.payload_plain_hash = "x"
    for amount, chosen in ((-1, INPUTS), (2**64, INPUTS), ("5", INPUTS), (5, inputs)):
        with pytest.raises(InputsError):
            ves_stark.prove(amount, chosen, POLICY)


def test_the_time_of_the_work_is_told_in_milliseconds():
    ticks = count(0, 7_000_000)
    proof = ves_stark.prove(5000, INPUTS, POLICY, clock=lambda: next(ticks))
    assert proof.proving_time_ms == 7
    assert ves_stark.verify(PROOF, INPUTS, LIMBS, clock=lambda: next(ticks)).verification_time_ms == 7


def test_a_false_proof_is_a_verdict_and_not_an_error():
    result = ves_stark.verify(PROOF[:30] + b"\0" + PROOF[31:], INPUTS, LIMBS)
    assert not result
    assert not result.valid
    assert result.error
    assert result.policy_limit == 10_000


def test_bytes_that_are_no_proof_are_a_value_error():
    for data in (b"", PROOF[:-1], PROOF + b"\0"):
        with pytest.raises(ves_stark.MalformedProofError):
            ves_stark.verify(data, INPUTS, LIMBS)


def test_a_commitment_that_differs_from_the_inputs_is_a_value_error():
    inputs = fresh_inputs().bind_commitment(LIMBS)
    assert ves_stark.verify(PROOF, inputs, LIMBS)
    with pytest.raises(ValueError, match="Failed to bind witness commitment"):
        ves_stark.verify(PROOF, inputs, [*LIMBS[:3], 1])


def test_an_alias_of_a_commitment_is_a_value_error():
    """A limb c below 2^32 - 1 could also be written c + P; ours has one name for each value."""
    with pytest.raises(InputsError, match="not canonical"):
        ves_stark.verify(PROOF, INPUTS, [*LIMBS[:3], P])


def test_a_wrong_policy_hash_is_a_value_error():
    inputs = fresh_inputs()
    inputs.policy_hash = "ab" * 32
    with pytest.raises(InputsError, match="policyHash"):
        ves_stark.verify(PROOF, inputs, LIMBS)


def test_an_effective_limit_that_does_not_exist_is_a_value_error():
    with pytest.raises(InputsError):
        ves_stark.verify(PROOF, inputs_under(Policy.aml_threshold(0)), LIMBS)


@pytest.mark.parametrize(
    "name",
    [
        "event_id",
        "tenant_id",
        "store_id",
        "sequence_number",
        "payload_kind",
        "payload_plain_hash",
        "payload_cipher_hash",
        "event_signing_hash",
    ],
)
def test_a_proof_is_bound_to_every_element_of_its_event(name):
    inputs = fresh_inputs()
    old = getattr(inputs, name)
    setattr(
        inputs,
        name,
        old + 1 if isinstance(old, int) else old.replace(old[0], "1" if old[0] == "0" else "0", 1),
    )
    assert not ves_stark.verify(PROOF, inputs, LIMBS)


def test_a_proof_for_one_limit_is_none_for_another():
    for policy in (Policy.aml_threshold(10_001), Policy.order_total_cap(9_999)):
        assert not ves_stark.verify(PROOF, inputs_under(policy), LIMBS)


def test_a_proof_is_not_bound_to_the_optional_members():
    inputs = fresh_inputs()
    inputs.authorization_receipt_hash = inputs.amount_binding_hash = "ab" * 32
    assert ves_stark.verify(PROOF, inputs, LIMBS)


def test_the_binding_of_another_amount_is_refused():
    wrong = ves_stark.create_payload_amount_binding(INPUTS, 4999)
    assert not ves_stark.verify_with_amount_binding(PROOF, INPUTS, wrong)
    with pytest.raises(InputsError):
        ves_stark.verify_with_amount_binding(PROOF, fresh_inputs("cap_secure"), wrong)


@pytest.fixture(scope="module")
def authorized():
    inputs, receipt = receipts.inputs(), receipts.receipt()
    return ves_stark.prove(receipt["amount"], inputs, inputs.policy()), receipt


def test_an_authorization_is_verified_against_its_receipt(authorized):
    proof, receipt = authorized
    inputs = receipts.inputs()
    data, limbs = proof.proof_bytes, proof.witness_commitment
    binding = ves_stark.create_payload_amount_binding(inputs, receipt["amount"])
    assert ves_stark.verify_agent_authorization(data, inputs, limbs, receipt)
    assert ves_stark.verify_agent_authorization_with_amount_binding(data, inputs, binding, receipt)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 12_499},
        {"amount": 25_001},
        {"eventId": receipts.inputs().tenant_id},
        {"tenantId": receipts.inputs().store_id},
        {"storeId": receipts.inputs().tenant_id},
        {"sequenceNumber": 43},
        {"intentHash": "00" * 32},
    ],
)
def test_another_receipt_is_refused(authorized, changes):
    proof, inputs = authorized[0], receipts.inputs()
    other = receipts.receipt(**changes)
    with pytest.raises(InputsError):
        ves_stark.verify_agent_authorization(proof.proof_bytes, inputs, proof.witness_commitment, other)
    binding = ves_stark.create_payload_amount_binding(inputs, 12_500)
    with pytest.raises(InputsError):
        ves_stark.verify_agent_authorization_with_amount_binding(proof.proof_bytes, inputs, binding, other)


def test_a_receipt_needs_an_authorization_policy(authorized):
    proof, receipt = authorized
    event = receipts.inputs()
    inputs = inputs_under(Policy.order_total_cap(receipts.MAX_TOTAL))
    for name in ("event_id", "tenant_id", "store_id", "sequence_number"):
        setattr(inputs, name, getattr(event, name))
    with pytest.raises(InputsError, match="intentHash"):
        ves_stark.verify_agent_authorization(proof.proof_bytes, inputs, proof.witness_commitment, receipt)


def test_a_receipt_must_be_the_one_in_the_inputs(authorized):
    proof, receipt = authorized
    inputs = receipts.inputs(authorization_receipt_hash=receipt["receiptHash"])
    assert ves_stark.verify_agent_authorization(proof.proof_bytes, inputs, proof.witness_commitment, receipt)
    inputs.authorization_receipt_hash = "00" * 32
    with pytest.raises(InputsError, match="public inputs"):
        ves_stark.verify_agent_authorization(proof.proof_bytes, inputs, proof.witness_commitment, receipt)


def test_a_receipt_is_hashed_in_normal_form():
    loud = receipts.receipt(
        currency=" usd ", merchant=" Acme Market", skuIds=["sku-b", "sku-a", "sku-b"], shippingCountry="us",
        nonce=f"0x{'01' * 32}", intentHash=receipts.INTENT.upper(),
    )  # fmt: skip
    assert loud["receiptHash"] == receipts.receipt()["receiptHash"]
    assert normalize(loud) == normalize(receipts.receipt())


def test_an_empty_list_and_an_absent_country_are_left_out():
    bare = receipts.receipt(skuIds=[], categoryIds=[], shippingCountry=None)
    assert normalize(bare).keys().isdisjoint({"skuIds", "categoryIds", "shippingCountry"})
    assert normalize(normalize(bare)) == normalize(bare)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 0},
        {"expiresAt": 0},
        {"executedAt": -1},
        {"currency": "US"},
        {"currency": "U$D"},
        {"shippingCountry": "USA"},
        {"merchant": " "},
        {"payee": "a\nb"},
        {"skuIds": "sku"},
        {"skuIds": [""]},
        {"nonce": "01"},
        {"intentHash": None},
        {"agentId": "x"},
        {"receiptHash": "00" * 32},
    ],
)
def test_a_malformed_receipt_is_refused(changes):
    with pytest.raises(InputsError):
        normalize(receipts.receipt() | changes)


def test_verifying_needs_no_numpy():
    program = """
import sys
sys.modules["numpy"] = None
from tests.unit.ves_stark.vectors import ACCEPTED_CASES, case
import ves_stark
for name in ACCEPTED_CASES:
    proof = case(name)
    assert ves_stark.verify(proof.proof, proof.inputs, proof.limbs)
print("fine")
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )  # fmt: skip
    assert ran.stdout == "fine\n", ran.stderr
