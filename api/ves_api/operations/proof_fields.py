"""Members that submissions of compliance and validity proofs share (VES 12, 13)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import msgspec

from ves.canonical import plain
from ves.codec import U32_MAX, U64_MAX, parse_hex, trim
from ves.errors import ProtocolError
from ves.proofs import witness_commitment
from ves_api.operations.fields import invalid
from ves_stark.registry import is_stark

# An optional JSON member: null means that it is absent (http-api 1.5).
ABSENT = msgspec.Raw(b"null")
MAX_PROOF_BYTES = 2_097_152
# Parameters are hashed in their compact form in the event loop, and so are public inputs, which hold them.
PARAMS_BYTES = 32_768
_INPUTS_BYTES = 131_072
_MAX_TYPE_BYTES = 32
_MAX_POLICY_BYTES = 64
_STARK_VERSION = 2
_I32_MAX = 2**31 - 1
_LIMBS = 4
_HASH_BYTES = 32


ProofVersion = Annotated[int, msgspec.Meta(ge=0, le=U32_MAX)]
Limbs = Annotated[
    list[Annotated[int, msgspec.Meta(ge=0)]], msgspec.Meta(min_length=_LIMBS, max_length=_LIMBS)
]


class Sent(NamedTuple):
    """A proof as checked: trimmed type, version, bytes."""

    proof_type: str
    proof_version: int
    proof: bytes


def trimmed(text: str, field: str, limit: int) -> str:
    """Text without white space at its ends, 1 to `limit` bytes. Raises invalid_field."""
    result = trim(text)
    if "\x00" in result or not 1 <= len(result.encode("utf-8", "surrogatepass")) <= limit:
        raise invalid(field, f"must have 1 to {limit} bytes")
    return result


def policy_name(text: str) -> str:
    """A policy id. Raises invalid_field."""
    return trimmed(text, "policyId", _MAX_POLICY_BYTES)


def checked_proof(proof_type: str, proof_version: int, proof_b64: str) -> Sent:
    """The members that every submission has. Raises invalid_field."""
    kind = trimmed(proof_type, "proofType", _MAX_TYPE_BYTES)
    if not 1 <= proof_version <= _I32_MAX:
        raise invalid("proofVersion", f"must be from 1 to {_I32_MAX}")
    if is_stark(kind) and proof_version != _STARK_VERSION:
        raise invalid("proofVersion", f"must be {_STARK_VERSION} for a STARK proof")
    return Sent(kind, proof_version, _proof_bytes(proof_b64))


def _proof_bytes(text: str) -> bytes:
    """Bytes of base64 in either alphabet, padded or not."""
    body = trim(text)
    if len(body) > MAX_PROOF_BYTES * 2:
        raise invalid("proofB64", f"must hold 1 to {MAX_PROOF_BYTES} bytes")
    url_safe = "-" in body or "_" in body
    digits = body.rstrip("=")
    padding = "=" * (-len(digits) % 4)
    if body in (digits, digits + padding):
        try:
            data = b64decode(digits + padding, altchars=b"-_" if url_safe else None, validate=True)
        except ValueError:
            data = None
        # Writing it again finds trailing bits that are not zero and a mixture of alphabets.
        if data is not None and b64encode(data, b"-_" if url_safe else None).decode() == digits + padding:
            if 1 <= len(data) <= MAX_PROOF_BYTES:
                return data
            raise invalid("proofB64", f"must hold 1 to {MAX_PROOF_BYTES} bytes")
    raise invalid("proofB64", "is not base64")


def checked_witness(sent: str | Sequence[int] | None) -> bytes | None:
    """The 32 bytes of a witness commitment in either form (VES 13). Raises invalid_field."""
    if sent is None:
        return None
    try:
        if isinstance(sent, str):
            digits = trim(sent).removeprefix("0x")
            if digits != digits.lower():
                raise invalid("witnessCommitment", "must be lower-case hex")
            return parse_hex(digits, _HASH_BYTES)
        if len(sent) == _LIMBS and all(0 <= limb <= U64_MAX for limb in sent):
            return witness_commitment(list(sent))
    except ProtocolError:
        pass
    raise invalid("witnessCommitment", "must be 64 lower-case hex digits or four 64-bit numbers")


def require_same_inputs(sent: msgspec.Raw, canonical: bytes) -> None:
    """Raise invalid_field unless the public inputs that came along are the canonical ones; `1.0` is not `1`."""
    text = bytes(sent)
    if text == bytes(ABSENT):
        return
    try:
        same = len(text) <= _INPUTS_BYTES and plain(text) == plain(canonical)
    except ProtocolError:
        same = False
    if not same:
        raise invalid("publicInputs", "are not the canonical public inputs")
