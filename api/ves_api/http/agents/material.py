"""The key material of a signing-key registration: formats and proof of possession (VES 6.3, 6.4)."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ves.bundles import encode_key_bundle
from ves.digests import pop_challenge
from ves.ed25519 import SIGNATURE_BYTES, is_acceptable_public_key, verify
from ves_api.errors import ApiError
from ves_api.http.decode import hex_field

ED25519_KEY_BYTES = 32
ML_DSA_65_KEY_BYTES = 1952
ML_DSA_65_SIGNATURE_BYTES = 3309
ML_KEM_768_KEY_BYTES = 1184

UNSPECIFIED, ED25519, X25519, ML_DSA_65, ML_KEM_768, HYBRID_SIGNING, HYBRID_ENCRYPTION = range(7)
_BY_PROFILE = {
    "legacy": frozenset(range(7)),
    "hybrid": frozenset({ML_DSA_65, ML_KEM_768, HYBRID_SIGNING, HYBRID_ENCRYPTION}),
    "pqc-strict": frozenset({ML_DSA_65, ML_KEM_768}),
}
# A pure post-quantum key has no 32-byte part; the column holds zeros then.
_WITHOUT_CLASSIC_KEY = frozenset({ML_DSA_65, ML_KEM_768})


class PublicKeyBundle(msgspec.Struct, rename="camel"):
    """Public keys in hex, `0x` optional."""

    ed25519_public_key: str | None = None
    ml_dsa_65_public_key: str | None = None
    x25519_public_key: str | None = None
    ml_kem_768_public_key: str | None = None


class ProofBundle(msgspec.Struct, rename="camel"):
    """Signatures over the proof-of-possession challenge, in hex."""

    ed25519_pop: str | None = None
    ml_dsa_65_pop: str | None = None


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """What is stored: 32 bytes, the algorithm (never 0), and the bundle's JSON text if there is a bundle."""

    public_key: bytes
    algorithm: int
    bundle: bytes | None


@dataclass(frozen=True, slots=True)
class _Parts:
    ed25519: bytes | None
    ml_dsa_65: bytes | None
    x25519: bytes | None
    ml_kem_768: bytes | None


def read_material(
    public_key: str,
    algorithm: int,
    bundle: PublicKeyBundle | None,
    proof: ProofBundle | None,
    profile: str,
) -> KeyMaterial:
    """Check a registration. Raises invalid_field, invalid_public_key or proof_of_possession_failed (400).

    May verify an ML-DSA signature (about a millisecond): run it in a thread.
    """
    if algorithm not in _BY_PROFILE["legacy"]:
        raise ApiError("invalid_field", "keyAlgorithm is not known", details={"field": "keyAlgorithm"})
    if algorithm not in _BY_PROFILE[profile]:
        message = f"keyAlgorithm {algorithm} is not allowed under the {profile} profile"
        raise ApiError("invalid_field", message, details={"field": "keyAlgorithm"})
    key = _classic_key(public_key, algorithm)
    parts = _parts(bundle or PublicKeyBundle())
    _require_parts(algorithm, key, parts)
    _require_possession(algorithm, key, parts, proof)
    encoded = None
    if bundle is not None:
        encoded = encode_key_bundle(parts.ed25519, parts.ml_dsa_65, parts.x25519, parts.ml_kem_768)
    return KeyMaterial(key, algorithm or ED25519, encoded)


def _classic_key(text: str, algorithm: int) -> bytes:
    if algorithm in _WITHOUT_CLASSIC_KEY and len(text.removeprefix("0x")) < 2 * ED25519_KEY_BYTES:
        return bytes(ED25519_KEY_BYTES)
    return _key_field(text, ED25519_KEY_BYTES, "publicKey")


def _key_field(text: str, length: int, field: str) -> bytes:
    try:
        return hex_field(text, length, field)
    except ApiError as error:
        raise ApiError("invalid_public_key", error.message, details={"field": field}) from None


def _parts(bundle: PublicKeyBundle) -> _Parts:
    def part(text: str | None, length: int, field: str) -> bytes | None:
        return None if text is None else _key_field(text, length, f"publicKeyBundle.{field}")

    return _Parts(
        part(bundle.ed25519_public_key, ED25519_KEY_BYTES, "ed25519PublicKey"),
        part(bundle.ml_dsa_65_public_key, ML_DSA_65_KEY_BYTES, "mlDsa65PublicKey"),
        part(bundle.x25519_public_key, ED25519_KEY_BYTES, "x25519PublicKey"),
        part(bundle.ml_kem_768_public_key, ML_KEM_768_KEY_BYTES, "mlKem768PublicKey"),
    )


def _require_parts(algorithm: int, key: bytes, parts: _Parts) -> None:
    """Every part that the algorithm needs is there, and Ed25519 keys are points that can verify."""
    if algorithm in (ML_DSA_65, HYBRID_SIGNING) and parts.ml_dsa_65 is None:
        raise _missing("mlDsa65PublicKey")
    if algorithm in (ML_KEM_768, HYBRID_ENCRYPTION) and parts.ml_kem_768 is None:
        raise _missing("mlKem768PublicKey")
    if algorithm in (UNSPECIFIED, ED25519, HYBRID_SIGNING):
        if not is_acceptable_public_key(key):
            message = (
                "publicKey is not a usable Ed25519 key (not on the curve, not canonical, or of small order)"
            )
            raise ApiError("invalid_public_key", message, details={"field": "publicKey"})
        _require_same(key, parts.ed25519, "ed25519PublicKey")
    if algorithm in (X25519, HYBRID_ENCRYPTION):
        _require_same(key, parts.x25519, "x25519PublicKey")


def _require_same(key: bytes, part: bytes | None, field: str) -> None:
    """The 32 bytes are stored twice; two different keys under one number would be ambiguous."""
    if part is not None and part != key:
        message = f"publicKeyBundle.{field} differs from publicKey"
        raise ApiError("invalid_public_key", message, details={"field": f"publicKeyBundle.{field}"})


def _missing(field: str) -> ApiError:
    field = f"publicKeyBundle.{field}"
    return ApiError("invalid_public_key", f"{field} is required", details={"field": field})


def _require_possession(algorithm: int, key: bytes, parts: _Parts, proof: ProofBundle | None) -> None:
    if algorithm in (UNSPECIFIED, ED25519):
        if proof is not None:
            raise ApiError("proof_of_possession_failed", "An Ed25519 key takes no proofOfPossessionBundle")
        return
    if algorithm not in (ML_DSA_65, HYBRID_SIGNING):
        return
    from ves import pqc  # noqa: PLC0415 (tens of milliseconds, and few processes need it)

    proof = proof or ProofBundle()
    ml_dsa_65 = parts.ml_dsa_65 or b""
    hybrid = algorithm == HYBRID_SIGNING
    challenge = pop_challenge(key, ml_dsa_65) if hybrid else pop_challenge(ml_dsa_65)
    if hybrid:
        signature = _proof_field(proof.ed25519_pop, SIGNATURE_BYTES, "ed25519Pop")
        if not verify(key, challenge, signature):
            raise ApiError("proof_of_possession_failed")
    signature = _proof_field(proof.ml_dsa_65_pop, ML_DSA_65_SIGNATURE_BYTES, "mlDsa65Pop")
    if not pqc.verify(ml_dsa_65, challenge, signature):
        raise ApiError("proof_of_possession_failed")


def _proof_field(text: str | None, length: int, field: str) -> bytes:
    if text is None:
        raise ApiError("proof_of_possession_failed", f"proofOfPossessionBundle.{field} is required")
    return hex_field(text, length, f"proofOfPossessionBundle.{field}")
