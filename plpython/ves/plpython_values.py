"""Single values for PL/Python: digests, sealing, at-rest blobs and the legacy forms.

As `ves.plpython`, used by wrappers/*.sql only: uuid arrives as text, a number as int, bytea as bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from io import BytesIO
from uuid import UUID

import msgspec

from ves import at_rest, digests, encrypted, legacy, seal
from ves.errors import ProtocolError
from ves.ingest import key_id_number
from ves.plpython_guard import guard
from ves.proofs import inputs_hash

__all__ = [
    "at_rest_compliance_aad",
    "at_rest_decrypt",
    "at_rest_encrypt",
    "at_rest_payload_aad",
    "at_rest_validity_aad",
    "cipher_hash",
    "event_signing_hash",
    "guard",
    "leaf_hash",
    "legacy_leaf_hash",
    "legacy_signing_bytes",
    "legacy_state_root",
    "open_payload",
    "payload_aad",
    "public_inputs_hash",
    "recipients_hash",
    "seal_payload",
]


def _binding(ids: Sequence[str], fields: Sequence[int | str]) -> seal.EventBinding:
    """`ids` are tenant, store, event, agent; `fields` key id (bit pattern), the texts, created_at."""
    tenant_id, store_id, event_id, agent_id = map(UUID, ids)
    bits, *texts = fields
    entity_type, entity_id, event_type, created_at = map(str, texts)
    return seal.EventBinding(
        tenant_id,
        store_id,
        event_id,
        agent_id,
        key_id_number(int(bits)),
        entity_type,
        entity_id,
        event_type,
        created_at,
    )


def event_signing_hash(
    ves_version: int,
    ids: Sequence[str],
    fields: Sequence[int | str],
    payload_kind: int,
    plain_hash: bytes,
    cipher_hash: bytes,
) -> bytes:
    """Return event_signing_hash (VES 5), 32 bytes."""
    return digests.signing_hash(
        ves_version=ves_version,
        **msgspec.structs.asdict(_binding(ids, fields)),
        payload_kind=payload_kind,
        payload_plain_hash=plain_hash,
        payload_cipher_hash=cipher_hash,
    )


def payload_aad(ids: Sequence[str], fields: Sequence[int | str], plain_hash: bytes) -> bytes:
    """Return payload_aad (VES 8.2 step 3), 32 bytes."""
    return _binding(ids, fields).aad(plain_hash)


def _content(payload_encrypted: str) -> encrypted.Encrypted:
    content = encrypted.validate(encrypted.decode(payload_encrypted.encode()))
    if isinstance(content, str):
        raise ProtocolError(content, f"{content} is not acceptable")
    return content


def recipients_hash(payload_encrypted: str) -> bytes:
    """Return recipients_hash (VES 8.2 step 6) of an encrypted payload given as JSON text, 32 bytes."""
    content = _content(payload_encrypted)
    return digests.recipients_hash((item.kid, item.enc, item.ct) for item in content.recipients)


def cipher_hash(payload_encrypted: str, aad: bytes) -> bytes:
    """Return payload_cipher_hash (VES 8.2 step 7), 32 bytes."""
    return _content(payload_encrypted).cipher_hash(aad)


def seal_payload(
    payload: str,
    ids: Sequence[str],
    fields: Sequence[int | str],
    recipients: tuple[Sequence[int], Sequence[bytes]],
    randomness: bytes | None,
) -> tuple[str, bytes, bytes]:
    """(payload_encrypted text, plain hash, cipher hash); null `randomness` means fresh random bytes."""
    sealed = seal.seal(
        payload.encode(),
        _binding(ids, fields),
        dict(zip(*recipients, strict=True)),
        _source(randomness),
    )
    text = encrypted.encode(sealed.payload_encrypted).decode()
    return text, sealed.payload_plain_hash, sealed.payload_cipher_hash


def open_payload(
    payload_encrypted: str,
    ids: Sequence[str],
    fields: Sequence[int | str],
    plain_hash: bytes,
    recipient: tuple[int, bytes],
) -> str:
    """The canonical payload for the holder of (recipient_kid, private key)."""
    wire = encrypted.decode(payload_encrypted.encode())
    return seal.open(wire, _binding(ids, fields), plain_hash, *recipient).decode()


def _source(randomness: bytes | None) -> Callable[[int], bytes]:
    if randomness is None:
        return os.urandom
    stream = BytesIO(randomness)

    def read(count: int) -> bytes:
        data = stream.read(count)
        if len(data) != count:
            raise ProtocolError("randomness", "too few random bytes were given")
        return data

    return read


def leaf_hash(tenant_id: str, store_id: str, sequence: int, signing_hash: bytes, signature: bytes) -> bytes:
    """Return the Merkle leaf of an event (VES 9.1), 32 bytes."""
    return digests.leaf_hash(UUID(tenant_id), UUID(store_id), sequence, signing_hash, signature)


def public_inputs_hash(inputs: str) -> bytes:
    """Return public_inputs_hash of canonical public inputs given as JSON text (VES 12, 13), 32 bytes."""
    return inputs_hash(inputs.encode())


def at_rest_payload_aad(ids: Sequence[str], sequence: int, texts: Sequence[str]) -> bytes:
    """Return the AAD of a stored legacy payload (VES 16), 32 bytes."""
    tenant_id, store_id, event_id = map(UUID, ids)
    return digests.at_rest_payload_aad(tenant_id, store_id, event_id, sequence, *texts)


def at_rest_validity_aad(ids: Sequence[str], proof_version: int, proof_type: str, proof_hash: bytes) -> bytes:
    """Return the AAD of a stored validity proof (VES 16), 32 bytes."""
    tenant_id, store_id, batch_id, proof_id = map(UUID, ids)
    return digests.at_rest_validity_aad(
        tenant_id, store_id, batch_id, proof_id, proof_version, proof_type, proof_hash
    )


def at_rest_compliance_aad(
    ids: Sequence[str], policy_hash: bytes, proof_version: int, proof_type: str, proof_hash: bytes
) -> bytes:
    """Return the AAD of a stored compliance proof (VES 16), 32 bytes."""
    tenant_id, store_id, event_id, proof_id = map(UUID, ids)
    return digests.at_rest_compliance_aad(
        tenant_id, store_id, event_id, proof_id, policy_hash, proof_version, proof_type, proof_hash
    )


def at_rest_encrypt(key: bytes, aad: bytes, plaintext: bytes, nonce: bytes | None) -> bytes:
    """Return the SSE1 blob of a plaintext (VES 16); a null nonce means a fresh random one."""
    return at_rest.encrypt(key, aad, plaintext, _source(nonce))


def at_rest_decrypt(keys: Sequence[bytes], aad: bytes, stored: bytes) -> bytes:
    """Return the plaintext of an SSE1 blob under the first matching key (VES 16). Raises ProtocolError."""
    return at_rest.decrypt(keys, aad, stored)


def legacy_leaf_hash(
    ids: Sequence[str], sequence: int, payload_hash: bytes, entity_type: str, entity_id: str
) -> bytes:
    """Return a legacy commitment leaf (VES 17.3), 32 bytes."""
    tenant_id, store_id = map(UUID, ids)
    return legacy.leaf_hash(tenant_id, store_id, sequence, payload_hash, entity_type, entity_id)


def legacy_state_root(ids: Sequence[str], rows: tuple[Sequence[str], Sequence[str], Sequence[int]]) -> bytes:
    """Return the legacy state root (VES 17.3); `rows`: entity types, entity ids, versions, in collation order."""
    tenant_id, store_id = map(UUID, ids)
    return legacy.state_root(tenant_id, store_id, zip(*rows, strict=True))


def legacy_signing_bytes(
    envelope_version: int,
    ids: Sequence[str | None],
    texts: Sequence[str],
    payload_hash: bytes,
    numbers: tuple[int | None, int],
) -> bytes:
    """Return legacy signing bytes (VES 17.1); `ids`: event, command or null, tenant, store; `numbers`: base_version, ms."""
    event_id, command_id, tenant_id, store_id = (item and UUID(item) for item in ids)
    entity_type, entity_id, event_type = texts
    base_version, created_at_ms = numbers
    if not isinstance(event_id, UUID) or not isinstance(tenant_id, UUID) or not isinstance(store_id, UUID):
        raise ProtocolError("ids", "event, tenant and store are required")
    return legacy.signing_bytes(
        envelope_version=envelope_version,
        event_id=event_id,
        command_id=command_id if isinstance(command_id, UUID) else None,
        tenant_id=tenant_id,
        store_id=store_id,
        entity_type=entity_type,
        entity_id=entity_id,
        event_type=event_type,
        payload_hash=payload_hash,
        base_version=base_version,
        created_at_ms=created_at_ms,
    )
