"""Sequencer receipts (VES 11): their wire form and their offline check."""

from __future__ import annotations

from uuid import UUID

import msgspec

from ves import ed25519, json_decode
from ves.codec import I64_MAX, parse_hex
from ves.digests import SIGNATURE_BYTES, receipt_hash
from ves.errors import ProtocolError


class Receipt(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One receipt on the wire. Hex is bare and lower-case, times are RFC 3339 text."""

    sequencer_id: UUID
    event_id: UUID
    sequence_number: int
    sequenced_at: str
    receipt_hash: str
    signature_alg: str
    sequencer_signature: str
    sequencer_key_version: int
    receipt_signature_scheme: int = 0
    receipt_signature_bundle: dict[str, list[int]] | None = None


def decode_receipt(raw: bytes) -> Receipt:
    """A receipt from its JSON text. Raises ProtocolError("invalid_receipt")."""
    try:
        return json_decode.decode(raw, type=Receipt)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError("invalid_receipt", f"not a receipt: {error}") from None


def verify_receipt(
    receipt: Receipt, tenant_id: UUID, store_id: UUID, signing_hash: bytes, public_key: bytes | None
) -> list[str]:
    """Return the findings about a receipt as messages; an empty list means that it is valid.

    `signing_hash` is the hash of the event as the client sent it. Without a `public_key` only an unsigned
    receipt can be valid.
    """
    findings = []
    if not 1 <= receipt.sequence_number <= I64_MAX:
        return ["sequence number is out of range"]
    expected = receipt_hash(tenant_id, store_id, receipt.event_id, receipt.sequence_number, signing_hash)
    if receipt.receipt_hash != expected.hex():
        findings.append("receipt hash does not match the event")
    if public_key is None:
        if receipt.signature_alg != "none" or receipt.sequencer_signature:
            findings.append("receipt is signed, but no public key was given")
        return findings
    try:
        signature = parse_hex(receipt.sequencer_signature, SIGNATURE_BYTES)
    except ProtocolError:
        signature = b""
    if signature.hex() != receipt.sequencer_signature or not signature:
        return [*findings, "signature is missing or malformed"]
    if receipt.signature_alg != "ed25519":
        findings.append("signature algorithm is not ed25519")
    if not ed25519.verify(public_key, expected, signature):
        findings.append("signature does not verify")
    return findings
