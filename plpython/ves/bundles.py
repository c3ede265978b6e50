"""Signature and key bundles (VES 3, 6.3, 6.4): several parts of one identity, as JSON with byte arrays."""

from __future__ import annotations

from typing import Annotated, NamedTuple

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


class ProofBundle(msgspec.Struct, frozen=True, omit_defaults=True):
    """The proofs of possession given with a key (VES 6.4)."""

    ed25519_pop: list[Byte] | None = None
    ml_dsa_65_pop: list[Byte] | None = None


class KeyParts(NamedTuple):
    """The public keys of a bundle; None where absent."""

    ed25519: bytes | None = None
    ml_dsa_65: bytes | None = None
    x25519: bytes | None = None
    ml_kem_768: bytes | None = None


_signature_decoder = msgspec.json.Decoder(SignatureBundle)
_key_decoder = msgspec.json.Decoder(KeyBundle)
_proof_decoder = msgspec.json.Decoder(ProofBundle)


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
    parts = all_key_parts(bundle)
    return parts.ed25519 or b"", parts.ml_dsa_65 or b""


def all_key_parts(bundle: bytes | None) -> KeyParts:
    """The keys of a stored key bundle's JSON text. Raises ProtocolError("invalid_bundle")."""
    if not bundle:
        return KeyParts()
    try:
        value = _key_decoder.decode(bundle)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProtocolError("invalid_bundle", "not a key bundle") from None
    return KeyParts(
        *(
            None if part is None else bytes(part)
            for part in (
                value.ed25519_public_key,
                value.ml_dsa_65_public_key,
                value.x25519_public_key,
                value.ml_kem_768_public_key,
            )
        )
    )


def proof_parts(bundle: bytes | None) -> tuple[bytes | None, bytes | None]:
    """(Ed25519 proof, ML-DSA-65 proof) of a bundle's JSON text. Raises ProtocolError("invalid_bundle")."""
    if not bundle:
        return None, None
    try:
        value = _proof_decoder.decode(bundle)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProtocolError("invalid_bundle", "not a bundle of proofs") from None
    classic, pqc = value.ed25519_pop, value.ml_dsa_65_pop
    return None if classic is None else bytes(classic), None if pqc is None else bytes(pqc)


def encode_proof_bundle(ed25519: bytes | None, ml_dsa_65: bytes | None) -> bytes:
    """JSON text of a bundle of proofs, the form in which it is stored."""
    return msgspec.json.encode(
        ProofBundle(
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
