"""PL/Python adapter of encryption at rest (VES 16) under the key ring of the server process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from itertools import repeat
from typing import NamedTuple
from uuid import UUID

from ves import audit, digests
from ves.canonical import jcs, plain
from ves.errors import ProtocolError, RequestRefused
from ves.keyring import DISABLED, Key, KeyRing
from ves.keyring_source import of_process
from ves.plpython_functions import Bigint, UuidText, sql_function

_NOT_OPENED = "payload_not_readable"
# Volatile, because the planner calls a stable function too, to estimate the rows of unnest.
_BATCH = "volatile called on null input parallel restricted cost 10000"
_CONTENT_HASHES: dict[str, Callable[[bytes], bytes]] = {
    "ves": lambda payload: digests.payload_plain_hash(jcs(payload)),
    "legacy": lambda payload: sha256(payload).digest(),
    "validity": digests.validity_proof_hash,
    "compliance": digests.compliance_proof_hash,
}


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


@sql_function(_BATCH)
def open_at_rest(
    tenant_ids: list[UuidText],
    aads: list[bytes],
    blobs: list[bytes],
    key_ids: list[bytes | None],
) -> list[bytes]:
    """Plaintexts of blobs (VES 16) under the key ring of the server process.

    Errors: VE510 no usable key ring, VE512 naming the reason at the first blob that does not decrypt.
    """
    return _opened(map(UUID, tenant_ids), aads, blobs, key_ids)


@sql_function(_BATCH)
def open_ves_at_rest(
    tenant_id: UUID,
    store_id: UUID,
    event_ids: list[UuidText],
    signing_hashes: list[bytes],
    blobs: list[bytes],
    key_ids: list[bytes | None],
) -> list[bytes]:
    """Plaintexts of payloads of a VES stream (VES 16), as `open_at_rest`. Errors: VE510, VE512."""
    aads = (
        digests.at_rest_ves_payload_aad(tenant_id, store_id, UUID(event_id), signing_hash)
        for event_id, signing_hash in zip(event_ids, signing_hashes, strict=True)
    )
    return _opened(repeat(tenant_id, len(blobs)), aads, blobs, key_ids)


@sql_function(_BATCH)
def open_legacy_at_rest(
    tenant_id: UUID,
    store_id: UUID,
    event_ids: list[UuidText],
    sequence_numbers: list[Bigint],
    entity_types: list[str],
    entity_ids: list[str],
    event_types: list[str],
    blobs: list[bytes],
    key_ids: list[bytes | None],
) -> list[bytes]:
    """Plaintexts of payloads of a legacy stream (VES 16), as `open_at_rest`. Errors: VE510, VE512."""
    aads = (
        digests.at_rest_payload_aad(tenant_id, store_id, UUID(event_id), number, *texts)
        for event_id, number, *texts in zip(
            event_ids, sequence_numbers, entity_types, entity_ids, event_types, strict=True
        )
    )
    return _opened(repeat(tenant_id, len(blobs)), aads, blobs, key_ids)


def _opened(
    tenant_ids: Iterable[UUID], aads: Iterable[bytes], blobs: Sequence[bytes], key_ids: Sequence[bytes | None]
) -> list[bytes]:
    keys = ring()
    try:
        return [
            keys.open(tenant_id, key_id, aad, blob)
            for tenant_id, aad, blob, key_id in zip(tenant_ids, aads, blobs, key_ids, strict=True)
        ]
    except ProtocolError as error:
        raise RequestRefused(_NOT_OPENED, error.message, {"reason": error.reason}) from None


def _why_not(error: ProtocolError) -> audit.Finding:
    return "payload_at_rest" if error.reason == "not_authentic" else "payload_not_opened"


def _audit_ring() -> KeyRing:
    try:
        return ring()
    except RequestRefused:
        return KeyRing(DISABLED)


def open_for_audit(
    chunk: audit.StoredEvents, blobs: Sequence[bytes | None], key_ids: Sequence[bytes | None]
) -> None:
    """Decrypt into `chunk.payloads`; where that fails, set the reason in `chunk.payload_states`.

    Without a key ring nothing is decrypted, and no finding is reported.
    """
    tenant_id, store_id = UUID(bytes=chunk.stream[:16]), UUID(bytes=chunk.stream[16:])
    keys = _audit_ring()
    events = zip(blobs, key_ids, chunk.event_ids, chunk.signing_hashes, strict=True)
    for at, (blob, key_id, event_id, signing_hash) in enumerate(events):
        if blob is None:
            continue
        aad = digests.at_rest_ves_payload_aad(tenant_id, store_id, UUID(bytes=event_id), signing_hash)
        try:
            chunk.payloads[at] = keys.open(tenant_id, key_id, aad, blob)
        except ProtocolError as error:
            chunk.payload_states[at] = _why_not(error)


@sql_function("stable called on null input parallel restricted cost 10000")
def verify_legacy_batch(
    tenant_id: UUID,
    store_id: UUID,
    event_ids: list[UuidText],
    sequence_numbers: list[Bigint],
    entity_types: list[str],
    entity_ids: list[str],
    event_types: list[str],
    payloads: list[str | None],
    payloads_at_rest: list[bytes | None],
    key_ids: list[bytes | None],
    payload_hashes: list[bytes],
) -> list[str | None]:
    """Compare the payloads of stored legacy events with their hashes (VES 17.1).

    One value an event: null if they fit, else a name of ves_int.findings: payload_hash, payload_not_opened or
    payload_at_rest.
    """
    keys, found = _audit_ring(), list[str | None]()
    for event_id, number, *texts, payload, blob, key_id, expected in zip(
        event_ids, sequence_numbers, entity_types, entity_ids, event_types,
        payloads, payloads_at_rest, key_ids, payload_hashes, strict=True,
    ):  # fmt: skip
        opened = (payload or "").encode()
        if blob is not None:
            aad = digests.at_rest_payload_aad(tenant_id, store_id, UUID(event_id), number, *texts)
            try:
                opened = keys.open(tenant_id, key_id, aad, blob)
            except ProtocolError as error:
                found.append(_why_not(error))
                continue
        found.append(None if _is_payload(opened, expected) else "payload_hash")
    return found


def _is_payload(text: bytes, expected: bytes) -> bool:
    try:
        return sha256(plain(text)).digest() == expected
    except ProtocolError:
        return False


class Sealed(NamedTuple):
    """An SSE1 blob and the id of its key; nulls for plaintext storage."""

    blob: bytes | None
    key_id: bytes | None


class Resealed(NamedTuple):
    """New blobs and the ids of their keys."""

    blobs: list[bytes]
    new_key_ids: list[bytes]


@sql_function(_BATCH)
def seal_at_rest(tenant_id: UUID, aad: bytes, plaintext: bytes) -> Sealed:
    """Encrypt a plaintext at rest (VES 16) under the tenant's current key: the SSE1 blob, nulls for plaintext storage.

    Errors: VE510 no usable key ring, VE511.
    """
    key = ring().current(tenant_id)
    return Sealed(None, None) if key is None else Sealed(key.seal([aad], [plaintext])[0], key.key_id)


@sql_function(_BATCH)
def current_key_ids(tenant_ids: list[UuidText]) -> list[bytes]:
    """Ids of the tenants' current keys, in every mode. Errors: VE510 no usable key ring, VE511 no key."""
    keys = ring()
    return [_first(keys, tenant).key_id for tenant in tenant_ids]


@sql_function(_BATCH)
def reseal_at_rest(
    kind: str,
    tenant_ids: list[UuidText],
    aads: list[bytes],
    stored: list[bytes],
    key_ids: list[bytes | None],
    hashes: list[bytes],
) -> Resealed:
    """Re-encrypt stored content (plaintext where the key id is null) under the current keys of the tenants (VES 16).

    kind (ves, legacy, validity, compliance) selects the content hash to check, so that corrupted content is never
    re-encrypted. Errors: VE510, VE511, VE512 content that does not decrypt or does not match its hash.
    """
    keys = ring()
    blobs, new_ids = [], []
    for tenant, aad, data, key_id, expected in zip(tenant_ids, aads, stored, key_ids, hashes, strict=True):
        plaintext = data if key_id is None else open_at_rest([tenant], [aad], [data], [key_id])[0]
        if kind == "legacy":
            plaintext = plain(plaintext)
        if _CONTENT_HASHES[kind](plaintext) != expected:
            raise RequestRefused(
                _NOT_OPENED, "the stored content is not what its hash says", {"reason": "hash_mismatch"}
            )
        key = _first(keys, tenant)
        blobs += key.seal([aad], [plaintext], compress=kind == "ves")
        new_ids.append(key.key_id)
    return Resealed(blobs, new_ids)


def _first(keys: KeyRing, tenant: str) -> Key:
    found = keys.keys(UUID(tenant))
    if not found:
        raise RequestRefused("encryption_required", "there is no key to encrypt with")
    return found[0]


for aad_function in (
    digests.at_rest_compliance_aad,
    digests.at_rest_payload_aad,
    digests.at_rest_validity_aad,
    digests.at_rest_ves_payload_aad,
):
    sql_function()(aad_function)
