"""Which Ed25519 signatures are accepted: ed25519_edge.json (VES 6.1).

The verifier is libsodium. The original accepts small-order public keys, libsodium does not: that is the
one case where the two differ, and it is named here.
"""

from __future__ import annotations

import pytest

from tests.unit.ves.vectors import load, unhex
from ves import ed25519

CASES = [pytest.param(case, id=case["name"]) for case in load("ed25519_edge")["cases"]]
REFUSED_ON_PURPOSE = ("identity public key",)
P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


@pytest.mark.parametrize("case", CASES)
def test_a_signature_is_accepted_as_by_the_reference_except_under_small_order_keys(case):
    accepts = ed25519.verify(*(unhex(case[name]) for name in ("public_key", "message", "signature")))
    on_purpose = case["name"].startswith(REFUSED_ON_PURPOSE)
    assert accepts is (case["reference_accepts"] and not on_purpose)
    if on_purpose:
        assert case["reference_accepts"]
        assert not ed25519.is_acceptable_public_key(unhex(case["public_key"]))


def add(one, two):
    """Addition on the curve, from its definition."""
    (x1, y1), (x2, y2) = one, two
    k = D * x1 * x2 * y1 * y2
    x3 = (x1 * y2 + x2 * y1) * pow(1 + k, -1, P)
    y3 = (y1 * y2 + x1 * x2) * pow(1 - k, -1, P)
    return x3 % P, y3 % P


def decode(key):
    """The point of an encoded key, or None."""
    y = int.from_bytes(key, "little") & (2**255 - 1)
    sign = key[31] >> 7
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * pow(2, (P - 1) // 4, P) % P
    if v * x * x % P != u:
        return None
    return (P - x) % P if x & 1 != sign else x, y


L = 2**252 + 27742317777372353535851937790883648493


def multiply(number, point):
    result = (0, 1)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


def encode(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def is_usable(key):
    point = decode(key)
    if point is None:
        return False
    return point != (0, 1) and multiply(L, point) == (0, 1)


def test_the_key_check_agrees_with_curve_arithmetic():
    keys = [number.to_bytes(32, "little") for number in range(40)]
    keys += [(P - 1 - number).to_bytes(32, "little") for number in range(5)]
    keys += [bytes(31) + b"\x80", b"\x01" + bytes(30) + b"\x80"]
    keys += [
        bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
        ed25519.public_key(bytes(32)),
    ]
    answers = [ed25519.is_acceptable_public_key(key) for key in keys]
    assert answers == [is_usable(key) for key in keys]
    assert answers[-1]
    assert answers[-5:-1] == [False] * 4


def test_a_key_with_a_small_order_part_is_refused_though_its_signatures_may_verify():
    small = decode(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
    own = decode(ed25519.public_key(b"\x07" * 32))
    for order in range(1, 8):
        mixed = encode(add(own, multiply(order, small)))
        assert not ed25519.is_acceptable_public_key(mixed)
    assert ed25519.is_acceptable_public_key(encode(own))


@pytest.mark.parametrize("number", range(P, 2**255))
def test_keys_that_are_not_canonical_are_refused(number):
    assert not ed25519.is_acceptable_public_key(number.to_bytes(32, "little"))


def test_wrong_lengths_are_refused_and_never_raise():
    key = ed25519.public_key(b"\x01" * 32)
    signature = ed25519.sign(b"\x01" * 32, b"message")
    assert ed25519.verify(key, b"message", signature)
    assert not ed25519.verify(key[:-1], b"message", signature)
    assert not ed25519.verify(key, b"message", signature[:-1])
    assert not ed25519.verify(key, b"message", signature + b"\0")
    assert not ed25519.is_acceptable_public_key(key + b"\0")
    with pytest.raises(ValueError, match="32 bytes"):
        ed25519.Signer(b"short")
