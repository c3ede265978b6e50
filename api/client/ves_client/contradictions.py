"""Contradictions of a sequencer: portable evidence files and their offline check (VES 11, 14).

A receipt's signature covers stream, event, number and signing hash. Two receipts that verify and cannot both be true
therefore convict the holder of the signing key. The head of an answer is not signed: a file of the kind
`head_went_back` proves only that the greater number had been given.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Literal
from uuid import UUID

import msgspec

from ves import json_decode
from ves.codec import parse_hex
from ves.digests import HASH_BYTES
from ves.errors import ProtocolError
from ves.receipts import decode_receipt
from ves_client.errors import usage

if TYPE_CHECKING:
    from pathlib import Path

    from ves.receipts import Receipt
    from ves_client.trust import Trust

Kind = Literal["number_given_twice", "receipt_changed", "head_went_back"]


class SignedReceipt(msgspec.Struct, frozen=True):
    """A receipt as the sequencer sent it, and the signing hash (hex) of the event that was sent."""

    signing_hash: str
    receipt: msgspec.Raw


class Contradiction(msgspec.Struct, frozen=True, omit_defaults=True):
    """The content of an evidence file. `head_sequence` belongs to the kind `head_went_back`."""

    ves_contradiction: int
    kind: Kind
    tenant_id: UUID
    store_id: UUID
    observed_at: str
    receipts: list[SignedReceipt]
    head_sequence: int | None = None

    def text(self) -> bytes:
        """Return the file's content: one JSON document."""
        return msgspec.json.encode(self) + b"\n"


def decode_contradiction(raw: bytes) -> Contradiction:
    """Decode an evidence file. ProtocolError if it is malformed."""
    try:
        found = json_decode.decode(raw, type=Contradiction)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError("malformed_json", f"not evidence of a contradiction: {error}") from error
    if found.ves_contradiction != 1:
        raise ProtocolError("unsupported_version", "evidence of a contradiction has version 1")
    return found


def check_contradiction(found: Contradiction, trust: Trust) -> list[str]:
    """Check offline that the receipts verify and contradict; no findings if the evidence holds. Needs trusted keys."""
    if not trust.keys:
        return ["no sequencer public key to check the receipts under"]
    try:
        pairs = [
            (decode_receipt(bytes(item.receipt)), parse_hex(item.signing_hash, HASH_BYTES))
            for item in found.receipts
        ]
    except ProtocolError as error:
        return [f"malformed: {error}"]
    findings = [
        f"receipt {place}: {finding}"
        for place, (receipt, signing_hash) in enumerate(pairs, 1)
        for finding in trust.check(receipt, found.tenant_id, found.store_id, signing_hash)
    ]
    if not _contradicts(found, [receipt for receipt, _ in pairs]):
        findings.append(f"the receipts do not show the contradiction {found.kind}")
    return findings


def _contradicts(found: Contradiction, given: list[Receipt]) -> bool:
    match found.kind, given:
        case "number_given_twice", [first, second]:
            return (
                first.sequence_number == second.sequence_number and first.receipt_hash != second.receipt_hash
            )
        case "receipt_changed", [first, second]:
            return first.event_id == second.event_id and first.sequence_number != second.sequence_number
        case "head_went_back", [receipt]:
            return found.head_sequence is not None and found.head_sequence < receipt.sequence_number
    return False


def write_contradiction(found: Contradiction, folder: Path) -> Path:
    """Write the evidence file durably; its name follows from its content, so a repeat changes nothing."""
    content = found.text()
    path = folder / f"ves-evidence-{hashlib.sha256(content).hexdigest()[:16]}.json"
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise usage(f"cannot write {path}: {error.strerror}") from error
    return path


def describe(found: Contradiction) -> str:
    """Say in one sentence what the evidence shows."""
    receipts = [decode_receipt(bytes(item.receipt)) for item in found.receipts]
    match found.kind, receipts:
        case "number_given_twice", [first, second]:
            return f"number {first.sequence_number} was given to {first.event_id} and {second.event_id}"
        case "receipt_changed", [first, second]:
            return (
                f"event {first.event_id} got the numbers {first.sequence_number} and {second.sequence_number}"
            )
        case "head_went_back", [last]:
            return f"number {last.sequence_number} had been given, then the head was {found.head_sequence}"
        case "head_went_back", []:
            return f"the head was greater before it was {found.head_sequence}"
    raise ProtocolError("malformed_json", f"{len(receipts)} receipts are no evidence of {found.kind}")
