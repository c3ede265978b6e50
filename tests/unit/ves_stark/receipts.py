"""An authorization receipt and public inputs that fit it."""

from __future__ import annotations

from ves_stark import CompliancePublicInputs, Policy, compute_policy_hash
from ves_stark.receipt import receipt_hash

INTENT = "5a" * 32
MAX_TOTAL = 25_000


def receipt(**changes):
    """A receipt for 12,500, with its hash."""
    made = {
        "intentId": "9f7f314e-80c3-45dc-af6d-11d6c1a68701",
        "tenantId": "550e8400-e29b-41d4-a716-446655440000",
        "storeId": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "agentId": "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
        "delegationId": "d9428888-122b-11e1-b85c-61cd3cbb3210",
        "nonce": "01" * 32,
        "expiresAt": 1_900_000_000,
        "eventId": "123e4567-e89b-12d3-a456-426614174000",
        "sequenceNumber": 42,
        "currency": "USD",
        "amount": 12_500,
        "merchant": "Acme Market",
        "payee": "settlement@example.test",
        "skuIds": ["sku-a", "sku-b"],
        "categoryIds": ["produce"],
        "shippingCountry": "US",
        "executedAt": 1_800_000_000,
        "intentHash": INTENT,
    } | changes
    return {"receiptHash": receipt_hash(made)} | made


def inputs(**changes):
    """Public inputs of the receipt's event under the receipt's intent."""
    event, policy = receipt(), Policy.agent_authorization(MAX_TOTAL, INTENT)
    made = CompliancePublicInputs(
        event_id=event["eventId"],
        tenant_id=event["tenantId"],
        store_id=event["storeId"],
        sequence_number=event["sequenceNumber"],
        payload_kind=1,
        payload_plain_hash="a" * 64,
        payload_cipher_hash="b" * 64,
        event_signing_hash="c" * 64,
        policy_id=policy.policy_id,
        policy_params=policy.params,
        policy_hash=compute_policy_hash(policy.policy_id, policy.params),
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made
