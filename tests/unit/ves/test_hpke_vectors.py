"""HPKE against the published vectors of RFC 9180, and against another implementation in both directions."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives import hpke as other
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.unit.ves.vectors import FOLDER
from ves import hpke
from ves.errors import ProtocolError

TAG = 16
ENC = 32
VECTORS = json.loads((FOLDER.parent / "hpke" / "rfc9180.json").read_text(encoding="utf-8"))
SEAL, KEM = ({name: bytes.fromhex(text) for name, text in VECTORS[part].items()} for part in ("seal", "kem"))
SUITE = other.Suite(other.KEM.X25519, other.KDF.HKDF_SHA256, other.AEAD.AES_256_GCM)


def shared_secret(private: bytes, public: bytes, enc: bytes, recipient: bytes) -> bytes:
    return hpke._shared_secret(
        hpke._exchange(X25519PrivateKey.from_private_bytes(private), public), enc, recipient
    )


def test_sender_and_recipient_derive_the_shared_secret_of_the_vector():
    assert hpke.public_key(KEM["skEm"]) == KEM["enc"]
    assert hpke.public_key(KEM["skRm"]) == KEM["pkRm"]
    for private, public in ((KEM["skEm"], KEM["pkRm"]), (KEM["skRm"], KEM["enc"])):
        assert shared_secret(private, public, KEM["enc"], KEM["pkRm"]) == KEM["shared_secret"]


def test_a_message_is_encrypted_as_in_the_vector():
    enc, ciphertext = hpke.seal(SEAL["pkRm"], SEAL["info"], SEAL["pt"], SEAL["skEm"])
    # The vector's message has additional data, ours never has: only the tag depends on it.
    assert ciphertext[:-TAG] == SEAL["ct"][:-TAG]
    assert enc == hpke.public_key(SEAL["skEm"])
    key, nonce = hpke._key_schedule(
        shared_secret(SEAL["skEm"], SEAL["pkRm"], enc, SEAL["pkRm"]), SEAL["info"]
    )
    assert AESGCM(key).encrypt(nonce, SEAL["pt"], SEAL["aad"]) == SEAL["ct"]
    assert AESGCM(key).encrypt(nonce, SEAL["pt"], None) == ciphertext


@pytest.mark.parametrize("size", [0, 1, 32, 5000])
def test_what_one_implementation_seals_the_other_opens(size):
    private, plaintext, info = KEM["skRm"], bytes(range(256)) * 20, SEAL["info"]
    plaintext = plaintext[:size]
    enc, ciphertext = hpke.seal(KEM["pkRm"], info, plaintext, SEAL["skEm"])
    assert SUITE.decrypt(enc + ciphertext, X25519PrivateKey.from_private_bytes(private), info) == plaintext
    sent = SUITE.encrypt(plaintext, X25519PublicKey.from_public_bytes(KEM["pkRm"]), info)
    assert hpke.open(private, info, sent[:ENC], sent[ENC:]) == plaintext
    with pytest.raises(ProtocolError):
        hpke.open(private, info + b"x", sent[:ENC], sent[ENC:])
