"""Encodings of single values (VES 1)."""

from __future__ import annotations

from uuid import UUID

import pytest

from ves import codec, domains
from ves.errors import ProtocolError


def test_numbers_are_big_endian_and_in_range():
    assert codec.u32(1) == b"\0\0\0\1"
    assert codec.u32(2**32 - 1) == b"\xff" * 4
    assert codec.u64(2**64 - 1) == b"\xff" * 8
    for encode, number in ((codec.u32, -1), (codec.u32, 2**32), (codec.u64, -1), (codec.u64, 2**64)):
        with pytest.raises(ProtocolError):
            encode(number)


def test_strings_carry_their_length_in_bytes():
    assert codec.string("") == bytes(4)
    assert codec.string("é") == b"\0\0\0\2\xc3\xa9"
    assert codec.string("e\u0301") != codec.string("é")
    with pytest.raises(ProtocolError):
        codec.string("\ud800")


def test_hex_takes_an_optional_prefix_and_any_case_unless_strict():
    assert codec.parse_hex("0xAb", 1) == codec.parse_hex("ab", 1) == b"\xab"
    assert codec.parse_hex("0xab", 1, strict=True) == b"\xab"
    for text in ("ab", "0xAB", "0Xab"):
        with pytest.raises(ProtocolError):
            codec.parse_hex(text, 1, strict=True)
    for text in ("", "0x", "a", "abc", "0xzz", "abab", " a", "0xa ", "é"):
        with pytest.raises(ProtocolError):
            codec.parse_hex(text, 1)


def test_base64url_takes_correct_padding_unless_strict():
    assert codec.b64u_encode(b"\xfb\xff") == "-_8"
    for text in ("-_8", "-_8="):
        assert codec.b64u_decode(text) == b"\xfb\xff"
    assert codec.b64u_decode("-_8", strict=True) == b"\xfb\xff"
    assert codec.b64u_decode("") == b""
    for text in ("-_8==", "+/8", "-_9", "A", "-_8 ", "é", "=", "-=_8"):
        with pytest.raises(ProtocolError):
            codec.b64u_decode(text)
    with pytest.raises(ProtocolError):
        codec.b64u_decode("-_8=", strict=True)


def test_uuids_are_hyphenated_or_plain():
    text = "64527dd3-a654-4410-9327-e58a1492ce77"
    for spelling in (text, text.upper(), text.replace("-", "")):
        assert codec.parse_uuid(spelling) == UUID(text)
    for wrong in ("", text[:-1], f"{{{text}}}", f"urn:uuid:{text}", text.replace("-", "_")):
        with pytest.raises(ProtocolError):
            codec.parse_uuid(wrong)


def test_domains_have_the_lengths_of_the_protocol():
    lengths = {
        "PAYLOAD_PLAIN": 20,
        "PAYLOAD_AAD": 18,
        "PAYLOAD_CIPHER": 21,
        "RECIPIENTS": 17,
        "EVENT_SIGNATURE": 15,
        "LEAF": 11,
        "PAD_LEAF": 15,
        "NODE": 11,
        "STREAM": 13,
        "RECEIPT": 14,
        "STATE_ROOT": 17,
        "PROOF_OF_POSSESSION": 10,
        "VALIDITY_PROOF": 35,
        "COMPLIANCE_PROOF": 37,
        "COMPLIANCE_POLICY": 38,
        "LEGACY_LEAF": 27,
        "AT_REST_PAYLOAD": 30,
        "AT_REST_VALIDITY": 41,
        "AT_REST_COMPLIANCE": 43,
    }
    assert {name: len(getattr(domains, name)) for name in lengths} == lengths


def test_what_is_trimmed_is_the_white_space_of_unicode():
    spaces = {chr(code) for code in range(0x11_0000) if not codec.trim(chr(code))}
    assert spaces == {chr(code) for code in range(0x11_0000) if chr(code).isspace()} - set("\x1c\x1d\x1e\x1f")
    assert codec.trim("\u3000 a\u2028b\x85") == "a\u2028b"
