"""Canonical JSON on generated values: one fixed point, and agreement with slow obvious rules."""

from __future__ import annotations

import json
import math
import struct

import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from ves import canonical, json_scan, numbers
from ves.errors import ProtocolError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SAFE_INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
DOUBLES = st.floats(allow_nan=False, allow_infinity=False)
BITS = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack(">d", bits.to_bytes(8, "big"))[0])
NUMBERS = st.one_of(SAFE_INTEGERS, DOUBLES, BITS.filter(math.isfinite), st.integers(-(2**70), 2**70))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXT)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5)
)
SPACE = st.sampled_from(["", " ", "\n\t"])


def oracle(value):
    """`value` with every integer as the double it stands for: what the slow library accepts."""
    if isinstance(value, dict):
        return {key: oracle(item) for key, item in value.items()}
    if isinstance(value, list):
        return [oracle(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(VALUES, SPACE, st.booleans())
@example({"\U0001f600": 1, "\ufb33": 2, "\ue000": 3}, "", False)
@example([1e16, 1e20, 1e21, 1e-6, 1e-7, 0.0001, 123456789012345680000, -0.0], "", True)
def test_the_fast_form_is_that_of_the_slow_library(value, space, escaped):
    raw = json.dumps(value, ensure_ascii=escaped, separators=(f",{space}", f"{space}:")).encode()
    expected = rfc8785.dumps(oracle(value))
    assert canonical.jcs(raw) == expected
    assert canonical.jcs_value(value) == expected


@given(VALUES)
def test_the_canonical_form_is_a_fixed_point(value):
    form = canonical.jcs_value(value)
    assert canonical.jcs(form) == form


@given(VALUES)
def test_the_compact_form_is_a_fixed_point_and_keeps_the_value(value):
    form = canonical.plain_value(value)
    assert canonical.plain(form) == form
    again = json.loads(form)
    assert canonical.plain_value(again) == form
    if not any(isinstance(item, int) and abs(item) >= 2**63 for item in leaves(value)):
        assert again == value


@given(VALUES | st.lists(st.sampled_from([1e20, -1e16, 1e-6, 1.5e-6, 10**19 - 1, -0.0, 1e15])), st.data())
def test_the_length_of_the_compact_form_is_judged_exactly(value, data):
    raw = json.dumps(value).encode()
    length = len(canonical.plain(raw))
    limit = length + data.draw(st.integers(-3, 3))
    assert canonical.is_plain_longer(raw, canonical.jcs(raw), limit) == (length > limit)


def leaves(value):
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [leaf for item in items for leaf in leaves(item)] if items or value in ({}, []) else [value]


@given(NUMBERS)
def test_a_number_reads_back_as_the_same_double_in_both_forms(number):
    value = float(number)
    assert float(numbers.es6_text(value)) == value
    plain = numbers.plain_text(value)
    assert float(plain) == value
    assert "." in plain or "e" in plain


@given(st.lists(st.tuples(TEXT, NUMBERS), min_size=1, max_size=6))
def test_the_last_of_repeated_keys_counts(members):
    raw = "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in members) + "}"
    assert canonical.jcs(raw.encode()) == canonical.jcs_value(dict(members))
    assert canonical.plain(raw.encode()) == canonical.plain_value(dict(members))


def depth(raw: bytes) -> int:
    """Deepest nesting by reading every byte once."""
    deepest = level = 0
    in_string = escaped = False
    for byte in raw:
        if in_string:
            in_string = escaped or byte != 0x22
            escaped = byte == 0x5C and not escaped
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


@given(VALUES, st.integers(0, 4))
def test_the_depth_test_agrees_with_a_byte_by_byte_count(value, limit):
    raw = json.dumps(value).encode()
    assert json_scan.is_deeper(raw, limit) == (depth(raw) > limit)


@given(TEXT)
def test_nul_is_found_exactly_where_it_is(text):
    assert json_scan.has_nul(json.dumps(text).encode()) == ("\0" in text)


@given(
    st.binary(max_size=60)
    | TEXT.map(str.encode)
    | st.text('[]{}",:\\0123456789eE+-.truefalsn ', max_size=30).map(str.encode)
)
def test_any_bytes_have_a_form_or_are_refused(raw):
    forms = [form(raw) for form in (canonical.jcs, canonical.plain) if accepts(form, raw)]
    assert len(forms) in (0, 2)


def accepts(form, raw: bytes) -> bool:
    """Whether a form is made; any other error than a refusal fails the test."""
    try:
        form(raw)
    except ProtocolError as error:
        return error.reason != "malformed_json"
    return True
