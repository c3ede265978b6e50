"""Public inputs, policies and amount bindings at the border (STARK 2, 4, 5)."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.unit.ves_stark.vectors import case, fresh_inputs, load
from ves.digests import policy_hash
from ves_stark import (
    CompliancePublicInputs,
    InputsError,
    Policy,
    StarkError,
    binding,
    compute_policy_hash,
    create_payload_amount_binding,
)
from ves_stark.canonical import exact_hash, exact_jcs
from ves_stark.inputs import commitment_hex, commitment_limbs, limbs_of

DATA = load("proof_aml_default")
DIGEST = "ab" * 32


def test_the_policy_hash_is_the_sequencers():
    assert compute_policy_hash("aml.threshold", {"threshold": 10000}) == (
        "04aa19afe6730e638a8924acdd9040f68f9a70487b988b5984dc031adde95be5"
    )
    for params, raw in (
        ({"cap": 2**64 - 1}, b'{"cap":18446744073709551615}'),
        ({"b": [1.0, None], "a": "\u20ac"}, '{"b":[1.0,null],"a":"\u20ac"}'.encode()),
    ):
        assert compute_policy_hash("x", params) == policy_hash("x", raw).hex()


def test_the_stark_side_keeps_all_digits_of_64_bits():
    value = {"a": [2**64 - 1, 2**53 + 1, -3], "b": {"c": 2**53 - 1}}
    assert exact_jcs(value) == b'{"a":[18446744073709551615,9007199254740993,-3],"b":{"c":9007199254740991}}'
    assert len(exact_hash(value)) == 64


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [float("nan"), b"", {1: 2}, "\ud800", {"a": {"\ud800": 1}}, nested(5000)])
def test_what_is_not_json_is_refused(value):
    for params in (value, {"threshold": 1, "extra": value}):
        with pytest.raises(StarkError):
            compute_policy_hash("aml.threshold", params)
        with pytest.raises(StarkError):
            exact_jcs(params)


@pytest.mark.parametrize(
    ("policy", "allowed", "forbidden"),
    [
        (Policy.aml_threshold(10), 9, 10),
        (Policy.order_total_cap(10), 10, 11),
        (Policy.agent_authorization(10, DIGEST), 10, 11),
        (Policy.agent_budget(10), 10, 11),
    ],
)
def test_a_policy_allows_amounts_up_to_its_effective_limit(policy, allowed, forbidden):
    assert policy.allows(allowed)
    assert not policy.allows(forbidden)
    assert policy.effective_limit == allowed
    assert Policy.of(policy.policy_id, policy.params | {"more": 1}) == policy


def test_no_amount_is_below_a_threshold_of_zero():
    assert not Policy.aml_threshold(0).allows(0)
    with pytest.raises(InputsError):
        assert Policy.aml_threshold(0).effective_limit


def test_an_intent_hash_is_normalized():
    assert Policy.agent_authorization(1, f"  0X{'AB' * 32} ").intent_hash == DIGEST
    for wrong in ("", "ab" * 31, "zz" * 32, "\u017f" * 64, 5, None):
        with pytest.raises(InputsError):
            Policy.agent_authorization(1, wrong)


@pytest.mark.parametrize(
    ("policy_id", "params"),
    [
        ("aml.threshold", {}),
        ("aml.threshold", {"threshold": -1}),
        ("aml.threshold", {"threshold": 1.0}),
        ("aml.threshold", {"threshold": True}),
        ("aml.threshold", {"threshold": "1"}),
        ("aml.threshold", {"threshold": 2**64}),
        ("aml.threshold", {"cap": 1}),
        ("aml.threshold", []),
        ("order_total.cap", {"threshold": 1}),
        ("agent.authorization.v1", {"maxTotal": 1}),
        ("agent.authorization.v1", {"maxTotal": 1, "intentHash": 7}),
        ("agent.budget.v1", {"budget": 1}),
        ("agent.budget.v2", {"budgetLimit": 1}),
    ],
)
def test_a_policy_that_is_not_covered_is_refused(policy_id, params):
    with pytest.raises(InputsError):
        Policy.of(policy_id, params)


def test_a_limit_is_portable_when_both_canonical_forms_agree():
    assert all(Policy.order_total_cap(limit).is_portable for limit in (0, 10_000, 2**52, 2**53))
    assert not any(Policy.order_total_cap(limit).is_portable for limit in (2**53 + 1, 2**60, 2**64 - 1))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event_id", "d5f2c333"),
        ("tenant_id", ""),
        ("store_id", 7),
        ("sequence_number", -1),
        ("sequence_number", 2**64),
        ("sequence_number", "1"),
        ("payload_kind", 2**32),
        ("payload_kind", True),
        ("payload_plain_hash", "AB" * 32),
        ("payload_cipher_hash", "0x" + "ab" * 31),
        ("event_signing_hash", None),
        ("policy_hash", "ab" * 33),
        ("policy_id", 1),
        ("policy_id", "\ud800"),
        ("policy_params", None),
        ("witness_commitment", "xy"),
        ("authorization_receipt_hash", DIGEST.upper()),
        ("amount_binding_hash", ""),
    ],
)
def test_a_malformed_input_is_refused(name, value):
    inputs = fresh_inputs()
    setattr(inputs, name, value)
    with pytest.raises(InputsError):
        inputs.check()


@pytest.mark.parametrize("name", sorted(DATA["publicInputs"]))
def test_a_missing_input_is_refused(name):
    without = {key: value for key, value in DATA["publicInputs"].items() if key != name}
    with pytest.raises(InputsError, match="missing"):
        CompliancePublicInputs.from_json(without)


@pytest.mark.parametrize("value", [None, [], "x", 5])
def test_inputs_that_are_no_object_are_refused(value):
    with pytest.raises(InputsError):
        CompliancePublicInputs.from_json(value)


def test_json_with_unknown_and_null_members_is_read():
    value = DATA["publicInputs"] | {"later": 1, "witnessCommitment": None}
    assert CompliancePublicInputs.from_json(value) == case("aml_default").inputs


def test_uuids_are_written_in_lower_case_with_hyphens():
    inputs = fresh_inputs()
    inputs.event_id = inputs.event_id.replace("-", "").upper()
    assert inputs.to_json() == DATA["publicInputs"]
    inputs.event_id = UUID(inputs.event_id)
    assert inputs.to_json() == DATA["publicInputs"]


def test_a_commitment_has_four_limbs_of_64_bits():
    assert commitment_limbs(DATA["witnessCommitmentHex"]) == tuple(case("aml_default").limbs)
    assert commitment_hex(case("aml_default").limbs) == DATA["witnessCommitmentHex"]
    for wrong in ([1, 2, 3], [1] * 5, [1, 2, 3, 2**64], [1, 2, 3, -1], [1, 2, 3, "4"], None, 4, "abcd"):
        with pytest.raises(InputsError):
            limbs_of(wrong)


def test_a_second_commitment_is_not_bound():
    inputs = fresh_inputs().bind_commitment([1, 2, 3, 4])
    assert inputs.bind_commitment([1, 2, 3, 4]) == inputs
    with pytest.raises(InputsError, match="Failed to bind witness commitment"):
        inputs.bind_commitment([1, 2, 3, 5])


def test_a_bound_hash_needs_a_commitment():
    with pytest.raises(InputsError):
        fresh_inputs().hash_bound()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eventId", DATA["publicInputs"]["tenantId"]),
        ("sequenceNumber", 43),
        ("payloadKind", 0),
        ("payloadPlainHash", DIGEST),
        ("payloadCipherHash", DIGEST),
        ("eventSigningHash", DIGEST),
        ("amount", 4999),
        ("bindingHash", DIGEST),
    ],
)
def test_a_binding_with_a_changed_member_is_refused(name, value):
    changed = DATA["payloadAmountBinding"] | {name: value}
    with pytest.raises(InputsError, match="hash of the binding"):
        binding.bind_amount(fresh_inputs(), changed)


@pytest.mark.parametrize("name", sorted(DATA["payloadAmountBinding"]))
def test_a_binding_without_a_member_is_refused(name):
    without = {key: value for key, value in DATA["payloadAmountBinding"].items() if key != name}
    with pytest.raises(InputsError, match="missing"):
        binding.bind_amount(fresh_inputs(), without)


def test_the_binding_of_another_event_is_refused():
    for name in ("event_id", "sequence_number", "event_signing_hash"):
        other = fresh_inputs()
        setattr(other, name, {"event_id": other.tenant_id, "sequence_number": 7}.get(name, DIGEST))
        with pytest.raises(InputsError, match="another"):
            binding.bind_amount(fresh_inputs(), create_payload_amount_binding(other, 5000))


def test_a_binding_with_prefixed_hex_is_normalized():
    told = DATA["payloadAmountBinding"]
    loud = told | {name: f"0X{told[name].upper()}" for name in ("payloadPlainHash", "bindingHash")}
    assert binding.normalize(loud) == told


def test_a_binding_must_agree_with_what_the_inputs_hold():
    inputs = fresh_inputs()
    inputs.amount_binding_hash = DIGEST
    with pytest.raises(InputsError, match="another binding"):
        binding.bind_amount(inputs, DATA["payloadAmountBinding"])
    inputs = fresh_inputs().bind_commitment(case("cap_secure").limbs)
    with pytest.raises(InputsError, match="not the committed one"):
        binding.bind_amount(inputs, DATA["payloadAmountBinding"])


def test_an_amount_outside_64_bits_has_no_binding():
    for amount in (-1, 2**64, 1.0, True, None):
        with pytest.raises(InputsError):
            create_payload_amount_binding(fresh_inputs(), amount)
