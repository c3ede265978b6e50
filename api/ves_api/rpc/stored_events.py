"""Stored events and commitments as messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ves.bundles import signature_parts
from ves.codec import ZERO_HASH
from ves.digests import receipt_hashes
from ves.encrypted import decode as decode_encrypted
from ves.encrypted import grpc_members
from ves_api.rpc.fields import time_of, time_of_text
from ves_api.rpc.gen import v1_pb2 as v1
from ves_api.rpc.gen import v2_pb2 as v2

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from ves_api.at_rest import AtRest
    from ves_api.ingest.signing import ReceiptSigner
    from ves_edge.gen.records import Commitment, EventParts, LegacyCommitment, LegacyEvent


def ves_events(
    events: Sequence[EventParts],
    tenant_id: uuid.UUID,
    store_id: uuid.UUID,
    *,
    at_rest: AtRest,
    signer: ReceiptSigner,
) -> list[v2.SequencedEvent]:
    """The VES events of a stream; a shredded payload is empty, and so is a signature that cannot be had yet.

    Raises payload_not_readable.
    """
    payloads = at_rest.event_payloads(tenant_id, store_id, events)
    digests = receipt_hashes(
        tenant_id,
        store_id,
        [event.event_id for event in events],
        [event.sequence_number for event in events],
        [event.event_signing_hash for event in events],
    )
    stream = (str(tenant_id), str(store_id))
    return [
        _ves_event(event, stream, payload, digest, signer.signature_of(event, digest))
        for event, payload, digest in zip(events, payloads, digests, strict=True)
    ]


def _ves_event(
    event: EventParts, stream: tuple[str, str], payload: bytes | None, digest: bytes, signature: bytes | None
) -> v2.SequencedEvent:
    numbered = v2.SequencedEvent(
        sequence_number=event.sequence_number, sequenced_at=time_of(event.sequenced_at), receipt_hash=digest
    )
    envelope = numbered.envelope  # filled in place: a message that is given to a constructor is copied
    envelope.event_id = str(event.event_id)
    envelope.tenant_id, envelope.store_id = stream
    if event.command_id is not None:
        envelope.command_id = str(event.command_id)
    envelope.entity_type = event.entity_type
    envelope.entity_id = event.entity_id
    envelope.event_type = event.event_type
    envelope.source_agent = str(event.source_agent_id)
    envelope.ves_version = event.ves_version
    envelope.payload_kind = v2.PAYLOAD_KIND_ENCRYPTED if event.payload_kind else v2.PAYLOAD_KIND_PLAINTEXT
    envelope.payload = payload or b""
    if event.payload_encrypted is not None:
        envelope.payload_encrypted.MergeFrom(_encrypted(event.payload_encrypted))
    envelope.payload_plain_hash = event.payload_plain_hash
    envelope.payload_cipher_hash = event.payload_cipher_hash
    envelope.agent_key_id = event.agent_key_id
    envelope.agent_signature = event.agent_signature
    envelope.base_version = event.base_version or 0
    created_at = time_of_text(event.created_at)
    if created_at is not None:
        envelope.created_at.MergeFrom(created_at)
    envelope.agent_signature_scheme = cast("v2.SignatureScheme", event.agent_signature_scheme)
    if event.agent_signature_bundle is not None:
        classic, post_quantum = signature_parts(event.agent_signature_bundle)
        envelope.agent_signature_bundle.ed25519_signature = classic
        envelope.agent_signature_bundle.ml_dsa_65_signature = post_quantum
    if signature:
        numbered.receipt_signature_scheme = v2.SIGNATURE_SCHEME_ED25519
        numbered.receipt_signature_bundle.ed25519_signature = signature
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
