"""Structure of VES-ENC-1 payloads (VES 8.1) and their cipher hash (VES 8.2)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any

import msgspec

from ves import json_decode
from ves.codec import U32_MAX, b64u_decode
from ves.digests import payload_cipher_hash, recipients_hash
from ves.errors import ProtocolError
from ves.repeats import first_repeated

U32 = Annotated[int, msgspec.Meta(ge=0, le=U32_MAX)]

NONCE_BYTES = 12
TAG_BYTES = 16
ENC_BYTES = 32
WRAPPED_KEY_BYTES = 48
_AEAD = "AES-256-GCM"
_KDF = "HKDF-SHA256"
_MODES = ("base", "hybrid-base", "pqc-base")
_KEMS = ("X25519-HKDF-SHA256", "x25519+mlkem768", "mlkem768")
_PROFILE_KEMS = {"legacy": _KEMS, "hybrid": _KEMS[1:], "pqc-strict": _KEMS[2:]}


class HpkeSuite(msgspec.Struct, frozen=True):
    """Names of the wrap algorithms; no hash covers them."""

    mode: str
    kem: str
    kdf: str
    aead: str


class WireRecipient(msgspec.Struct, frozen=True):
    """One wrapped key as sent."""

    recipient_kid: U32
    enc_b64u: str
    ct_b64u: str


class PayloadEncrypted(msgspec.Struct, frozen=True):
    """`payload_encrypted` as sent, known members only."""

    enc_version: U32
    aead: str
    nonce_b64u: str
    ciphertext_b64u: str
    tag_b64u: str
    hpke: HpkeSuite
    recipients: list[WireRecipient]


class Recipient(msgspec.Struct, frozen=True):
    """One wrapped key: key number, encapsulated key (32 bytes), wrapped payload key (48 bytes)."""

    kid: int
    enc: bytes
    ct: bytes


class Encrypted(msgspec.Struct, frozen=True):
    """A structurally valid encrypted payload, decoded to bytes."""

    nonce: bytes
    ciphertext: bytes
    tag: bytes
    recipients: list[Recipient]

    def cipher_hash(self, aad: bytes) -> bytes:
        """`payload_cipher_hash` under the event's `payload_aad` (VES 8.2 step 7)."""
        wrapped = recipients_hash((item.kid, item.enc, item.ct) for item in self.recipients)
        return payload_cipher_hash(self.nonce, aad, self.ciphertext, self.tag, wrapped)


_decode = json_decode.decoder(PayloadEncrypted)
_encode = msgspec.json.Encoder().encode


def decode(raw: bytes) -> PayloadEncrypted:
    """The members of an encrypted payload's JSON text. Raises ProtocolError("invalid_shape")."""
    try:
        payload = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError("invalid_shape", f"payload_encrypted: {error}") from None
    repeated = first_repeated(raw, PayloadEncrypted)
    if repeated is not None:
        raise ProtocolError("invalid_shape", f"payload_encrypted: {repeated} is there twice")
    return payload


def encode(payload: PayloadEncrypted) -> bytes:
    """Compact JSON text of the known members, always in the same order."""
    return _encode(payload)


def grpc_members(payload: PayloadEncrypted) -> dict[str, Any]:
    """Members of the gRPC message EncryptedPayload (grpc-api 3.2). Raises ProtocolError("invalid_base64")."""
    return {
        "enc_version": payload.enc_version,
        "aead": payload.aead,
        "nonce": b64u_decode(payload.nonce_b64u),
        "ciphertext": b64u_decode(payload.ciphertext_b64u),
        "tag": b64u_decode(payload.tag_b64u),
        "hpke": msgspec.structs.asdict(payload.hpke),
        "recipients": [
            {
                "recipient_kid": item.recipient_kid,
                "ephemeral_public_key": b64u_decode(item.enc_b64u),
                "wrapped_dek": b64u_decode(item.ct_b64u),
            }
            for item in payload.recipients
        ],
    }


def validate(payload: PayloadEncrypted, *, strict: bool = False, profile: str = "legacy") -> Encrypted | str:
    """The payload in bytes, or the name of the first member that breaks VES 8.1.

    The refusal message is ``schema_validation: `` followed by this name. `strict` requires canonical base64url.
    """
    field = _suite_error(payload, profile)
    if field is not None:
        return f"payload_encrypted.{field}"
    try:
        nonce = _sized("nonce_b64u", payload.nonce_b64u, NONCE_BYTES, strict)
        ciphertext = _sized("ciphertext_b64u", payload.ciphertext_b64u, None, strict)
        tag = _sized("tag_b64u", payload.tag_b64u, TAG_BYTES, strict)
        recipients = _recipients(payload.recipients, strict)
    except ProtocolError as error:
        return f"payload_encrypted.{error.reason}"
    return Encrypted(nonce, ciphertext, tag, recipients)


def _suite_error(payload: PayloadEncrypted, profile: str) -> str | None:
    suite = payload.hpke
    checks = (
        ("enc_version", 1 <= payload.enc_version <= 3),  # noqa: PLR2004
        ("aead", payload.aead == _AEAD),
        ("hpke.mode", suite.mode in _MODES),
        ("hpke.kem", suite.kem in _KEMS),
        ("hpke.kdf", suite.kdf == _KDF),
        ("hpke.aead", suite.aead == _AEAD),
        ("hpke.kem", suite.kem in _PROFILE_KEMS[profile]),
    )
    return next((name for name, good in checks if not good), None)


def _recipients(wire: list[WireRecipient], strict: bool) -> list[Recipient]:
    kids = [item.recipient_kid for item in wire]
    if not kids or any(low >= high for low, high in pairwise(kids)):
        raise ProtocolError("recipients", "recipients must ascend by recipient_kid")
    return [
        Recipient(
            item.recipient_kid,
            _sized("recipients.enc_b64u", item.enc_b64u, ENC_BYTES, strict),
            _sized("recipients.ct_b64u", item.ct_b64u, WRAPPED_KEY_BYTES, strict),
        )
        for item in wire
    ]


def _sized(field: str, text: str, length: int | None, strict: bool) -> bytes:
    try:
        data = b64u_decode(text, strict=strict)
    except ProtocolError as error:
        raise ProtocolError(field, error.message) from None
    if not data or (length is not None and len(data) != length):
        raise ProtocolError(field, f"{field} has the wrong length")
    return data
