"""One event of an ingest request: hashed, checked for format, ready for the database (VES 14.2, 5 and 6)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import msgspec

from ves import domains, encrypted
from ves.canonical import is_plain_longer, jcs
from ves.codec import ZERO_HASH, parse_hex, string
from ves.digests import payload_aad
from ves.envelope import Envelope, check_numbers
from ves.errors import RequestRefused
from ves.json_scan import MAX_DEPTH, has_nul
from ves.signatures import PROFILES, SCHEME_HYBRID
from ves.timestamps import rfc3339_micros

PLAINTEXT = 0
ENCRYPTED = 1
VERSION = 1
# JSON nesting levels above a payload: request, events array, event.
LEVELS_ABOVE_PAYLOAD = 3

ENTITY_TYPE_BYTES = 128
ENTITY_ID_BYTES = 512
EVENT_TYPE_BYTES = 256
# Maximum ratio of compact form to source text in bytes (reached by 1e15).
_PLAIN_GROWTH = 5
_NULL = b"null"
_ZERO_HASH_TEXT = "0x" + "0" * 64
_REFUSED_TEXT_KEPT = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one request. `strict_format` and `profile` as in VES 1 and 6.3."""

    max_events: int = 1000
    max_payload_bytes: int = 1_048_576
    max_depth: int = MAX_DEPTH
    strict_format: bool = False
    profile: str = "legacy"

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ValueError(f"unknown security profile: {self.profile}")


class PreparedEvent(msgspec.Struct, gc=False):
    """A decoded and hashed event: the database decides on it without parsing its text again.

    `refusal` is None or the reason string of VES 14.3; hashes are 32 bytes, `signature` 64. `plain_hash`
    and `cipher_hash` are the claimed values, verified when `refusal` is None.
    """

    event_id: UUID
    command_id: UUID | None
    source_agent_id: UUID
    agent_key_id: int
    entity_type: str
    entity_id: str
    event_type: str
    created_at: str
    created_at_micros: int
    payload_kind: int
    payload: bytes
    base_version: int | None
    signature_scheme: int
    signature_bundle: bytes | None
    plain_hash: bytes
    cipher_hash: bytes
    signing_hash: bytes
    signature: bytes
    refusal: str | None = None
    refusal_message: str | None = None


_Refusal = tuple[str, str]


class Preparer:
    """Prepares the events of one request, which share tenant, store and limits.

    `limit_refusal` is the first whole-request refusal caused by an event
    (VES 3: lengths, missing payload, payload size).
    """

    __slots__ = ("_limits", "_stream", "_texts", "limit_refusal")

    def __init__(self, limits: Limits, tenant_id: UUID, store_id: UUID) -> None:
        self._limits = limits
        self._stream = tenant_id.bytes + store_id.bytes
        self._texts: dict[str, bytes] = {}
        self.limit_refusal: RequestRefused | None = None

    def prepare(self, wire: Envelope) -> PreparedEvent:
        """The prepared form of one event.

        Raises RequestRefused for malformed hex (``invalid_shape``) and JSON (``malformed_json``).
        """
        strict = self._limits.strict_format
        plain_hash = _hex("payload_plain_hash", wire.payload_plain_hash, 32, strict)
        cipher_hash = (
            ZERO_HASH
            if wire.payload_cipher_hash == _ZERO_HASH_TEXT
            else _hex("payload_cipher_hash", wire.payload_cipher_hash, 32, strict)
        )
        signature = _hex("agent_signature", wire.agent_signature, 64, strict)
        signing_hash = self._signing_hash(wire, plain_hash, cipher_hash)
        micros = rfc3339_micros(wire.created_at)
        payload, refusal = (
            self._encrypted(wire, cipher_hash, micros)
            if wire.payload_kind
            else self._plaintext(wire, plain_hash, cipher_hash, micros)
        )
        reason, message = refusal or (None, None)
        scheme, bundle = wire.agent_signature_scheme or 0, wire.agent_signature_bundle
        return PreparedEvent(
            wire.event_id,
            wire.command_id,
            wire.source_agent_id,
            wire.agent_key_id,
            wire.entity_type,
            wire.entity_id,
            wire.event_type,
            wire.created_at if micros is not None else _named(wire.created_at),
            micros or 0,
            wire.payload_kind,
            payload,
            check_numbers(wire),
            scheme if 0 <= scheme <= SCHEME_HYBRID else 0,
            None if bundle is None else msgspec.json.encode(bundle),
            plain_hash,
            cipher_hash,
            signing_hash,
            signature,
            reason,
            message,
        )

    def _signing_hash(self, wire: Envelope, plain_hash: bytes, cipher_hash: bytes) -> bytes:
        """Return the hash of `ves.digests.signing_preimage`; encodings that repeat in a batch are cached.

        The text lengths are checked here because they are counted in encoded bytes.
        """
        entity_type = self._texts.get(wire.entity_type) or self._encode(wire.entity_type)
        event_type = self._texts.get(wire.event_type) or self._encode(wire.event_type)
        entity_id = wire.entity_id.encode()
        created_at = wire.created_at.encode()
        # The first two include their 4-byte length prefix.
        self._check_texts(wire, len(entity_type) - 4, len(entity_id), len(event_type) - 4)
        return sha256(
            b"".join(
                (
                    domains.EVENT_SIGNATURE,
                    wire.ves_version.to_bytes(4, "big"),
                    self._stream,
                    wire.event_id.bytes,
                    wire.source_agent_id.bytes,
                    wire.agent_key_id.to_bytes(4, "big"),
                    entity_type,
                    len(entity_id).to_bytes(4, "big"),
                    entity_id,
                    event_type,
                    len(created_at).to_bytes(4, "big"),
                    created_at,
                    wire.payload_kind.to_bytes(4, "big"),
                    plain_hash,
                    cipher_hash,
                )
            )
        ).digest()

    def _encode(self, text: str) -> bytes:
        self._texts[text] = encoded = string(text)
        return encoded

    def _check_texts(self, wire: Envelope, entity_type: int, entity_id: int, event_type: int) -> None:
        """Record a refusal unless the three lengths in bytes, the texts are allowed."""
        if not 1 <= entity_type <= ENTITY_TYPE_BYTES or "\0" in wire.entity_type:
            self._refuse_field(wire, "entity_type", f"1 to {ENTITY_TYPE_BYTES} bytes without NUL")
        if not 1 <= entity_id <= ENTITY_ID_BYTES or "\0" in wire.entity_id:
            self._refuse_field(wire, "entity_id", f"1 to {ENTITY_ID_BYTES} bytes without NUL")
        if not 1 <= event_type <= EVENT_TYPE_BYTES or "\0" in wire.event_type:
            self._refuse_field(wire, "event_type", f"1 to {EVENT_TYPE_BYTES} bytes without NUL")

    def _plaintext(
        self, wire: Envelope, plain_hash: bytes, cipher_hash: bytes, micros: int | None
    ) -> tuple[bytes, _Refusal | None]:
        limits = self._limits
        payload = bytes(wire.payload)
        if payload == _NULL:
            self._refuse(wire, "payload", "payload is required for payload_kind 0")
            return payload, None
        canonical = jcs(payload, max_depth=limits.max_depth - LEVELS_ABOVE_PAYLOAD)
        if b"\\" in payload and has_nul(payload):
            self._refuse_field(wire, "payload", "free of the character U+0000")
        if len(payload) * _PLAIN_GROWTH > limits.max_payload_bytes:
            self._check_size(wire, payload, canonical, "payload")
        is_also_encrypted = bytes(wire.payload_encrypted) != _NULL
        if is_also_encrypted:
            encrypted.decode(bytes(wire.payload_encrypted))
        refusal: _Refusal | None = None
        if wire.ves_version != VERSION:
            refusal = _unsupported(wire)
        elif is_also_encrypted:
            refusal = _UNEXPECTED_ENCRYPTED
        elif cipher_hash != ZERO_HASH:
            refusal = _NONZERO_CIPHER_HASH
        elif micros is None:
            refusal = _BAD_CREATED_AT
        elif sha256(domains.PAYLOAD_PLAIN + canonical).digest() != plain_hash:
            refusal = _BAD_PAYLOAD_HASH
        return payload, refusal

    def _encrypted(
        self, wire: Envelope, cipher_hash: bytes, micros: int | None
    ) -> tuple[bytes, _Refusal | None]:
        limits = self._limits
        if bytes(wire.payload_encrypted) == _NULL:
            field = "payload_encrypted"
            self._refuse(wire, field, f"{field} is required for payload_kind 1")
            return _NULL, None
        members = encrypted.decode(bytes(wire.payload_encrypted))
        payload = encrypted.encode(members)
        if len(payload) * _PLAIN_GROWTH > limits.max_payload_bytes:
            self._check_size(wire, payload, payload, "payload_encrypted")
        if bytes(wire.payload) != _NULL:
            jcs(bytes(wire.payload), max_depth=limits.max_depth - LEVELS_ABOVE_PAYLOAD)
        return payload, self._encrypted_refusal(wire, members, cipher_hash, micros)

    def _encrypted_refusal(
        self,
        wire: Envelope,
        members: encrypted.PayloadEncrypted,
        cipher_hash: bytes,
        micros: int | None,
    ) -> _Refusal | None:
        if wire.ves_version != VERSION:
            return _unsupported(wire)
        if bytes(wire.payload) != _NULL:
            return _UNEXPECTED_PAYLOAD
        limits = self._limits
        content = encrypted.validate(members, strict=limits.strict_format, profile=limits.profile)
        if isinstance(content, str):
            return _schema(content, f"{content} is not acceptable")
        if micros is None:
            return _BAD_CREATED_AT
        return None if content.cipher_hash(_aad(wire)) == cipher_hash else _BAD_CIPHER_HASH

    def _check_size(self, wire: Envelope, payload: bytes, canonical: bytes, field: str) -> None:
        """Record a refusal if the compact form of a payload is too long."""
        limit = self._limits.max_payload_bytes
        if self.limit_refusal is None and is_plain_longer(payload, canonical, limit):
            self.limit_refusal = RequestRefused(
                "payload_too_large",
                f"{field} has more than {limit} bytes",
                {"event_id": str(wire.event_id), "limit": limit},
            )

    def _refuse_field(self, wire: Envelope, field: str, rule: str) -> None:
        self._refuse(wire, field, f"{field} must be {rule}")

    def _refuse(self, wire: Envelope, field: str, message: str) -> None:
        if self.limit_refusal is None:
            details = {"event_id": str(wire.event_id), "field": field}
            self.limit_refusal = RequestRefused("invalid_field", message, details)


def _schema(field: str, message: str) -> _Refusal:
    return f"schema_validation: {field}", message


_BAD_CREATED_AT = _schema("created_at", "created_at must be an RFC 3339 time with an offset")
_UNEXPECTED_PAYLOAD = _schema("payload", "payload must be absent for payload_kind 1")
_UNEXPECTED_ENCRYPTED = _schema("payload_encrypted", "payload_encrypted must be absent for payload_kind 0")
_NONZERO_CIPHER_HASH = _schema("payload_cipher_hash", "payload_cipher_hash must be zero for payload_kind 0")
_BAD_PAYLOAD_HASH = "invalid_payload_hash", "payload_plain_hash does not match the payload"
_BAD_CIPHER_HASH = "invalid_cipher_hash", "payload_cipher_hash does not match payload_encrypted"


def _unsupported(wire: Envelope) -> _Refusal:
    return "unsupported_version", f"ves_version {wire.ves_version} is not supported"


def _aad(wire: Envelope) -> bytes:
    return payload_aad(
        tenant_id=wire.tenant_id,
        store_id=wire.store_id,
        event_id=wire.event_id,
        source_agent_id=wire.source_agent_id,
        agent_key_id=wire.agent_key_id,
        entity_type=wire.entity_type,
        entity_id=wire.entity_id,
        event_type=wire.event_type,
        created_at=wire.created_at,
        payload_plain_hash=parse_hex(wire.payload_plain_hash, 32),
    )


def _named(created_at: str) -> str:
    """Return a refused timestamp, truncated for the message; a refused event is never stored."""
    return created_at[:_REFUSED_TEXT_KEPT].replace("\0", "\ufffd")


def _hex(field: str, text: str, length: int, strict: bool) -> bytes:
    """`ves.codec.parse_hex` with a fast path for the usual form."""
    try:
        if text[:2] == "0x" and not strict:
            data = bytes.fromhex(text[2:])
            if len(data) == length and len(text) == 2 * length + 2:
                return data
        return parse_hex(text, length, strict=strict)
    except ValueError:
        raise RequestRefused(
            "invalid_shape", f"{field} must be {length} bytes of hexadecimal", {"field": field}
        ) from None
