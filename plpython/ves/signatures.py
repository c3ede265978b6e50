"""Verification of event signatures by key algorithm and signature scheme (VES 6.2 row 5, 6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ves import bundles, ed25519
from ves.errors import ProtocolError

ALGORITHM_UNSPECIFIED = 0
ALGORITHM_ED25519 = 1
ALGORITHM_ML_DSA_65 = 3
ALGORITHM_HYBRID = 5
SCHEME_LEGACY = 0
SCHEME_ED25519 = 1
SCHEME_ML_DSA_65 = 2
SCHEME_HYBRID = 3
PROFILES = ("legacy", "hybrid", "pqc-strict")

_PROFILE_SCHEMES = {
    "legacy": (SCHEME_LEGACY, SCHEME_ED25519, SCHEME_ML_DSA_65, SCHEME_HYBRID),
    "hybrid": (SCHEME_ML_DSA_65, SCHEME_HYBRID),
    "pqc-strict": (SCHEME_ML_DSA_65,),
}
_BAD_KEY = "signature verification failed: invalid public key format"
_BAD_SIGNATURE = "signature verification failed"
_BAD_SCHEME = "signature scheme {} is not accepted for this key"


@dataclass(frozen=True, slots=True)
class AgentKey:
    """A registered key. `bundle` is the stored JSON text of the key bundle, if any."""

    agent_id: UUID
    key_id: int
    algorithm: int
    public_key: bytes
    bundle: bytes | None = None


def signature_error(
    key: AgentKey,
    scheme: int,
    signing_hash: bytes,
    signature: bytes,
    bundle: bytes | None,
    profile: str = "legacy",
) -> str | None:
    """Return None if the event signature is valid under `key`, else the refusal message.

    `scheme` is 0 to 3, `bundle` the JSON text of the event's signature bundle. Time-dependent key checks
    (validity window, revocation) are left to the caller.
    """
    if key.algorithm in (ALGORITHM_ED25519, ALGORITHM_UNSPECIFIED) and profile == "legacy":
        if scheme > SCHEME_ED25519:
            return _BAD_SCHEME.format(scheme)
        if ed25519.verify(key.public_key, signing_hash, signature):
            return None
        return _BAD_SIGNATURE if ed25519.is_acceptable_public_key(key.public_key) else _BAD_KEY
    if scheme not in _PROFILE_SCHEMES[profile]:
        return f"signature scheme {scheme} is not accepted under the {profile} profile"
    return _other_error(key, scheme, signing_hash, bundle)


def _other_error(key: AgentKey, scheme: int, message: bytes, bundle: bytes | None) -> str | None:
    """`signature_error` for keys and schemes with a post-quantum part, and for encryption-only keys."""
    wanted = {ALGORITHM_ML_DSA_65: SCHEME_ML_DSA_65, ALGORITHM_HYBRID: SCHEME_HYBRID}
    if key.algorithm not in wanted and key.algorithm > ALGORITHM_ED25519:
        return _BAD_KEY
    if wanted.get(key.algorithm) != scheme:
        return _BAD_SCHEME.format(scheme)
    # Lazy import: loading ML-DSA takes tens of milliseconds and memory, and few processes need it.
    from ves import pqc  # noqa: PLC0415

    try:
        classic_key, pqc_key = bundles.key_parts(key.bundle)
    except ProtocolError:
        return _BAD_KEY
    # The stored column holds the same Ed25519 key; the bundle's copy may be left out.
    classic_key = classic_key or key.public_key
    is_hybrid = scheme == SCHEME_HYBRID
    if len(pqc_key) != pqc.PUBLIC_KEY_BYTES or (
        is_hybrid and not ed25519.is_acceptable_public_key(classic_key)
    ):
        return _BAD_KEY
    try:
        classic_signature, pqc_signature = bundles.signature_parts(bundle)
    except ProtocolError:
        return _BAD_SIGNATURE
    good = pqc.verify(pqc_key, message, pqc_signature) and (
        not is_hybrid or ed25519.verify(classic_key, message, classic_signature)
    )
    return None if good else _BAD_SIGNATURE
