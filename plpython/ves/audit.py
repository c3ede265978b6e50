"""Re-verification of stored events (VES 4 to 11): everything that can be recomputed, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from ves import domains, ed25519, encrypted
from ves.canonical import jcs
from ves.codec import ZERO_HASH, u32, u64
from ves.errors import ProtocolError
from ves.signatures import ALGORITHM_ED25519, SCHEME_ED25519, AgentKey, signature_error

PAYLOAD_HASH_WRONG = 1
CIPHER_HASH_WRONG = 2
SIGNING_HASH_WRONG = 4
SIGNATURE_WRONG = 8
LEAF_HASH_WRONG = 16
RECEIPT_HASH_WRONG = 32
RECEIPT_SIGNATURE_WRONG = 64

DIGEST_BYTES = 160
_HASH = 32


@dataclass(frozen=True, slots=True)
class StoredEvents:
    """Parallel columns of stored events of one stream; ids are 16 bytes, `agent_key_ids` u32 numbers.

    `digests` holds 160 bytes an event (plain, cipher, signing hash, signature), `leaf_hashes` 32. `keys`
    and the receipt columns hold None where nothing is stored.
    """

    stream: bytes
    event_ids: Sequence[bytes]
    sequence_numbers: Sequence[int]
    ves_versions: Sequence[int]
    agent_ids: Sequence[bytes]
    agent_key_ids: Sequence[int]
    entity_types: Sequence[str]
    entity_ids: Sequence[str]
    event_types: Sequence[str]
    created_at_texts: Sequence[str]
    payload_kinds: Sequence[int]
    payloads: Sequence[str | None]
    digests: bytes
    leaf_hashes: bytes
    signature_schemes: Sequence[int]
    signature_bundles: Sequence[bytes | None]
    keys: Sequence[AgentKey | None]
    receipt_hashes: Sequence[bytes | None]
    receipt_signatures: Sequence[bytes | None]
    receipt_public_keys: Sequence[bytes | None]


def verify_events(events: StoredEvents) -> list[int]:
    """A bit mask of findings for every event, in order; 0 means that all of it is right."""
    return [_findings(events, at) for at in range(len(events.event_ids))]


def _findings(events: StoredEvents, at: int) -> int:
    start = at * DIGEST_BYTES
    plain_hash = events.digests[start : start + _HASH]
    cipher_hash = events.digests[start + 32 : start + 64]
    signing_hash = events.digests[start + 64 : start + 96]
    signature = events.digests[start + 96 : start + DIGEST_BYTES]
    found = 0
    ids = events.stream + events.event_ids[at] + events.agent_ids[at] + u32(events.agent_key_ids[at])
    texts = _texts(events, at)
    kind = events.payload_kinds[at]
    payload = events.payloads[at]
    if kind:
        aad = sha256(domains.PAYLOAD_AAD + ids + texts + plain_hash).digest()
        if not _is_cipher_hash(payload, aad, cipher_hash):
            found |= CIPHER_HASH_WRONG
    else:
        if not _is_payload_hash(payload, plain_hash):
            found |= PAYLOAD_HASH_WRONG
        if cipher_hash != ZERO_HASH:
            found |= CIPHER_HASH_WRONG
    preimage = domains.EVENT_SIGNATURE + u32(events.ves_versions[at]) + ids + texts + u32(kind)
    expected = sha256(preimage + plain_hash + cipher_hash).digest()
    if expected != signing_hash:
        found |= SIGNING_HASH_WRONG
    if not _is_signed(events, at, expected, signature):
        found |= SIGNATURE_WRONG
    return found | _leaf_and_receipt(events, at, expected, signature)


def _texts(events: StoredEvents, at: int) -> bytes:
    parts: list[bytes] = []
    for text in (
        events.entity_types[at],
        events.entity_ids[at],
        events.event_types[at],
        events.created_at_texts[at],
    ):
        data = text.encode()
        parts += (len(data).to_bytes(4, "big"), data)
    return b"".join(parts)


def _is_payload_hash(payload: str | None, plain_hash: bytes) -> bool:
    try:
        canonical = jcs((payload or "").encode())
    except ProtocolError:
        return False
    return sha256(domains.PAYLOAD_PLAIN + canonical).digest() == plain_hash


def _is_cipher_hash(payload: str | None, aad: bytes, cipher_hash: bytes) -> bool:
    try:
        content = encrypted.validate(encrypted.decode((payload or "").encode()))
    except ProtocolError:
        return False
    return not isinstance(content, str) and content.cipher_hash(aad) == cipher_hash


def _is_signed(events: StoredEvents, at: int, message: bytes, signature: bytes) -> bool:
    key = events.keys[at]
    if key is None:
        return False
    scheme = events.signature_schemes[at]
    if key.algorithm == ALGORITHM_ED25519 and scheme <= SCHEME_ED25519:
        return ed25519.verify(key.public_key, message, signature)
    return signature_error(key, scheme, message, signature, events.signature_bundles[at]) is None


def _leaf_and_receipt(events: StoredEvents, at: int, signing_hash: bytes, signature: bytes) -> int:
    found = 0
    number = u64(events.sequence_numbers[at])
    leaf = sha256(domains.LEAF + events.stream + number + signing_hash + signature).digest()
    if leaf != events.leaf_hashes[at * _HASH : (at + 1) * _HASH]:
        found |= LEAF_HASH_WRONG
    stored_hash = events.receipt_hashes[at]
    if stored_hash is None:
        return found
    receipt = sha256(domains.RECEIPT + events.stream + events.event_ids[at] + number + signing_hash).digest()
    if receipt != stored_hash:
        found |= RECEIPT_HASH_WRONG
    receipt_signature = events.receipt_signatures[at]
    if receipt_signature is not None and not ed25519.verify(
        events.receipt_public_keys[at] or b"", receipt, receipt_signature
    ):
        found |= RECEIPT_SIGNATURE_WRONG
    return found
