"""Stored events and commitments as messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ves.bundles import signature_parts
from ves.codec import ZERO_HASH
from ves.encrypted import decode as decode_encrypted
from ves.encrypted import grpc_members
from ves_api.rpc.fields import time_of, time_of_text
from ves_api.rpc.gen import v1_pb2 as v1
from ves_api.rpc.gen import v2_pb2 as v2

if TYPE_CHECKING:
    import uuid

    from ves_api.at_rest import AtRest
    from ves_api.ingest.signing import ReceiptSigner
    from ves_edge.gen.records import Commitment, LegacyCommitment, LegacyEvent, StoredEvent


def ves_event(
    event: StoredEvent, tenant_id: uuid.UUID, store_id: uuid.UUID, *, at_rest: AtRest, signer: ReceiptSigner
) -> v2.SequencedEvent:
    """A VES event; a shredded payload is empty, and so is the signature of a receipt that cannot be had yet.

    Raises payload_not_readable.
    """
    payload = at_rest.event_payload(tenant_id, store_id, event)
    envelope = v2.EventEnvelope(
        event_id=str(event.event_id),
        command_id="" if event.command_id is None else str(event.command_id),
        tenant_id=str(tenant_id),
        store_id=str(store_id),
        entity_type=event.entity_type,
        entity_id=event.entity_id,
        event_type=event.event_type,
        source_agent=str(event.source_agent_id),
        ves_version=event.ves_version,
        payload_kind=v2.PAYLOAD_KIND_ENCRYPTED if event.payload_kind else v2.PAYLOAD_KIND_PLAINTEXT,
        payload=b"" if payload is None else payload.encode(),
        payload_encrypted=None if event.payload_encrypted is None else _encrypted(event.payload_encrypted),
        payload_plain_hash=event.payload_plain_hash,
        payload_cipher_hash=event.payload_cipher_hash,
        agent_key_id=event.agent_key_id,
        agent_signature=event.agent_signature,
        base_version=event.base_version or 0,
        created_at=time_of_text(event.created_at),
        agent_signature_scheme=cast("v2.SignatureScheme", event.agent_signature_scheme),
    )
    if event.agent_signature_bundle is not None:
        classic, post_quantum = signature_parts(event.agent_signature_bundle)
        envelope.agent_signature_bundle.ed25519_signature = classic
        envelope.agent_signature_bundle.ml_dsa_65_signature = post_quantum
    numbered = v2.SequencedEvent(
        envelope=envelope,
        sequence_number=event.sequence_number,
        sequenced_at=time_of(event.sequenced_at),
        receipt_hash=bytes.fromhex(event.receipt["receiptHash"]),
    )
    receipt = signer.complete(event.receipt)
    if receipt is not None and receipt.sequencer_signature:
        numbered.receipt_signature_scheme = v2.SIGNATURE_SCHEME_ED25519
        numbered.receipt_signature_bundle.ed25519_signature = bytes.fromhex(receipt.sequencer_signature)
    return numbered


def _encrypted(text: str) -> v2.EncryptedPayload:
    return v2.EncryptedPayload(**grpc_members(decode_encrypted(text.encode())))


def legacy_event(event: LegacyEvent, at_rest: AtRest) -> v1.SequencedEvent:
    """A legacy event; a shredded payload is empty. Raises payload_not_readable."""
    return v1.SequencedEvent(
        envelope=v1.EventEnvelope(
            event_id=str(event.event_id),
            command_id="" if event.command_id is None else str(event.command_id),
            tenant_id=str(event.tenant_id),
            store_id=str(event.store_id),
            entity_type=event.entity_type,
            entity_id=event.entity_id,
            event_type=event.event_type,
            payload=at_rest.legacy_payload(event) or b"",
            payload_hash=event.payload_hash,
            base_version=event.base_version or 0,
            created_at=time_of(event.created_at),
            source_agent=str(event.source_agent),
            signature=event.signature or b"",
        ),
        sequence_number=event.sequence_number,
        sequenced_at=time_of(event.sequenced_at),
    )


def ves_commitment(commitment: Commitment) -> v2.BatchCommitment:
    """A VES commitment."""
    previous = commitment.prev_state_root
    return v2.BatchCommitment(
        batch_id=str(commitment.batch_id),
        merkle_root=commitment.merkle_root,
        start_sequence=commitment.sequence_start,
        end_sequence=commitment.sequence_end,
        event_count=commitment.leaf_count,
        committed_at=time_of(commitment.committed_at),
        previous_root=b"" if previous == ZERO_HASH else previous,
    )


def legacy_commitment(commitment: LegacyCommitment) -> v1.BatchCommitment:
    """A legacy commitment."""
    return v1.BatchCommitment(
        batch_id=str(commitment.batch_id),
        merkle_root=commitment.events_root,
        start_sequence=commitment.sequence_start,
        end_sequence=commitment.sequence_end,
        event_count=commitment.event_count,
        committed_at=time_of(commitment.committed_at),
    )
