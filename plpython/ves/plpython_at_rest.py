"""PL/Python adapter for the key ring of the server process. Used by wrappers/*.sql and `ves.plpython*` only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from ves import audit, digests
from ves.canonical import jcs, plain
from ves.errors import ProtocolError, RequestRefused
from ves.keyring import DISABLED, Key, KeyRing
from ves.keyring_source import of_process
from ves.plpython_guard import guard

__all__ = [
    "check_legacy_payload",
    "current_key_ids",
    "guard",
    "open_at_rest",
    "open_for_audit",
    "reseal",
    "ring",
    "seal",
    "seal_legacy",
    "ves_payload_aad",
]

_HASH_BYTES = 32
_NOT_OPENED = "payload_not_readable"


def ring() -> KeyRing:
    """Return the current key ring. Raises RequestRefused when the server has none or it is invalid."""
    try:
        return of_process().ring()
    except ProtocolError as error:
        raise RequestRefused(
            "keyring_unavailable",
            "the database server has no usable key ring (VES_KEYRING_FILE or PAYLOAD_ENCRYPTION_*)",
            {"problem": f"{error.reason}: {error.message}"},
        ) from None


def open_at_rest(
    tenant_ids: Sequence[str],
    aads: Sequence[bytes],
    blobs: Sequence[bytes],
    key_ids: Sequence[bytes | None],
) -> list[bytes]:
    """The plaintexts of parallel blobs. Raises RequestRefused naming the reason at the first that does not open."""
    keys = ring()
    try:
        return [
            keys.open(UUID(tenant), key_id, aad, blob)
            for tenant, aad, blob, key_id in zip(tenant_ids, aads, blobs, key_ids, strict=True)
        ]
    except ProtocolError as error:
        raise RequestRefused(_NOT_OPENED, error.message, {"reason": error.reason}) from None


def _why_not(error: ProtocolError) -> int:
    return audit.CIPHERTEXT_WRONG if error.reason == "not_authentic" else audit.PAYLOAD_NOT_OPENED


def open_for_audit(
    stream: bytes, columns: Mapping[str, Any], blobs: Sequence[bytes | None], key_ids: Sequence[bytes | None]
) -> None:
    """Decrypt into `columns["payloads"]`; where that fails, set the reason in `columns["payload_states"]`.

    `columns` are those of `ves.audit.StoredEvents`, `stream` is tenant and store. Without a key ring
    nothing is decrypted, and no finding is reported.
    """
    tenant_id, store_id = UUID(bytes=stream[:16]), UUID(bytes=stream[16:])
    try:
        keys = ring()
    except RequestRefused:
        keys = KeyRing(DISABLED)
    payloads, states, digest = columns["payloads"], columns["payload_states"], columns["digests"]
    for at, (blob, key_id, event_id) in enumerate(zip(blobs, key_ids, columns["event_ids"], strict=True)):
        if blob is None:
            continue
        start = audit.DIGEST_BYTES * at + 2 * _HASH_BYTES
        signing_hash = digest[start : start + _HASH_BYTES]
        aad = digests.at_rest_ves_payload_aad(tenant_id, store_id, UUID(bytes=event_id), signing_hash)
        try:
            payloads[at] = keys.open(tenant_id, key_id, aad, blob)
        except ProtocolError as error:
            states[at] |= _why_not(error)


def check_legacy_payload(
    ids: tuple[str, str, str],
    sequence_number: int,
    texts: tuple[str, str, str],
    payload: str | None,
    sealed: tuple[bytes | None, bytes | None],
    payload_hash: bytes,
) -> int:
    """Return 0 if the payload matches its hash, else a bit of `ves.audit`; `sealed` is (blob, key id)."""
    blob, key_id = sealed
    text = (payload or "").encode()
    if blob is not None:
        tenant_id, store_id, event_id = map(UUID, ids)
        try:
            aad = digests.at_rest_payload_aad(tenant_id, store_id, event_id, sequence_number, *texts)
            text = ring().open(tenant_id, key_id, aad, blob)
        except RequestRefused:
            return audit.PAYLOAD_NOT_OPENED
        except ProtocolError as error:
            return _why_not(error)
    try:
        is_right = sha256(plain(text)).digest() == payload_hash
    except ProtocolError:
        is_right = False
    return 0 if is_right else audit.PAYLOAD_HASH_WRONG


def seal(tenant_id: str, aad: bytes, plaintext: bytes) -> tuple[bytes, bytes] | tuple[None, None]:
    """(blob, key id), or nulls when plaintext is to be stored."""
    key = ring().current(UUID(tenant_id))
    return (None, None) if key is None else (key.seal([aad], [plaintext])[0], key.key_id)


def seal_legacy(
    ids: tuple[str, str],
    event_ids: Sequence[str],
    sequence_numbers: Sequence[int | None],
    texts: tuple[Sequence[str], Sequence[str], Sequence[str]],
    payloads: Sequence[str],
) -> tuple[list[bytes | None], list[bytes | None]] | tuple[None, None]:
    """(blobs, key ids) of legacy payloads under their numbers, or nulls when plaintext is to be stored.

    `ids` are tenant and store, `texts` the columns of entity type, entity id and event type.
    """
    tenant_id, store_id = map(UUID, ids)
    key = ring().current(tenant_id)
    if key is None:
        return None, None
    blobs: list[bytes | None] = []
    for event_id, number, names, payload in zip(
        event_ids, sequence_numbers, zip(*texts, strict=True), payloads, strict=True
    ):
        if number is None:
            blobs.append(None)
            continue
        aad = digests.at_rest_payload_aad(tenant_id, store_id, UUID(event_id), number, *names)
        blobs += key.seal([aad], [plain(payload.encode())])
    return blobs, [None if blob is None else key.key_id for blob in blobs]


def ves_payload_aad(tenant_id: str, store_id: str, event_id: str, signing_hash: bytes) -> bytes:
    """AAD of a stored VES payload (VES 16; a form of this implementation), 32 bytes."""
    return digests.at_rest_ves_payload_aad(UUID(tenant_id), UUID(store_id), UUID(event_id), signing_hash)


def current_key_ids(tenant_ids: Sequence[str]) -> list[bytes]:
    """Return the id of the current key of each tenant, in every mode. Raises RequestRefused without a key."""
    keys = ring()
    return [_first(keys, tenant).key_id for tenant in tenant_ids]


def reseal(
    kind: str,
    tenant_ids: Sequence[str],
    aads: Sequence[bytes],
    stored: Sequence[bytes],
    key_ids: Sequence[bytes | None],
    hashes: Sequence[bytes],
) -> tuple[list[bytes], list[bytes]]:
    """Re-encrypt stored content under the current keys: blobs, or plaintext where the key id is null.

    Returns (blobs, key ids). The decrypted content is compared with the stored hash (`kind` is ves, legacy, validity
    or compliance), so that corrupted content is never re-encrypted. Raises RequestRefused.
    """
    keys = ring()
    blobs, new_ids = [], []
    for tenant, aad, data, key_id, expected in zip(tenant_ids, aads, stored, key_ids, hashes, strict=True):
        plaintext = data if key_id is None else open_at_rest([tenant], [aad], [data], [key_id])[0]
        if kind == "legacy":
            plaintext = plain(plaintext)
        if _hash(kind, plaintext) != expected:
            raise RequestRefused(
                _NOT_OPENED, "the stored content is not what its hash says", {"reason": "hash_mismatch"}
            )
        key = _first(keys, tenant)
        blobs += key.seal([aad], [plaintext])
        new_ids.append(key.key_id)
    return blobs, new_ids


def _first(keys: KeyRing, tenant: str) -> Key:
    found = keys.keys(UUID(tenant))
    if not found:
        raise RequestRefused("encryption_required", "there is no key to encrypt with")
    return found[0]


def _hash(kind: str, plaintext: bytes) -> bytes:
    if kind == "ves":
        return digests.payload_plain_hash(jcs(plaintext))
    if kind == "legacy":
        return sha256(plaintext).digest()
    if kind == "validity":
        return digests.validity_proof_hash(plaintext)
    return digests.compliance_proof_hash(plaintext)
