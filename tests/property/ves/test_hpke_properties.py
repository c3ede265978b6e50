"""HPKE (VES 8.2 step 5) against pyhpke: the same bytes from the same keys, and each opens what the other seals."""

from __future__ import annotations

import pyhpke
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ves import hpke
from ves.errors import ProtocolError

ORACLE = pyhpke.CipherSuite.new(
    pyhpke.KEMId.DHKEM_X25519_HKDF_SHA256, pyhpke.KDFId.HKDF_SHA256, pyhpke.AEADId.AES256_GCM
)
KEYS = st.binary(min_size=32, max_size=32)
INFOS, MESSAGES = st.binary(max_size=200), st.binary(max_size=400)


def oracle_private(key: bytes) -> pyhpke.KEMKeyInterface:
    return ORACLE.kem.deserialize_private_key(key)


def oracle_open(private: bytes, info: bytes, enc: bytes, ciphertext: bytes) -> bytes:
    return ORACLE.create_recipient_context(enc, oracle_private(private), info=info).open(ciphertext)


@settings(max_examples=60)
@given(KEYS, KEYS, INFOS, MESSAGES)
def test_the_same_keys_seal_to_the_same_bytes(
    private: bytes, ephemeral: bytes, info: bytes, message: bytes
) -> None:
    recipient = hpke.public_key(private)
    pair = pyhpke.KEMKeyPair(
        oracle_private(ephemeral), ORACLE.kem.deserialize_public_key(hpke.public_key(ephemeral))
    )
    enc, context = ORACLE.create_sender_context(
        ORACLE.kem.deserialize_public_key(recipient), info=info, eks=pair
    )
    assert hpke.seal(recipient, info, message, ephemeral) == (enc, context.seal(message))


@settings(max_examples=60)
@given(KEYS, KEYS, INFOS, MESSAGES)
def test_each_opens_what_the_other_seals(
    private: bytes, ephemeral: bytes, info: bytes, message: bytes
) -> None:
    recipient = hpke.public_key(private)
    enc, ciphertext = hpke.seal(recipient, info, message, ephemeral)
    assert oracle_open(private, info, enc, ciphertext) == message
    enc, context = ORACLE.create_sender_context(ORACLE.kem.deserialize_public_key(recipient), info=info)
    assert hpke.open(private, info, enc, context.seal(message)) == message


@settings(max_examples=60)
@given(KEYS, KEYS, INFOS, MESSAGES, st.data())
def test_neither_opens_a_message_with_one_bit_changed(
    private: bytes, ephemeral: bytes, info: bytes, message: bytes, data: st.DataObject
) -> None:
    enc, ciphertext = hpke.seal(hpke.public_key(private), info, message, ephemeral)
    bit = data.draw(st.integers(0, 8 * len(ciphertext) - 1))
    changed = bytearray(ciphertext)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ProtocolError):
        hpke.open(private, info, enc, bytes(changed))
    with pytest.raises(pyhpke.exceptions.PyHPKEError):
        oracle_open(private, info, enc, bytes(changed))
