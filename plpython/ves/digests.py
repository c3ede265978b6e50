"""Preimages and digests of events, leaves, receipts, commitments and proofs (VES 4 to 13).

Each preimage is its own function, so that a vector can show the bytes and their hash.
Ids are `uuid.UUID`, hashes 32 bytes, signatures 64 bytes; all digests are SHA-256, 32 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from ves import domains
from ves.canonical import jcs, jcs_value, plain_value
from ves.codec import string, u32, u64

HASH_BYTES = 32
SIGNATURE_BYTES = 64
_CIPHER_HASH_VERSION = u32(1)


def payload_plain_hash(canonical: bytes, salt: bytes = b"") -> bytes:
    """Hash of a payload in JCS form; `salt` is 16 bytes for encrypted payloads, else empty (VES 4)."""
    return sha256(domains.PAYLOAD_PLAIN + salt + canonical).digest()


def signing_preimage(
    *,
    ves_version: int,
    tenant_id: UUID,
    store_id: UUID,
    event_id: UUID,
    source_agent_id: UUID,
    agent_key_id: int,
    entity_type: str,
    entity_id: str,
    event_type: str,
    created_at: str,
    payload_kind: int,
    payload_plain_hash: bytes,
    payload_cipher_hash: bytes,
) -> bytes:
    """The bytes whose hash an agent signs (VES 5). `created_at` is the exact text."""
    return b"".join(
        (
            domains.EVENT_SIGNATURE,
            u32(ves_version),
            tenant_id.bytes,
            store_id.bytes,
            event_id.bytes,
            source_agent_id.bytes,
            u32(agent_key_id),
            string(entity_type),
            string(entity_id),
            string(event_type),
            string(created_at),
            u32(payload_kind),
            payload_plain_hash,
            payload_cipher_hash,
        )
    )


def signing_hash(**fields: Any) -> bytes:
    """SHA-256 of `signing_preimage` with the same keyword arguments (VES 5)."""
    return sha256(signing_preimage(**fields)).digest()


def payload_aad(
    *,
    tenant_id: UUID,
    store_id: UUID,
    event_id: UUID,
    source_agent_id: UUID,
    agent_key_id: int,
    entity_type: str,
    entity_id: str,
    event_type: str,
    created_at: str,
    payload_plain_hash: bytes,
) -> bytes:
    """The 32 bytes that bind an encrypted payload to its event (VES 8.2 step 3)."""
    ids = tenant_id.bytes + store_id.bytes + event_id.bytes + source_agent_id.bytes
    texts = string(entity_type) + string(entity_id) + string(event_type) + string(created_at)
    return sha256(domains.PAYLOAD_AAD + ids + u32(agent_key_id) + texts + payload_plain_hash).digest()


def recipients_hash(recipients: Iterable[tuple[int, bytes, bytes]]) -> bytes:
    """Hash of (recipient_kid, enc, ct) triples in the order given (VES 8.2 step 6)."""
    parts = [domains.RECIPIENTS]
    for kid, enc, ct in recipients:
        parts += (u32(kid), u32(len(enc)), enc, u32(len(ct)), ct)
    return sha256(b"".join(parts)).digest()


def payload_cipher_hash(
    nonce: bytes, aad: bytes, ciphertext: bytes, tag: bytes, recipients_digest: bytes
) -> bytes:
    """Hash of an encrypted payload (VES 8.2 step 7); `aad` is `payload_aad`."""
    return sha256(
        b"".join(
            (
                domains.PAYLOAD_CIPHER,
                _CIPHER_HASH_VERSION,
                nonce,
                aad,
                u32(len(ciphertext)),
                ciphertext,
                tag,
                recipients_digest,
            )
        )
    ).digest()


def leaf_preimage(
    tenant_id: UUID, store_id: UUID, sequence: int, signing_hash: bytes, signature: bytes
) -> bytes:
    """The 147 bytes of a Merkle leaf (VES 9.1)."""
    return b"".join((domains.LEAF, tenant_id.bytes, store_id.bytes, u64(sequence), signing_hash, signature))


def leaf_hash(tenant_id: UUID, store_id: UUID, sequence: int, signing_hash: bytes, signature: bytes) -> bytes:
    """SHA-256 of `leaf_preimage` (VES 9.1)."""
    return sha256(leaf_preimage(tenant_id, store_id, sequence, signing_hash, signature)).digest()


def receipt_preimage(
    tenant_id: UUID, store_id: UUID, event_id: UUID, sequence: int, signing_hash: bytes
) -> bytes:
    """The 102 bytes that a receipt covers (VES 11)."""
    return b"".join(
        (
            domains.RECEIPT,
            tenant_id.bytes,
            store_id.bytes,
            event_id.bytes,
            u64(sequence),
            signing_hash,
        )
    )


def receipt_hash(
    tenant_id: UUID, store_id: UUID, event_id: UUID, sequence: int, signing_hash: bytes
) -> bytes:
    """SHA-256 of `receipt_preimage` (VES 11)."""
    return sha256(receipt_preimage(tenant_id, store_id, event_id, sequence, signing_hash)).digest()


def receipt_hashes(
    tenant_id: UUID,
    store_id: UUID,
    event_ids: Sequence[UUID],
    sequences: Sequence[int],
    signing_hashes: Sequence[bytes],
) -> list[bytes]:
    """`receipt_hash` of several events of one stream, in the order given."""
    prefix = domains.RECEIPT + tenant_id.bytes + store_id.bytes
    return [
        sha256(prefix + event_id.bytes + u64(sequence) + digest).digest()
        for event_id, sequence, digest in zip(event_ids, sequences, signing_hashes, strict=True)
    ]


def stream_id(tenant_id: UUID, store_id: UUID) -> bytes:
    """The stream's id (VES 7)."""
    return sha256(domains.STREAM + tenant_id.bytes + store_id.bytes).digest()


def state_root(
    stream: bytes,
    previous: bytes,
    merkle_root: bytes,
    sequence_start: int,
    sequence_end: int,
    leaf_count: int,
) -> bytes:
    """The state root after a commitment (VES 10.2); `previous` is 32 zero bytes for the first one."""
    return sha256(
        b"".join(
            (
                domains.STATE_ROOT,
                stream,
                previous,
                merkle_root,
                u64(sequence_start),
                u64(sequence_end),
                u32(leaf_count),
            )
        )
    ).digest()


def pop_challenge(*public_keys: bytes) -> bytes:
    """Proof-of-possession challenge over the Ed25519 key, the ML-DSA key, or both in that order (VES 6.4)."""
    return sha256(domains.PROOF_OF_POSSESSION + b"".join(public_keys)).digest()


def policy_preimage(policy_id: str, params_raw: bytes) -> bytes:
    """JCS of the policy object; `params_raw` is the JSON text of the parameters as sent (VES 13)."""
    return b'{"policyId":' + jcs_value(policy_id) + b',"policyParams":' + jcs(params_raw) + b"}"


def policy_hash(policy_id: str, params_raw: bytes) -> bytes:
    """Hash of a compliance policy and its parameters (VES 13)."""
    return sha256(domains.COMPLIANCE_POLICY + policy_preimage(policy_id, params_raw)).digest()


def validity_proof_hash(proof: bytes) -> bytes:
    """Hash of a validity proof's bytes (VES 12)."""
    return sha256(domains.VALIDITY_PROOF + proof).digest()


def compliance_proof_hash(proof: bytes) -> bytes:
    """Hash of a compliance proof's bytes (VES 13)."""
    return sha256(domains.COMPLIANCE_PROOF + proof).digest()


def public_inputs_hash(inputs: dict[str, Any]) -> bytes:
    """Hash of a proof's canonical public inputs: PLAIN form, no domain (VES 12, 13)."""
    return sha256(plain_value(inputs)).digest()


def at_rest_payload_aad(
    tenant_id: UUID,
    store_id: UUID,
    event_id: UUID,
    sequence: int,
    entity_type: str,
    entity_id: str,
    event_type: str,
) -> bytes:
    """AAD of a stored legacy payload (VES 16)."""
    ids = tenant_id.bytes + store_id.bytes + event_id.bytes + u64(sequence)
    texts = string(entity_type) + string(entity_id) + string(event_type)
    return sha256(domains.AT_REST_PAYLOAD + ids + texts).digest()


def at_rest_ves_payload_aad(tenant_id: UUID, store_id: UUID, event_id: UUID, signing: bytes) -> bytes:
    """AAD of a stored payload of the VES stream; `signing` is the event's signing hash, which covers the payload's.

    A form of this implementation (the original stores these payloads in plaintext). The sequence number is not
    included: it is assigned after encryption.
    """
    ids = tenant_id.bytes + store_id.bytes + event_id.bytes
    return sha256(domains.AT_REST_VES_PAYLOAD + ids + signing).digest()


def at_rest_validity_aad(
    tenant_id: UUID,
    store_id: UUID,
    batch_id: UUID,
    proof_id: UUID,
    proof_version: int,
    proof_type: str,
    proof_hash: bytes,
) -> bytes:
    """AAD of a stored validity proof (VES 16)."""
    ids = tenant_id.bytes + store_id.bytes + batch_id.bytes + proof_id.bytes
    return sha256(
        domains.AT_REST_VALIDITY + ids + u32(proof_version) + string(proof_type) + proof_hash
    ).digest()


def at_rest_compliance_aad(
    tenant_id: UUID,
    store_id: UUID,
    event_id: UUID,
    proof_id: UUID,
    policy_digest: bytes,
    proof_version: int,
    proof_type: str,
    proof_hash: bytes,
) -> bytes:
    """AAD of a stored compliance proof (VES 16)."""
    ids = tenant_id.bytes + store_id.bytes + event_id.bytes + proof_id.bytes
    tail = u32(proof_version) + string(proof_type) + proof_hash
    return sha256(domains.AT_REST_COMPLIANCE + ids + policy_digest + tail).digest()
