"""Authorization receipts of delegated purchases, which bind ``agent.authorization.v1`` proofs (STARK 17)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Any

from ves_stark import fields
from ves_stark.binding import bind_amount
from ves_stark.canonical import RECEIPT_DOMAIN, exact_hash
from ves_stark.errors import InputsError
from ves_stark.inputs import CompliancePublicInputs
from ves_stark.policy import AGENT_AUTHORIZATION

_IDS = ("intentId", "tenantId", "storeId", "agentId", "delegationId", "eventId")
_POSITIVE = ("amount", "expiresAt", "executedAt")
_TEXTS = ("merchant", "payee")
_LISTS = ("skuIds", "categoryIds")
_ORDER = (
    "intentId", "tenantId", "storeId", "agentId", "delegationId", "nonce", "expiresAt", "eventId",
    "sequenceNumber", "currency", "amount", "merchant", "payee", "skuIds", "categoryIds",
    "shippingCountry", "executedAt", "intentHash", "receiptHash",
)  # fmt: skip


def _invalid(name: str, reason: str) -> InputsError:
    return InputsError("invalid_receipt", f"receipt {name} {reason}")


def _line(value: Any, name: str) -> str:
    line = fields.text(value, name).strip()
    if not line or any(unicodedata.category(letter) == "Cc" for letter in line):
        raise _invalid(name, "must be text without control characters")
    return line


def _code(value: Any, name: str, letters: int) -> str:
    code = fields.text(value, name).strip()
    if re.fullmatch(f"[A-Za-z]{{{letters}}}", code) is None:
        raise _invalid(name, f"must be {letters} ASCII letters")
    return code.upper()


def _lines(value: Any, name: str) -> list[str]:
    if not isinstance(value, list):
        raise _invalid(name, "must be an array")
    return sorted({_line(item, name) for item in value})


def _payload(value: Any) -> dict[str, Any]:
    payload: dict[str, Any] = {name: str(fields.uuid(fields.member(value, name), name)) for name in _IDS}
    for name in (*_POSITIVE, "sequenceNumber"):
        payload[name] = fields.unsigned(fields.member(value, name), name)
    for name in _POSITIVE:
        if payload[name] == 0:
            raise _invalid(name, "must be greater than zero")
    for name in ("nonce", "intentHash"):
        payload[name] = fields.normal_hex64(fields.member(value, name), name)
    for name in _TEXTS:
        payload[name] = _line(fields.member(value, name), name)
    for name in _LISTS:
        payload[name] = _lines(value.get(name, []), name)
    payload["currency"] = _code(fields.member(value, "currency"), "currency", 3)
    country = value.get("shippingCountry")
    payload["shippingCountry"] = None if country is None else _code(country, "shippingCountry", 2)
    return payload


def receipt_hash(value: Any) -> str:
    """Hash of a receipt's content, lower-case hex. Raises InputsError."""
    return exact_hash(_payload(value), RECEIPT_DOMAIN)


def normalize(value: Any) -> dict[str, Any]:
    """A receipt in normal form, its hash checked; empty lists and an absent country are left out."""
    payload = _payload(value)
    digest = fields.normal_hex64(fields.member(value, "receiptHash"), "receiptHash")
    if digest != exact_hash(payload, RECEIPT_DOMAIN):
        raise _invalid("receiptHash", "is not the hash of the receipt")
    payload["receiptHash"] = digest
    return {name: payload[name] for name in _ORDER if payload[name] not in ([], None)}


def bind_receipt(inputs: CompliancePublicInputs, binding: Any, value: Any) -> CompliancePublicInputs:
    """A copy of the inputs bound to an amount binding and an authorization receipt.

    Raises InputsError unless receipt, binding, policy and event agree in every field that they share.
    """
    receipt = normalize(value)
    bound = bind_amount(inputs, binding)
    policy = inputs.policy()
    if policy.policy_id != AGENT_AUTHORIZATION or receipt["intentHash"] != policy.intent_hash:
        raise _invalid("intentHash", "is not the policy's")
    if not policy.allows(receipt["amount"]):
        raise _invalid("amount", "exceeds the policy's maxTotal")
    event = inputs.to_json()
    for name in ("eventId", "tenantId", "storeId", "sequenceNumber"):
        if receipt[name] != event[name]:
            raise _invalid(name, "is not the event's")
    if receipt["amount"] != fields.member(binding, "amount"):
        raise _invalid("amount", "is not the bound amount")
    if inputs.authorization_receipt_hash not in {None, receipt["receiptHash"]}:
        raise _invalid("receiptHash", "is not the one in the public inputs")
    return replace(bound, authorization_receipt_hash=receipt["receiptHash"])
