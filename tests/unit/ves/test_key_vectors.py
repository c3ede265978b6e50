"""Proofs of possession and hybrid signatures against keys_pop.json (VES 6.3, 6.4)."""

from __future__ import annotations

from hashlib import sha256
from uuid import uuid4

import pytest

from tests.support.wire import signature_bundle
from tests.unit.ves.vectors import load, unhex
from ves import bundles, digests, ed25519, pqc
from ves.errors import ProtocolError
from ves.signatures import AgentKey, signature_error

VECTORS = load("keys_pop")
CLASSIC = {name: unhex(text) for name, text in VECTORS["ed25519"].items()}
PQC_SEED, PQC_KEY = (unhex(VECTORS["ml_dsa_65"][name]) for name in ("seed", "public_key"))
EVENT = {name: unhex(text) for name, text in VECTORS["hybrid_event_signature"].items()}
HYBRID_KEY = bundles.encode_key_bundle(CLASSIC["public_key"], PQC_KEY)
STRICT_KEY = bundles.encode_key_bundle(ml_dsa_65=PQC_KEY)
HYBRID_SIGNATURE = signature_bundle(EVENT["ed25519_signature"], EVENT["ml_dsa_65_signature"])
STRICT_SIGNATURE = signature_bundle(None, EVENT["ml_dsa_65_signature"])
BAD_KEY = "signature verification failed: invalid public key format"


def error(algorithm, scheme, *, key=CLASSIC["public_key"], key_bundle=None, bundle=None, profile="legacy"):
    agent_key = AgentKey(uuid4(), 1, algorithm, key, key_bundle)
    signature = EVENT["ed25519_signature"]
    return signature_error(agent_key, scheme, EVENT["event_signing_hash"], signature, bundle, profile)


def test_an_ed25519_proof_of_possession_is_that_of_the_vector():
    challenge = digests.pop_challenge(CLASSIC["public_key"])
    assert challenge == CLASSIC["pop_challenge"]
    assert ed25519.sign(CLASSIC["secret_key"], challenge) == CLASSIC["proof_of_possession"]
    assert ed25519.verify(CLASSIC["public_key"], challenge, CLASSIC["proof_of_possession"])


def test_an_ml_dsa_key_is_derived_from_its_seed_as_in_the_vector():
    assert pqc.public_key(PQC_SEED) == PQC_KEY
    assert sha256(PQC_KEY).hexdigest() == VECTORS["ml_dsa_65"]["public_key_sha256"]
    counted = pqc.public_key(bytes(range(1, 33)))
    assert sha256(counted).hexdigest() == "e933697f7a3d671b8c294452465230d4d433d337afd25b99dba884175541a855"


def test_strict_and_hybrid_proofs_of_possession_verify():
    strict = digests.pop_challenge(PQC_KEY)
    hybrid = digests.pop_challenge(CLASSIC["public_key"], PQC_KEY)
    assert strict.hex() == VECTORS["ml_dsa_65"]["strict_pop_challenge"]
    assert hybrid.hex() == VECTORS["ml_dsa_65"]["hybrid_pop_challenge"]
    assert pqc.verify(PQC_KEY, strict, unhex(VECTORS["strict_pop"]["ml_dsa_65_pop"]))
    assert ed25519.verify(CLASSIC["public_key"], hybrid, unhex(VECTORS["hybrid_pop"]["ed25519_pop"]))
    assert pqc.verify(PQC_KEY, hybrid, unhex(VECTORS["hybrid_pop"]["ml_dsa_65_pop"]))


def test_an_ml_dsa_signature_of_our_own_verifies_and_a_changed_one_does_not():
    signature = pqc.sign(PQC_SEED, b"message")
    assert pqc.verify(PQC_KEY, b"message", signature)
    assert not pqc.verify(PQC_KEY, b"massage", signature)
    assert not pqc.verify(PQC_KEY, b"message", bytes([signature[0] ^ 1]) + signature[1:])
    assert not pqc.verify(PQC_KEY, b"message", signature[:-1])
    assert not pqc.verify(PQC_KEY[:-1], b"message", signature)


@pytest.mark.parametrize(
    ("algorithm", "scheme", "key_bundle", "bundle", "profile"),
    [
        (1, 0, None, None, "legacy"),
        (1, 1, None, None, "legacy"),
        (0, 1, None, None, "legacy"),
        (5, 3, HYBRID_KEY, HYBRID_SIGNATURE, "legacy"),
        (5, 3, HYBRID_KEY, HYBRID_SIGNATURE, "hybrid"),
        (5, 3, STRICT_KEY, HYBRID_SIGNATURE, "hybrid"),
        (3, 2, STRICT_KEY, STRICT_SIGNATURE, "legacy"),
        (3, 2, STRICT_KEY, STRICT_SIGNATURE, "hybrid"),
        (3, 2, STRICT_KEY, HYBRID_SIGNATURE, "pqc-strict"),
    ],
)
def test_a_signature_is_good_under_the_key_and_scheme_that_belong_together(
    algorithm, scheme, key_bundle, bundle, profile
):
    assert error(algorithm, scheme, key_bundle=key_bundle, bundle=bundle, profile=profile) is None


@pytest.mark.parametrize("algorithm", [0, 1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("scheme", [0, 1, 2, 3])
@pytest.mark.parametrize("profile", ["legacy", "hybrid", "pqc-strict"])
def test_every_other_pair_of_key_and_scheme_fails(algorithm, scheme, profile):
    accepted = {0: (0, 1), 1: (0, 1), 3: (2,), 5: (3,)}.get(algorithm, ())
    allowed = {"legacy": (0, 1, 2, 3), "hybrid": (2, 3), "pqc-strict": (2,)}[profile]
    found = error(algorithm, scheme, key_bundle=HYBRID_KEY, bundle=HYBRID_SIGNATURE, profile=profile)
    assert (found is None) == (scheme in accepted and scheme in allowed)


@pytest.mark.parametrize(
    ("algorithm", "scheme", "changes"),
    [
        (1, 0, {"key": b"\x02" + bytes(31)}),
        (1, 0, {"key": b"\x01" + bytes(31)}),
        (1, 0, {"key": b""}),
        (2, 0, {}),
        (4, 2, {}),
        (6, 3, {}),
        (3, 2, {"key_bundle": None}),
        (3, 2, {"key_bundle": b"not json"}),
        (5, 3, {"key_bundle": bundles.encode_key_bundle(bytes(32), PQC_KEY)}),
        (5, 3, {"key_bundle": bundles.encode_key_bundle(CLASSIC["public_key"])}),
    ],
)
def test_a_key_that_cannot_verify_is_an_invalid_format(algorithm, scheme, changes):
    assert error(algorithm, scheme, bundle=HYBRID_SIGNATURE, **changes) == BAD_KEY


@pytest.mark.parametrize(
    "bundle",
    [
        None,
        b"{}",
        b"[]",
        b"\xff",
        STRICT_SIGNATURE,
        signature_bundle(EVENT["ed25519_signature"], None),
        signature_bundle(bytes(64), EVENT["ml_dsa_65_signature"]),
        signature_bundle(EVENT["ed25519_signature"], bytes(3309)),
    ],
)
def test_a_hybrid_signature_needs_both_halves(bundle):
    assert error(5, 3, key_bundle=HYBRID_KEY, bundle=bundle) == "signature verification failed"


def test_bundles_keep_their_parts():
    assert bundles.key_parts(HYBRID_KEY) == (CLASSIC["public_key"], PQC_KEY)
    assert bundles.key_parts(None) == bundles.signature_parts(b"") == (b"", b"")
    for raw in (b"[]", b'{"ed25519_public_key":[256]}', b"\xff"):
        with pytest.raises(ProtocolError):
            bundles.key_parts(raw)
