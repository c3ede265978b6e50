"""Signature and key bundles (VES 3, 6.3, 6.4): several parts of one identity, as JSON with byte arrays."""

from __future__ import annotations

from typing import Annotated

import msgspec

from ves.errors import ProtocolError

Byte = Annotated[int, msgspec.Meta(ge=0, le=255)]


class SignatureBundle(msgspec.Struct, frozen=True, omit_defaults=True):
    """The two halves of a hybrid signature; absent halves are None."""

    ed25519_signature: list[Byte] | None = None
    ml_dsa_65_signature: list[Byte] | None = None


class KeyBundle(msgspec.Struct, frozen=True, omit_defaults=True):
    """The public keys registered together under one key id."""

    ed25519_public_key: list[Byte] | None = None
    ml_dsa_65_public_key: list[Byte] | None = None
    x25519_public_key: list[Byte] | None = None
    ml_kem_768_public_key: list[Byte] | None = None


_signature_decoder = msgspec.json.Decoder(SignatureBundle)
_key_decoder = msgspec.json.Decoder(KeyBundle)


def signature_parts(bundle: bytes | None) -> tuple[bytes, bytes]:
    """(Ed25519 signature, ML-DSA-65 signature) of a stored bundle's JSON text; b"" where absent."""
    if not bundle:
        return b"", b""
    try:
        value = _signature_decoder.decode(bundle)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProtocolError("invalid_bundle", "not a signature bundle") from None
    return bytes(value.ed25519_signature or ()), bytes(value.ml_dsa_65_signature or ())


def key_parts(bundle: bytes | None) -> tuple[bytes, bytes]:
    """(Ed25519 key, ML-DSA-65 key) of a stored key bundle's JSON text; b"" where absent."""
    if not bundle:
        return b"", b""
    try:
        value = _key_decoder.decode(bundle)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProtocolError("invalid_bundle", "not a key bundle") from None
    return bytes(value.ed25519_public_key or ()), bytes(value.ml_dsa_65_public_key or ())


def encode_signature_bundle(ed25519: bytes | None, ml_dsa_65: bytes | None) -> bytes:
    """JSON text of a signature bundle."""
    return msgspec.json.encode(
        SignatureBundle(
            None if ed25519 is None else list(ed25519), None if ml_dsa_65 is None else list(ml_dsa_65)
        )
    )


def encode_key_bundle(
    ed25519: bytes | None = None,
    ml_dsa_65: bytes | None = None,
    x25519: bytes | None = None,
    ml_kem_768: bytes | None = None,
) -> bytes:
    """JSON text of a key bundle, the form in which it is stored (VES 6.4)."""
    parts = (ed25519, ml_dsa_65, x25519, ml_kem_768)
    return msgspec.json.encode(KeyBundle(*(None if part is None else list(part) for part in parts)))
