"""Pushed events as the body of the HTTP route, so that both transports append by the same operation (grpc-api 3.3).

One malformed event refuses the whole call.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from ves import encrypted, json_decode
from ves.bundles import SignatureBundle
from ves.canonical import jcs, plain
from ves.codec import ZERO_HASH, b64u_encode
from ves.digests import payload_aad, payload_plain_hash
from ves.encrypted import HpkeSuite, PayloadEncrypted, WireRecipient
from ves.envelope import ABSENT, Envelope, IngestBody
from ves.legacy_ingest import LegacyBody, LegacyEnvelope
from ves.prepare import ENCRYPTED, PLAINTEXT
from ves_api.operations.fields import invalid
from ves_api.rpc.fields import read_bytes, read_time, read_uuid
from ves_api.rpc.gen import v2_pb2 as v2
from ves_api.times import now_text
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    import uuid

    from ves_api.rpc.gen import v1_pb2 as v1

_HASH_BYTES, _SIGNATURE_BYTES = 32, 64
_DEFAULT_SUITE = HpkeSuite("base", "X25519-HKDF-SHA256", "HKDF-SHA256", "AES-256-GCM")
_KINDS = {v2.PAYLOAD_KIND_PLAINTEXT: PLAINTEXT, v2.PAYLOAD_KIND_ENCRYPTED: ENCRYPTED}
_decode_raw = json_decode.decoder(msgspec.Raw)
_encode = msgspec.json.Encoder().encode


def ves_body(request: v2.PushRequest) -> bytes:
    """The JSON body of a Push. Raises ApiError or ProtocolError, which refuse the call."""
    tenant_id = read_uuid(request.tenant_id, "tenant_id")
    store_id = read_uuid(request.store_id, "store_id")
    agent_id = read_uuid(request.agent_id, "agent_id")
    events = [_ves_event(event) for event in request.events]
    for event in events:
        if (event.tenant_id, event.store_id) != (tenant_id, store_id):
            raise ApiError("mixed_streams", "event tenant_id/store_id must match push request")
    return _encode(IngestBody(agent_id, events))


def legacy_body(request: v1.PushRequest) -> bytes:
    """The JSON body of a legacy Push. Raises ApiError or ProtocolError, which refuse the call."""
    if not request.events:
        raise ApiError("empty_batch")
    agent_id = read_uuid(request.agent_id, "agent_id")
    return _encode(LegacyBody(agent_id, [_legacy_event(event) for event in request.events]))


def _json_text(payload: bytes) -> msgspec.Raw:
    """A payload as one JSON value. Raises invalid_field for other text, which would inject members into the body."""
    try:
        payload.decode()
        _decode_raw(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid("payload", "is not JSON") from error
    return msgspec.Raw(payload)


def _optional_uuid(text: str, field: str) -> uuid.UUID | None:
    return read_uuid(text, field) if text else None


def _legacy_event(event: v1.EventEnvelope) -> LegacyEnvelope:
    payload = _json_text(event.payload)
    digest = event.payload_hash or sha256(plain(event.payload)).digest()
    return LegacyEnvelope(
        event_id=read_uuid(event.event_id, "event_id"),
        tenant_id=read_uuid(event.tenant_id, "tenant_id"),
        store_id=read_uuid(event.store_id, "store_id"),
        entity_type=event.entity_type,
        entity_id=event.entity_id,
        event_type=event.event_type,
        payload=payload,
        payload_hash=read_bytes(digest, _HASH_BYTES, "payload_hash").hex(),
        created_at=read_time(event.created_at, "created_at") if event.HasField("created_at") else now_text(),
        source_agent_id=read_uuid(event.source_agent, "source_agent"),
        command_id=_optional_uuid(event.command_id, "command_id"),
        base_version=event.base_version or None,
        signature=list(event.signature) if event.signature else None,
    )


def _ves_event(event: v2.EventEnvelope) -> Envelope:
    kind = _KINDS.get(event.payload_kind)
    if kind is None:
        raise invalid("payload_kind", "is not specified")
    if event.ves_version not in (0, 1):
        raise invalid("ves_version", "must be 1")
    if not event.HasField("created_at"):
        raise invalid("created_at", "is required")
    signature = event.agent_signature
    if not signature and event.agent_signature_scheme == v2.SIGNATURE_SCHEME_ML_DSA_65:
        signature = bytes(_SIGNATURE_BYTES)
    sent = Envelope(
        ves_version=1,
        event_id=read_uuid(event.event_id, "event_id"),
        tenant_id=read_uuid(event.tenant_id, "tenant_id"),
        store_id=read_uuid(event.store_id, "store_id"),
        source_agent_id=read_uuid(event.source_agent, "source_agent"),
        agent_key_id=event.agent_key_id,
        entity_type=event.entity_type,
        entity_id=event.entity_id,
        event_type=event.event_type,
        created_at=read_time(event.created_at, "created_at"),
        payload_kind=1 if kind else 0,
        payload_plain_hash="",
        payload_cipher_hash="",
        agent_signature=read_bytes(signature, _SIGNATURE_BYTES, "agent_signature").hex(),
        agent_signature_scheme=event.agent_signature_scheme or None,
        agent_signature_bundle=_bundle(event),
        command_id=_optional_uuid(event.command_id, "command_id"),
        base_version=event.base_version or None,
    )
    (_seal if kind == ENCRYPTED else _open)(sent, event)
    return sent


def _bundle(event: v2.EventEnvelope) -> SignatureBundle | None:
    if not event.HasField("agent_signature_bundle"):
        return None
    bundle = event.agent_signature_bundle
    return SignatureBundle(
        list(bundle.ed25519_signature) or None,
        list(bundle.ml_dsa_65_signature) or None,
    )


def _open(sent: Envelope, event: v2.EventEnvelope) -> None:
    """Complete an event with a plaintext payload."""
    if event.HasField("payload_encrypted"):
        raise invalid("payload_encrypted", "must be absent for a plaintext payload")
    sent.payload = _json_text(event.payload)
    plain_hash = event.payload_plain_hash or payload_plain_hash(jcs(event.payload))
    sent.payload_plain_hash = _hash(plain_hash, "payload_plain_hash")
    sent.payload_cipher_hash = _hash(event.payload_cipher_hash or ZERO_HASH, "payload_cipher_hash")


def _seal(sent: Envelope, event: v2.EventEnvelope) -> None:
    """Complete an event with an encrypted payload."""
    if event.payload:
        raise invalid("payload", "must be empty for an encrypted payload")
    if not event.HasField("payload_encrypted"):
        raise invalid("payload_encrypted", "is required for an encrypted payload")
    members = _encrypted(event.payload_encrypted)
    sent.payload = ABSENT
    sent.payload_encrypted = msgspec.Raw(encrypted.encode(members))
    sent.payload_plain_hash = _hash(event.payload_plain_hash, "payload_plain_hash")
    cipher_hash = event.payload_cipher_hash
    if not cipher_hash:
        content = encrypted.validate(members)
        # A malformed event is refused for its form, whatever its hash is.
        cipher_hash = ZERO_HASH if isinstance(content, str) else content.cipher_hash(_aad(sent, event))
    sent.payload_cipher_hash = _hash(cipher_hash, "payload_cipher_hash")


def _aad(sent: Envelope, event: v2.EventEnvelope) -> bytes:
    return payload_aad(
        tenant_id=sent.tenant_id,
        store_id=sent.store_id,
        event_id=sent.event_id,
        source_agent_id=sent.source_agent_id,
        agent_key_id=sent.agent_key_id,
        entity_type=sent.entity_type,
        entity_id=sent.entity_id,
        event_type=sent.event_type,
        created_at=sent.created_at,
        payload_plain_hash=event.payload_plain_hash,
    )


def _hash(value: bytes, field: str) -> str:
    # With 0x: the server's fast path for hashes.
    return "0x" + read_bytes(value, _HASH_BYTES, field).hex()


def _encrypted(sent: v2.EncryptedPayload) -> PayloadEncrypted:
    if sent.enc_version not in (0, 1):
        raise invalid("payload_encrypted.enc_version", "must be 1")
    suite = _DEFAULT_SUITE
    if sent.HasField("hpke"):
        suite = HpkeSuite(sent.hpke.mode, sent.hpke.kem, sent.hpke.kdf, sent.hpke.aead)
    return PayloadEncrypted(
        enc_version=1,
        aead=sent.aead,
        nonce_b64u=b64u_encode(sent.nonce),
        ciphertext_b64u=b64u_encode(sent.ciphertext),
        tag_b64u=b64u_encode(sent.tag),
        hpke=suite,
        recipients=[
            WireRecipient(
                recipient.recipient_kid,
                b64u_encode(recipient.ephemeral_public_key),
                b64u_encode(recipient.wrapped_dek),
            )
            for recipient in sent.recipients
        ],
    )
