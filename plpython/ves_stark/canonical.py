"""JCS of the STARK side: 64-bit integers keep all digits (STARK 19, 11).

The sequencer's JCS (`ves.canonical`) writes the nearest double instead. The two agree up to 2^53; the
policy hash always uses the sequencer form, because the sequencer compares it.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import orjson

from ves import domains
from ves.canonical import jcs_value
from ves.errors import ProtocolError
from ves_stark.errors import InputsError

BINDING_DOMAIN = b"STATESET_VES_PAYLOAD_AMOUNT_BINDING_HASH_V1"
BUNDLE_DOMAIN = b"STATESET_VES_COMPLIANCE_PROOF_BUNDLE_HASH_V1"
AUTHORIZATION_BUNDLE_DOMAIN = b"STATESET_VES_AGENT_AUTHORIZATION_PROOF_BUNDLE_HASH_V1"
RECEIPT_DOMAIN = b"STATESET_VES_COMMERCE_AUTHORIZATION_RECEIPT_HASH_V1"
_MAX_DEPTH = 127
_MAX_EXACT = 2**53
_U64_END = 2**64


def _keep_digits(value: Any, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise InputsError("malformed_json", "nested too deeply")
    if isinstance(value, dict):
        return {key: _keep_digits(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_keep_digits(item, depth + 1) for item in value]
    if type(value) is int and _MAX_EXACT <= value < _U64_END:
        return orjson.Fragment(str(value))
    return value


def _canonical(write: Callable[[Any], bytes], value: Any) -> bytes:
    try:
        return write(value)
    except ProtocolError as error:
        raise InputsError(error.reason, error.message) from None


def exact_jcs(value: Any) -> bytes:
    """JCS with exact 64-bit integers. Raises InputsError for a value that is not JSON."""
    return _canonical(jcs_value, _keep_digits(value, 1))


def exact_hash(value: Any, domain: bytes = b"") -> str:
    """SHA-256 of `domain` and the exact JCS of `value`, lower-case hex."""
    return sha256(domain + exact_jcs(value)).hexdigest()


def compute_policy_hash(policy_id: str, policy_params: dict[str, Any]) -> str:
    """Policy hash (STARK 2, VES 13), lower-case hex, over the sequencer form of JCS. Raises InputsError."""
    policy = {"policyId": policy_id, "policyParams": policy_params}
    return sha256(domains.COMPLIANCE_POLICY + _canonical(jcs_value, policy)).hexdigest()
