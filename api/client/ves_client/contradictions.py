"""Contradictions of a sequencer: portable evidence files and their offline check (VES 11, 14).

A receipt's signature covers stream, event, number and signing hash. Two receipts that verify and cannot both be true
therefore convict the holder of the signing key. Heads, windows and commitments are not signed: a file of the kind
`head_went_back` or `number_missing` proves only that the greater number had been given, one of the kind `root_changed`
nothing to a third party until one of its roots is anchored.
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
from ves_client.evidence import CommitmentRecord, check_commitment

if TYPE_CHECKING:
    from pathlib import Path

    from ves.receipts import Receipt
    from ves_client.trust import Trust

Kind = Literal["number_given_twice", "receipt_changed", "head_went_back", "number_missing", "root_changed"]


class SignedReceipt(msgspec.Struct, frozen=True):
    """A receipt as the sequencer sent it, and the signing hash (hex) of the event that was sent."""

    signing_hash: str
    receipt: msgspec.Raw


class Contradiction(msgspec.Struct, frozen=True, omit_defaults=True):
    """The content of an evidence file; what follows `receipts` belongs to the kinds without signature."""

    ves_contradiction: int
    kind: Kind
    tenant_id: UUID
    store_id: UUID
    observed_at: str
    receipts: list[SignedReceipt]
    head_sequence: int | None = None
    commitments: list[msgspec.Raw] = []
    missing: int | None = None

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
        commitments = [json_decode.decode(bytes(text), type=CommitmentRecord) for text in found.commitments]
        findings = [finding for commitment in commitments for finding in check_commitment(commitment)]
    except (ProtocolError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return [f"malformed: {error}"]
    stream = (found.tenant_id, found.store_id)
    if any((commitment.tenant_id, commitment.store_id) != stream for commitment in commitments):
        findings.append("a commitment is of another stream")
    findings += [
        f"receipt {place}: {finding}"
        for place, (receipt, signing_hash) in enumerate(pairs, 1)
        for finding in trust.check(receipt, found.tenant_id, found.store_id, signing_hash)
    ]
    if not _contradicts(found, [receipt for receipt, _ in pairs], commitments):
        findings.append(f"the content does not show the contradiction {found.kind}")
    return findings


def roots_contradict(first: CommitmentRecord, second: CommitmentRecord) -> bool:
    """Whether two commitments of a stream cannot both be in its chain of state roots (VES 10.2, 10.3).

    True for different ones with the same start, and for a second one that begins where the first ends without its root.
    """
    if first.sequence_start == second.sequence_start:
        return first != second
    return first.sequence_end + 1 == second.sequence_start and first.new_state_root != second.prev_state_root


def _contradicts(found: Contradiction, given: list[Receipt], commitments: list[CommitmentRecord]) -> bool:
    if found.kind == "root_changed":
        return len(commitments) == 2 and roots_contradict(*commitments)  # noqa: PLR2004 - a pair
    match found.kind, given:
        case "number_given_twice", [first, second]:
            return (
                first.sequence_number == second.sequence_number and first.receipt_hash != second.receipt_hash
            )
        case "receipt_changed", [first, second]:
            return first.event_id == second.event_id and first.sequence_number != second.sequence_number
        case "head_went_back", [receipt]:
            return found.head_sequence is not None and found.head_sequence < receipt.sequence_number
        case "number_missing", [receipt]:
            return found.missing is not None and found.missing < receipt.sequence_number
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
        case "root_changed", _:
            return "two commitments cannot both be in the stream's chain of state roots (not signed)"
        case "number_given_twice", [first, second]:
            return f"number {first.sequence_number} was given to {first.event_id} and {second.event_id}"
        case "receipt_changed", [first, second]:
            return (
                f"event {first.event_id} got the numbers {first.sequence_number} and {second.sequence_number}"
            )
        case (("head_went_back" | "number_missing"), ([] | [_])):
            return _describe_unsigned(found, receipts)
    raise ProtocolError("malformed_json", f"{len(receipts)} receipts are no evidence of {found.kind}")


def _describe_unsigned(found: Contradiction, receipts: list[Receipt]) -> str:
    given = f"number {receipts[0].sequence_number} had been given" if receipts else ""
    if found.kind == "number_missing":
        return f"{given or f'the head was {found.head_sequence}'}, and no event came under {found.missing}"
    return f"{given or 'the head was greater before'}, then the head was {found.head_sequence}"
