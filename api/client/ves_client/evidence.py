"""Offline verification of events with receipts and of inclusion proofs with commitments; their file formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from ves import canonical, digests, ed25519, encrypted, json_decode, merkle
from ves.codec import ZERO_HASH, parse_hex
from ves.errors import ProtocolError
from ves.receipts import Receipt
from ves.seal import EventBinding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ves_client.trust import Trust

HASH_BYTES = digests.HASH_BYTES
SIGNATURE_BYTES = digests.SIGNATURE_BYTES
ABSENT = msgspec.Raw(b"")


class Envelope(EventBinding, frozen=True):
    """The members of an event envelope that hashes and signatures cover (VES 3); unsigned without `agent_signature`."""

    ves_version: int
    payload_kind: int
    payload_plain_hash: str
    payload_cipher_hash: str
    agent_signature: str = ""
    payload: msgspec.Raw = ABSENT
    payload_encrypted: msgspec.Raw = ABSENT

    @property
    def binding(self) -> EventBinding:
        """The members that a sealed payload is bound to."""
        return EventBinding(*(getattr(self, name) for name in EventBinding.__struct_fields__))

    @property
    def plain_hash(self) -> bytes:
        """`payload_plain_hash`, 32 bytes."""
        return parse_hex(self.payload_plain_hash, HASH_BYTES)

    @property
    def cipher_hash(self) -> bytes:
        """`payload_cipher_hash`, 32 bytes."""
        return parse_hex(self.payload_cipher_hash, HASH_BYTES)

    def signing_hash(self) -> bytes:
        """Event signing hash from the hashes that the envelope carries (VES 5)."""
        return digests.signing_hash(
            **msgspec.structs.asdict(self.binding),
            ves_version=self.ves_version,
            payload_kind=self.payload_kind,
            payload_plain_hash=self.plain_hash,
            payload_cipher_hash=self.cipher_hash,
        )

    def signature(self) -> bytes:
        """Give the 64 bytes of the agent's signature."""
        return parse_hex(self.agent_signature, SIGNATURE_BYTES)


class Proof(msgspec.Struct, frozen=True):
    """An inclusion proof in the form of the API (VES 9.3)."""

    sequence_number: int
    batch_id: UUID
    merkle_root: str
    leaf_hash: str
    leaf_index: int
    proof_path: list[str]
    directions: list[bool]


class CommitmentRecord(msgspec.Struct, frozen=True):
    """The members of a commitment that can be recomputed (VES 10)."""

    batch_id: UUID
    tenant_id: UUID
    store_id: UUID
    tree_depth: int
    leaf_count: int
    padded_leaf_count: int
    merkle_root: str
    prev_state_root: str
    new_state_root: str
    sequence_start: int
    sequence_end: int


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a receipts file or one proof file; members are kept as their original JSON text."""

    event: msgspec.Raw = ABSENT
    receipt: msgspec.Raw = ABSENT
    proof: msgspec.Raw = ABSENT
    commitment: msgspec.Raw = ABSENT

    def document(self) -> dict[str, msgspec.Raw]:
        """Return the members that are present, for serialization."""
        return {name: raw for name in self.__struct_fields__ if bytes(raw := getattr(self, name))}


class _Header(msgspec.Struct, frozen=True):
    push: Any = None


def read_evidence(path: Path) -> Iterator[Evidence]:
    """Read one JSON document or NDJSON; the header of a receipts file is skipped. ProtocolError if malformed."""
    raw = path.read_bytes()
    try:
        try:
            yield json_decode.decode(raw, type=Evidence)
        except msgspec.DecodeError:
            for line in raw.splitlines():
                if line.strip() and json_decode.decode(line, type=_Header).push is None:
                    yield json_decode.decode(line, type=Evidence)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError("malformed_json", f"{path} does not hold evidence: {error}") from error


def check_event(event: Envelope, agent_key: bytes | None) -> list[str]:
    """Check an envelope's payload hash and, with the agent's public key, its signature (VES 4, 6.1)."""
    findings = []
    if event.payload_kind == 0:
        payload = bytes(event.payload) or b"null"
        if digests.payload_plain_hash(canonical.jcs(payload)) != event.plain_hash:
            findings.append("payload does not match payload_plain_hash")
        if event.cipher_hash != ZERO_HASH:
            findings.append("a plaintext event has a payload_cipher_hash")
    elif _cipher_hash(event) != event.cipher_hash:
        findings.append("encrypted payload does not match payload_cipher_hash")
    if agent_key is not None and not ed25519.verify(agent_key, event.signing_hash(), event.signature()):
        findings.append("agent signature does not verify")
    return findings


def _cipher_hash(event: Envelope) -> bytes:
    sealed = encrypted.validate(encrypted.decode(bytes(event.payload_encrypted)))
    if isinstance(sealed, str):
        raise ProtocolError("invalid_shape", f"{sealed} is not usable")
    return sealed.cipher_hash(event.binding.aad(event.plain_hash))


def check_receipt(evidence: Evidence, trust: Trust, agent_key: bytes | None) -> list[str]:
    """Check an event and its receipt; missing or malformed members are findings too."""
    try:
        event = json_decode.decode(evidence.event, type=Envelope)
        receipt = json_decode.decode(evidence.receipt, type=Receipt)
        findings = check_event(event, agent_key)
        if receipt.event_id != event.event_id:
            findings.append("receipt is for another event")
        if receipt.signature_alg == "ed25519" and receipt.receipt_signature_scheme != 1:
            findings.append("receipt signature scheme is not 1")
        return findings + trust.check(receipt, event.tenant_id, event.store_id, event.signing_hash())
    except (msgspec.DecodeError, RecursionError, ProtocolError) as error:
        return [f"malformed: {error}"]


def check_proof(evidence: Evidence) -> list[str]:
    """Check a proof, its commitment and, if present, its event (VES 9.3, 10.2)."""
    try:
        proof = json_decode.decode(evidence.proof, type=Proof)
        commitment = json_decode.decode(evidence.commitment, type=CommitmentRecord)
        findings = _check_path(proof) + check_commitment(commitment) + _check_place(proof, commitment)
        if bytes(evidence.event):
            event = json_decode.decode(evidence.event, type=Envelope)
            findings += check_event(event, None)
            if (event.tenant_id, event.store_id) != (commitment.tenant_id, commitment.store_id):
                findings.append("event belongs to another stream")
            leaf = digests.leaf_hash(
                event.tenant_id,
                event.store_id,
                proof.sequence_number,
                event.signing_hash(),
                event.signature(),
            )
            if leaf != parse_hex(proof.leaf_hash, HASH_BYTES):
                findings.append("leaf is not the event's leaf at this number")
    except (msgspec.DecodeError, RecursionError, ProtocolError) as error:
        return [f"malformed: {error}"]
    return findings


def _check_path(proof: Proof) -> list[str]:
    findings = []
    path = [parse_hex(node, HASH_BYTES) for node in proof.proof_path]
    leaf, root = parse_hex(proof.leaf_hash, HASH_BYTES), parse_hex(proof.merkle_root, HASH_BYTES)
    if not merkle.verify_inclusion(leaf, proof.leaf_index, path, root):
        findings.append("path does not lead from the leaf to the root")
    if proof.directions != merkle.directions(proof.leaf_index, len(path)):
        findings.append("directions do not follow from the leaf index")
    return findings


def check_commitment(commitment: CommitmentRecord) -> list[str]:
    """Check a commitment's counts and recompute its state root (VES 10.2). ProtocolError if a root is malformed."""
    findings = []
    leaves = commitment.sequence_end - commitment.sequence_start + 1
    padded = 1 << max(0, leaves - 1).bit_length()
    shape = (commitment.leaf_count, commitment.padded_leaf_count, commitment.tree_depth)
    if leaves < 1 or shape != (leaves, padded, padded.bit_length() - 1):
        findings.append("commitment counts do not fit its range")
    expected = digests.state_root(
        digests.stream_id(commitment.tenant_id, commitment.store_id),
        parse_hex(commitment.prev_state_root, HASH_BYTES),
        parse_hex(commitment.merkle_root, HASH_BYTES),
        commitment.sequence_start,
        commitment.sequence_end,
        commitment.leaf_count,
    )
    if expected != parse_hex(commitment.new_state_root, HASH_BYTES):
        findings.append("new_state_root does not follow from the commitment")
    return findings


def _check_place(proof: Proof, commitment: CommitmentRecord) -> list[str]:
    findings = []
    same_root = parse_hex(proof.merkle_root, HASH_BYTES) == parse_hex(commitment.merkle_root, HASH_BYTES)
    if proof.batch_id != commitment.batch_id or not same_root:
        findings.append("proof belongs to another commitment")
    # The proof of a padding leaf verifies too, so the number must be in the commitment's range (VES 9.2, 9.3).
    if not commitment.sequence_start <= proof.sequence_number <= commitment.sequence_end:
        findings.append("number is outside the commitment's range")
    if not 0 <= proof.leaf_index < commitment.leaf_count:
        findings.append("leaf index is not one of the commitment's leaves")
    fits = proof.leaf_index == proof.sequence_number - commitment.sequence_start
    if not fits or len(proof.proof_path) != commitment.tree_depth:
        findings.append("leaf index does not follow from the commitment's range")
    return findings
