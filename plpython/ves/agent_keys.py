"""Key registration checks: well-formed public keys and proof of possession (VES 6.3, 6.4)."""

from __future__ import annotations

from typing import NamedTuple

from ves import bundles, ed25519, hpke
from ves.bundles import KeyParts
from ves.digests import pop_challenge
from ves.errors import ProtocolError

UNSPECIFIED, ED25519, X25519, ML_DSA_65, ML_KEM_768, HYBRID_SIGNING, HYBRID_ENCRYPTION = range(7)
CLASSIC_KEY_BYTES = 32
ML_DSA_65_KEY_BYTES = 1952
ML_DSA_65_SIGNATURE_BYTES = 3309
ML_KEM_768_KEY_BYTES = 1184
# A pure post-quantum key has no 32-byte part; the column holds zeros then.
WITHOUT_CLASSIC_KEY = frozenset({ML_DSA_65, ML_KEM_768})

_LENGTHS = (CLASSIC_KEY_BYTES, ML_DSA_65_KEY_BYTES, CLASSIC_KEY_BYTES, ML_KEM_768_KEY_BYTES)
_MEMBERS = ("ed25519PublicKey", "mlDsa65PublicKey", "x25519PublicKey", "mlKem768PublicKey")


class KeyProblem(NamedTuple):
    """A registration refusal: the registered error name, the invalid member, and a message."""

    name: str
    field: str
    message: str


class Proofs(NamedTuple):
    """Signatures over the challenge: a single one (Ed25519 or ML-DSA-65 keys), or those of a bundle."""

    single: bytes | None = None
    ed25519: bytes | None = None
    ml_dsa_65: bytes | None = None
    is_bundle: bool = False


def problem_of(algorithm: int, public_key: bytes, parts: KeyParts, proofs: Proofs) -> KeyProblem | None:
    """Return the reason why this key cannot be registered with these proofs; None if it can.

    `algorithm` is 0 to 6. May verify an ML-DSA signature (about a millisecond).
    """
    return (
        _length_problem(public_key, parts)
        or _key_problem(algorithm, public_key, parts)
        or _proof_problem(algorithm, public_key, parts, proofs)
    )


def problem_of_stored(
    algorithm: int, public_key: bytes, bundle: bytes | None, proof: bytes | None, proof_bundle: bytes | None
) -> KeyProblem | None:
    """`problem_of` for bundles given as stored JSON text."""
    try:
        parts = bundles.all_key_parts(bundle)
    except ProtocolError:
        return KeyProblem("invalid_public_key", "publicKeyBundle", "publicKeyBundle is not a bundle of keys")
    try:
        classic, pqc = bundles.proof_parts(proof_bundle)
    except ProtocolError:
        return _unproven("proofOfPossessionBundle is not a bundle of proofs")
    return problem_of(algorithm, public_key, parts, Proofs(proof, classic, pqc, proof_bundle is not None))


def _length_problem(public_key: bytes, parts: KeyParts) -> KeyProblem | None:
    if len(public_key) != CLASSIC_KEY_BYTES:
        return _bad("publicKey", "does not have 32 bytes")
    for part, length, member in zip(parts, _LENGTHS, _MEMBERS, strict=True):
        if part is not None and len(part) != length:
            return _bad(f"publicKeyBundle.{member}", f"does not have {length} bytes")
    return None


def _key_problem(algorithm: int, public_key: bytes, parts: KeyParts) -> KeyProblem | None:
    """Check that every key that the algorithm needs is present and usable."""
    if algorithm in (ML_DSA_65, HYBRID_SIGNING) and parts.ml_dsa_65 is None:
        return _bad("publicKeyBundle.mlDsa65PublicKey", "is required")
    if algorithm in (ML_KEM_768, HYBRID_ENCRYPTION) and parts.ml_kem_768 is None:
        return _bad("publicKeyBundle.mlKem768PublicKey", "is required")
    if algorithm in (UNSPECIFIED, ED25519, HYBRID_SIGNING):
        is_usable, text = ed25519.is_acceptable_public_key, "Ed25519 key (not on the curve, not canonical"
        twin, member = parts.ed25519, "ed25519PublicKey"
    elif algorithm in (X25519, HYBRID_ENCRYPTION):
        is_usable, text = hpke.is_acceptable_public_key, "X25519 key (not of 32 bytes"
        twin, member = parts.x25519, "x25519PublicKey"
    else:
        return None
    if not is_usable(public_key):
        return _bad("publicKey", f"is not a usable {text}, or of small order)")
    # The Ed25519 key is stored twice (column and bundle): different copies would be ambiguous.
    return None if twin in (None, public_key) else _bad(f"publicKeyBundle.{member}", "differs from publicKey")


def _proof_problem(algorithm: int, public_key: bytes, parts: KeyParts, proofs: Proofs) -> KeyProblem | None:
    if algorithm in (UNSPECIFIED, ED25519):
        if proofs.is_bundle:
            return _unproven("An Ed25519 key takes no proofOfPossessionBundle")
        return None if proofs.single is None else _ed25519_problem(public_key, public_key, proofs.single)
    if algorithm == ML_DSA_65:
        proof = proofs.single if proofs.ml_dsa_65 is None else proofs.ml_dsa_65
        return _ml_dsa_65_problem(parts.ml_dsa_65 or b"", parts.ml_dsa_65 or b"", proof)
    if algorithm == HYBRID_SIGNING:
        both = public_key + (parts.ml_dsa_65 or b"")
        return _ed25519_problem(public_key, both, proofs.ed25519) or _ml_dsa_65_problem(
            parts.ml_dsa_65 or b"", both, proofs.ml_dsa_65
        )
    return None


def _ed25519_problem(key: bytes, challenged: bytes, proof: bytes | None) -> KeyProblem | None:
    if proof is None:
        return _unproven("proofOfPossessionBundle.ed25519Pop is required")
    good = ed25519.verify(key, pop_challenge(challenged), proof)
    return None if good else _unproven("The Ed25519 proof of possession does not verify")


def _ml_dsa_65_problem(key: bytes, challenged: bytes, proof: bytes | None) -> KeyProblem | None:
    # Lazy import: loading ML-DSA takes tens of milliseconds and few processes need it.
    from ves import pqc  # noqa: PLC0415

    if proof is None:
        return _unproven("proofOfPossessionBundle.mlDsa65Pop is required")
    good = pqc.verify(key, pop_challenge(challenged), proof)
    return None if good else _unproven("The ML-DSA-65 proof of possession does not verify")


def _bad(field: str, text: str) -> KeyProblem:
    return KeyProblem("invalid_public_key", field, f"{field} {text}")


def _unproven(message: str) -> KeyProblem:
    return KeyProblem("proof_of_possession_failed", "proofOfPossession", message)
