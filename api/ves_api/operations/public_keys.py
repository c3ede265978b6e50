"""The public key of a registration or rotation as the wire has it: hex members and the security profile (VES 6.2)."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ves.agent_keys import (
    CLASSIC_KEY_BYTES,
    ED25519,
    HYBRID_ENCRYPTION,
    HYBRID_SIGNING,
    ML_DSA_65,
    ML_DSA_65_KEY_BYTES,
    ML_DSA_65_SIGNATURE_BYTES,
    ML_KEM_768,
    ML_KEM_768_KEY_BYTES,
    WITHOUT_CLASSIC_KEY,
    Proofs,
    problem_of,
)
from ves.bundles import KeyParts, encode_key_bundle, encode_proof_bundle
from ves.ed25519 import SIGNATURE_BYTES
from ves_api.operations.fields import hex_field
from ves_edge.errors import ApiError

_BY_PROFILE = {
    "legacy": frozenset(range(7)),
    "hybrid": frozenset({ML_DSA_65, ML_KEM_768, HYBRID_SIGNING, HYBRID_ENCRYPTION}),
    "pqc-strict": frozenset({ML_DSA_65, ML_KEM_768}),
}


class PublicKeyBundle(msgspec.Struct, rename="camel", omit_defaults=True):
    """Public keys in hex, `0x` optional."""

    ed25519_public_key: str | None = None
    ml_dsa_65_public_key: str | None = None
    x25519_public_key: str | None = None
    ml_kem_768_public_key: str | None = None


class ProofBundle(msgspec.Struct, rename="camel"):
    """Signatures over the proof-of-possession challenge, in hex."""

    ed25519_pop: str | None = None
    ml_dsa_65_pop: str | None = None


class PublicKey(NamedTuple):
    """A key whose proofs are checked, by the parameter names of the database functions.

    32 bytes, algorithm 1 to 6, and the JSON texts of the bundles that were given.
    """

    public_key: bytes
    key_algorithm: int
    public_key_bundle: bytes | None = None
    proof_of_possession: bytes | None = None
    proof_of_possession_bundle: bytes | None = None


def read_public_key(
    public_key: str,
    algorithm: int,
    bundle: PublicKeyBundle | None,
    proof: str | None,
    proof_bundle: ProofBundle | None,
    profile: str,
) -> PublicKey:
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
    proofs = _proofs(algorithm, proof, proof_bundle)
    problem = problem_of(algorithm, key, parts, proofs)
    if problem is not None:
        details = {"field": problem.field} if problem.name == "invalid_public_key" else None
        raise ApiError(problem.name, problem.message, details=details)
    return PublicKey(
        key,
        algorithm or ED25519,
        None if bundle is None else encode_key_bundle(*parts),
        proofs.single,
        encode_proof_bundle(proofs.ed25519, proofs.ml_dsa_65) if proofs.is_bundle else None,
    )


def _classic_key(text: str, algorithm: int) -> bytes:
    if algorithm in WITHOUT_CLASSIC_KEY and len(text.removeprefix("0x")) < 2 * CLASSIC_KEY_BYTES:
        return bytes(CLASSIC_KEY_BYTES)
    return _key_field(text, CLASSIC_KEY_BYTES, "publicKey")


def _key_field(text: str, length: int, field: str) -> bytes:
    try:
        return hex_field(text, length, field)
    except ApiError as error:
        raise ApiError("invalid_public_key", error.message, details={"field": field}) from None


def _parts(bundle: PublicKeyBundle) -> KeyParts:
    def part(text: str | None, length: int, field: str) -> bytes | None:
        return None if text is None else _key_field(text, length, f"publicKeyBundle.{field}")

    return KeyParts(
        part(bundle.ed25519_public_key, CLASSIC_KEY_BYTES, "ed25519PublicKey"),
        part(bundle.ml_dsa_65_public_key, ML_DSA_65_KEY_BYTES, "mlDsa65PublicKey"),
        part(bundle.x25519_public_key, CLASSIC_KEY_BYTES, "x25519PublicKey"),
        part(bundle.ml_kem_768_public_key, ML_KEM_768_KEY_BYTES, "mlKem768PublicKey"),
    )


def _proofs(algorithm: int, proof: str | None, bundle: ProofBundle | None) -> Proofs:
    """The proofs that count for the algorithm; an encryption key can sign nothing, so none does."""
    if algorithm not in (0, ED25519, ML_DSA_65, HYBRID_SIGNING):
        return Proofs()
    single_bytes = ML_DSA_65_SIGNATURE_BYTES if algorithm == ML_DSA_65 else SIGNATURE_BYTES
    given = bundle or ProofBundle()
    name = "proofOfPossessionBundle"
    return Proofs(
        None if proof is None else hex_field(proof, single_bytes, "proofOfPossession"),
        None
        if given.ed25519_pop is None
        else hex_field(given.ed25519_pop, SIGNATURE_BYTES, f"{name}.ed25519Pop"),
        None
        if given.ml_dsa_65_pop is None
        else hex_field(given.ml_dsa_65_pop, ML_DSA_65_SIGNATURE_BYTES, f"{name}.mlDsa65Pop"),
        is_bundle=bundle is not None,
    )
