"""Canonical JSON against jcs.json (VES 2)."""

from __future__ import annotations

import pytest

from tests.support import legacy_tree
from tests.unit.ves.vectors import load
from ves import canonical, digests
from ves.errors import ProtocolError

VECTORS = load("jcs")
CASES = [pytest.param(case, id=case["name"]) for case in VECTORS["cases"]]
TOO_DEEP = "[" * 128 + "]" * 128


@pytest.mark.parametrize("case", CASES)
def test_a_text_has_the_canonical_form_of_the_vector(case):
    raw = case["json_text"].encode()
    form = canonical.jcs(raw)
    assert form.decode() == case["canonical"]
    assert digests.payload_plain_hash(form).hex() == case["payload_plain_hash"]


@pytest.mark.parametrize("case", CASES)
def test_a_text_has_the_compact_form_of_the_vector(case):
    raw = case["json_text"].encode()
    assert canonical.plain(raw).decode() == case["legacy_serialization"]
    assert legacy_tree.payload_hash(raw).hex() == case["legacy_payload_hash"]


@pytest.mark.parametrize("form", [canonical.jcs, canonical.plain])
@pytest.mark.parametrize(
    "text",
    [
        *VECTORS["rejected_json_texts"],
        "",
        "\ufeff1",
        '"\\udc00"',
        '"\\ud800x"',
        '{"\\ud800":1}',
        "9" * 400,
        "9" * 5000,
        "-" + "9" * 5000,
        "[1e999]",
        "[-1e999]",
        "1 1",
        "nul",
        '"\\u12"',
        '"a\nb"',
        TOO_DEEP,
        "[" * 100_000,
    ],
)
def test_a_text_that_is_not_acceptable_json_is_refused(form, text):
    with pytest.raises(ProtocolError) as caught:
        form(text.encode())
    assert caught.value.reason == "malformed_json"


@pytest.mark.parametrize("form", [canonical.jcs, canonical.plain])
@pytest.mark.parametrize("raw", [b'"\xff"', b'{"\xff":1}', b'"\xed\xa0\x80"', b'"\xc0\x80"'])
def test_text_that_is_not_utf8_is_refused(form, raw):
    with pytest.raises(ProtocolError):
        form(raw)


@pytest.mark.parametrize("form", [canonical.jcs, canonical.plain])
def test_127_levels_are_allowed(form):
    text = b"[" * 127 + b"]" * 127
    assert form(text) == text
    assert form(b'{"a":' * 127 + b"1" + b"}" * 127) == b'{"a":' * 127 + b"1" + b"}" * 127


def test_brackets_inside_strings_are_not_levels():
    text = b'["' + b"[" * 500 + b'","\\"' + b"{" * 500 + b'"]'
    assert canonical.jcs(text) == text


def test_integers_beyond_64_bits_and_long_literals_are_doubles():
    assert canonical.jcs(b"1" + b"0" * 300) == b"1e+300"
    assert canonical.plain(b"1" + b"0" * 300) == b"1e300"
    assert canonical.jcs(b"1" + b"0" * 5000 + b"e-4990") == b"10000000000"
    assert canonical.plain(b"1" + b"0" * 5000 + b"e-4990") == b"10000000000.0"


def test_a_python_value_has_the_same_forms_as_its_text():
    value = {"z": (1, 2.0, -0.0, 1e21), "a": {"\U0001f600": 2**53 + 1, "\ufb33": None}, "t": True}
    text = b'{"z":[1,2.0,-0.0,1e21],"a":{"\\ud83d\\ude00":9007199254740993,"\xef\xac\xb3":null},"t":true}'
    assert canonical.jcs_value(value) == canonical.jcs(text)
    assert canonical.plain_value(value) == canonical.plain(text)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 10**400, {1: 2}, b"x", {"a": {3}}, "\ud800", ["\ud800"]]
)
@pytest.mark.parametrize("form", [canonical.jcs_value, canonical.plain_value])
def test_a_value_that_json_cannot_hold_is_refused(form, value):
    with pytest.raises(ProtocolError):
        form(value)


def test_a_value_that_contains_itself_is_refused():
    value: list[object] = []
    value.append(value)
    with pytest.raises(ProtocolError):
        canonical.jcs_value(value)
