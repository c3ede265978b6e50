"""The payload amount binding: a cleartext amount bound to an event by a hash (STARK 4).

It is a convention outside the statement: the constraints do not cover it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ves_stark import fields
from ves_stark.canonical import BINDING_DOMAIN, exact_hash
from ves_stark.errors import InputsError
from ves_stark.inputs import CompliancePublicInputs, commitment_hex
from ves_stark.rescue import commitment

_IDS = ("eventId", "tenantId", "storeId")
_HASHES = ("payloadPlainHash", "payloadCipherHash", "eventSigningHash")
_EVENT = (*_IDS, "sequenceNumber", "payloadKind", *_HASHES)


def _hash(binding: dict[str, Any]) -> str:
    return exact_hash(
        {name: value for name, value in binding.items() if name != "bindingHash"}, BINDING_DOMAIN
    )


def create_payload_amount_binding(public_inputs: CompliancePublicInputs, amount: int) -> dict[str, Any]:
    """The binding of `amount` (u64) to the event of the inputs. Raises InputsError."""
    public_inputs.check()
    event = public_inputs.to_json()
    binding = {name: event[name] for name in _EVENT} | {"amount": fields.unsigned(amount, "amount")}
    return binding | {"bindingHash": _hash(binding)}


def normalize(value: Any) -> dict[str, Any]:
    """A binding with its hex normalized and its hash checked. Raises InputsError."""
    binding: dict[str, Any] = {name: str(fields.uuid(fields.member(value, name), name)) for name in _IDS}
    binding["sequenceNumber"] = fields.unsigned(fields.member(value, "sequenceNumber"), "sequenceNumber")
    kind = fields.member(value, "payloadKind")
    binding["payloadKind"] = fields.unsigned(kind, "payloadKind", fields.U32_END)
    for name in _HASHES:
        binding[name] = fields.normal_hex64(fields.member(value, name), name)
    binding["amount"] = fields.unsigned(fields.member(value, "amount"), "amount")
    digest = fields.normal_hex64(fields.member(value, "bindingHash"), "bindingHash")
    if digest != _hash(binding):
        raise InputsError("amount_binding_mismatch", "bindingHash is not the hash of the binding")
    return binding | {"bindingHash": digest}


def bind_amount(inputs: CompliancePublicInputs, value: Any) -> CompliancePublicInputs:
    """A copy of the inputs bound to the amount and the hash of the binding `value`.

    Raises InputsError when the binding belongs to another event or contradicts the inputs.
    """
    binding = normalize(value)
    inputs.check()
    event = inputs.to_json()
    for name in _EVENT:
        if binding[name] != event[name]:
            raise InputsError("amount_binding_mismatch", f"the amount binding has another {name}")
    if inputs.amount_binding_hash not in {None, binding["bindingHash"]}:
        raise InputsError("amount_binding_mismatch", "amountBindingHash is another binding's")
    if inputs.witness_commitment not in {None, commitment_hex(commitment(binding["amount"]))}:
        raise InputsError("commitment_mismatch", "the bound amount is not the committed one")
    bound = inputs.bind_commitment(commitment(binding["amount"]))
    return replace(bound, amount_binding_hash=binding["bindingHash"])
