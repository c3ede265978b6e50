"""Signature and key bundles (VES 3, 6.3, 6.4): several parts of one identity, as JSON with byte arrays."""

from __future__ import annotations

from typing import Annotated, NamedTuple, TypeVar

import msgspec

from ves import json_decode
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


B = TypeVar("B", SignatureBundle, KeyBundle, ProofBundle)


def _parts(text: bytes, kind: type[B], what: str) -> list[bytes | None]:
    """Members of a bundle's JSON text in their order. Raises ProtocolError("invalid_bundle")."""
    try:
        bundle = json_decode.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProtocolError("invalid_bundle", f"not a {what}") from None
    return [None if part is None else bytes(part) for part in msgspec.structs.astuple(bundle)]


def signature_parts(bundle: bytes | None) -> tuple[bytes, bytes]:
    """(Ed25519 signature, ML-DSA-65 signature) of a stored bundle's JSON text; b"" where absent."""
    classic, pqc = _parts(bundle, SignatureBundle, "signature bundle") if bundle else (None, None)
    return classic or b"", pqc or b""


def key_parts(bundle: bytes | None) -> tuple[bytes, bytes]:
    """(Ed25519 key, ML-DSA-65 key) of a stored key bundle's JSON text; b"" where absent."""
    parts = all_key_parts(bundle)
    return parts.ed25519 or b"", parts.ml_dsa_65 or b""


def all_key_parts(bundle: bytes | None) -> KeyParts:
    """The keys of a stored key bundle's JSON text. Raises ProtocolError("invalid_bundle")."""
    return KeyParts(*_parts(bundle, KeyBundle, "key bundle")) if bundle else KeyParts()


def proof_parts(bundle: bytes | None) -> tuple[bytes | None, bytes | None]:
    """(Ed25519 proof, ML-DSA-65 proof) of a bundle's JSON text. Raises ProtocolError("invalid_bundle")."""
    classic, pqc = _parts(bundle, ProofBundle, "bundle of proofs") if bundle else (None, None)
    return classic, pqc


def _numbers(part: bytes | None) -> list[int] | None:
    return None if part is None else list(part)


def encode_proof_bundle(ed25519: bytes | None, ml_dsa_65: bytes | None) -> bytes:
    """JSON text of a bundle of proofs, the form in which it is stored."""
    return msgspec.json.encode(ProofBundle(*map(_numbers, (ed25519, ml_dsa_65))))


def encode_key_bundle(
    ed25519: bytes | None = None,
    ml_dsa_65: bytes | None = None,
    x25519: bytes | None = None,
    ml_kem_768: bytes | None = None,
) -> bytes:
    """JSON text of a key bundle, the form in which it is stored (VES 6.4)."""
    return msgspec.json.encode(KeyBundle(*map(_numbers, (ed25519, ml_dsa_65, x25519, ml_kem_768))))
