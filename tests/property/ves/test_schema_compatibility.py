"""What is called compatible is: for generated pairs of schemas no payload shows otherwise."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.ves.generated_schemas import Maker, usable
from ves.errors import RequestRefused
from ves.schemas.compatibility import check_compatibility, find_problems
from ves.schemas.compiled import compile_schema


def is_proved(narrow: dict[str, Any], wide: dict[str, Any]) -> bool:
    texts = usable(narrow), usable(wide)
    return texts[0] is not None and texts[1] is not None and not find_problems(texts[0], texts[1])


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**64))
def test_no_payload_contradicts_a_proof(seed: int) -> None:
    make = Maker(seed)
    for _ in range(20):
        narrow, wide = make.pair()
        if not is_proved(narrow, wide):
            continue
        accepts, must = jsonschema_rs.validator_for(narrow), jsonschema_rs.validator_for(wide)
        for payload in [make.payload() for _ in range(40)]:
            assert must.is_valid(payload) or not accepts.is_valid(payload), (narrow, wide, payload)


def test_the_generated_pairs_are_worth_trying() -> None:
    make = Maker(7)
    pairs = [pair for pair in (make.pair() for _ in range(600)) if pair[0] != pair[1]]
    proved = sum(is_proved(*pair) for pair in pairs)
    assert len(pairs) / 10 < proved < len(pairs)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**64))
def test_every_schema_accepts_what_it_accepts(seed: int) -> None:
    text = usable(Maker(seed).document())
    if text is not None:
        assert find_problems(text, text) == []


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**64))
def test_whatever_is_sent_is_compiled_or_refused_by_name(seed: int) -> None:
    make = Maker(seed)
    keywords = [
        *make.kinds(0),
        "$ref",
        "$id",
        "$anchor",
        "$schema",
        "$defs",
        "dependencies",
        "unevaluatedItems",
    ]
    for _ in range(20):
        wrong = {k: make.payload() for k in make.some(keywords, 4)}
        schema = make.document() | {"default": wrong, make.random.choice(keywords): make.payload()}
        schema["$ref"] = make.random.choice(["#/default", "#/$defs/s", "#/default/items", "#", "x", "#a"])
        text = json.dumps(schema)
        with suppress(RequestRefused):
            compile_schema(text).violations(json.dumps(make.payload()).encode())
            other = json.dumps(make.changed(schema))
            compile_schema(other)
            find_problems(text, other)


ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "n": {"type": "integer", "minimum": 1}},
    "required": ["id"],
}
CLOSED = {**ORDER, "additionalProperties": False}


def with_member(schema: dict[str, Any], name: str, member: Any) -> dict[str, Any]:
    return {**schema, "properties": {**schema["properties"], name: member}}


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        # (old, new, where the new one does not read old data; None: it does)
        (CLOSED, with_member(CLOSED, "note", {"type": "string"}), None),
        (ORDER, with_member(ORDER, "note", {"type": "string"}), "/properties/note/type"),
        (ORDER, with_member(ORDER, "note", {}), None),
        (ORDER, {**ORDER, "required": ["id", "n"]}, "/required"),
        ({**ORDER, "required": ["id", "n"]}, ORDER, None),
        (ORDER, with_member(ORDER, "n", {"type": "number"}), None),
        (ORDER, with_member(ORDER, "n", {"type": "integer", "minimum": 2}), "/properties/n/minimum"),
        (ORDER, with_member(ORDER, "n", {"type": ["integer", "null"]}), None),
        (ORDER, CLOSED, "/additionalProperties"),
        (CLOSED, ORDER, None),
        ({"enum": ["a", "b"]}, {"enum": ["a", "b", "c"]}, None),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, ""),
        ({"enum": ["a", 1]}, {"type": ["string", "integer"]}, None),
        ({"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]}, None),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, {"type": ["string", "number"]}, None),
        ({"type": "string", "pattern": "^a"}, {"type": "string", "pattern": "^[ab]"}, "/pattern"),
        ({"type": "string", "pattern": "^a"}, {"pattern": "^a", "maxLength": 9}, "/maxLength"),
        ({"type": "array", "items": {"const": 1}}, {"items": {"type": "integer"}}, None),
        ({"const": True}, {"const": 1}, ""),
        ({"minimum": 2**60 + 1}, {"minimum": 2**60 + 2}, "/minimum"),
        ({"not": {"type": "string"}}, {"not": {"type": "null"}}, "/not"),
    ],
)
def test_known_changes_are_judged_as_documented(old: Any, new: Any, path: str | None) -> None:
    problems = find_problems(json.dumps(old), json.dumps(new))
    assert [p.path for p in problems[:1]] == ([] if path is None else [path])


def test_a_recursive_schema_is_compared_with_a_recursive_one() -> None:
    def tree(value: Any) -> str:
        node = {"type": "object", "properties": {"l": {"$ref": "#/$defs/n"}, "v": value}}
        return json.dumps({"$defs": {"n": node}, "$ref": "#/$defs/n"})

    assert find_problems(tree({"type": "integer"}), tree({"type": "number"})) == []
    assert find_problems(tree({"type": "number"}), tree({"type": "integer"}))


def test_a_comparison_ends_whatever_the_schemas() -> None:
    wide = {
        "anyOf": [
            {"properties": {f"p{n}": {"anyOf": [{"type": t} for t in ("string", "null")]}}} for n in range(30)
        ]
    }
    problems = find_problems(json.dumps({"anyOf": [wide] * 30}), json.dumps({**wide, "maxProperties": 1}))
    assert problems


HOLDERS: list[dict[str, Any]] = [
    {"not": {"$ref": "#/$defs/m"}},
    {"oneOf": [{"$ref": "#/$defs/m"}, {"type": "null"}]},
    {"if": {"$ref": "#/$defs/m"}, "then": {"minLength": 1}},
    {"contains": {"$ref": "#/$defs/m"}},
    {"prefixItems": [{"$ref": "#/$defs/m"}]},
    {"propertyNames": {"$ref": "#/$defs/m"}},
    {"dependentSchemas": {"b": {"properties": {"c": {"$ref": "#/$defs/m"}}}}},
    {"$ref": "#/$defs/m", "const": "x"},
    {"$ref": "#/$defs/m", "enum": ["x", "y"]},
    {"allOf": [{"$ref": "#/$defs/m"}], "enum": ["x", "y"]},
    {"properties": {"b": {"$ref": "#/$defs/m"}}, "unevaluatedProperties": False},
    {"items": {"$ref": "#/$defs/m"}, "unevaluatedItems": False},
]


def holding(holder: dict[str, Any], **more: Any) -> str:
    return json.dumps(
        {"$defs": {"m": {"type": "string"}, **more.pop("defs", {})}, "properties": {"a": holder}, **more}
    )


@pytest.mark.parametrize("holder", HOLDERS, ids=",".join)
def test_a_keyword_that_holds_a_reference_to_the_same_is_the_same(holder: dict[str, Any]) -> None:
    old = holding(holder)
    assert find_problems(old, holding(holder, description="x")) == []
    assert find_problems(holding(holder, description="x"), old) == []
    assert find_problems(old, holding(holder, defs={"n": {}}, maxProperties=9))[0].path == "/maxProperties"


@pytest.mark.parametrize("holder", HOLDERS, ids=",".join)
def test_the_same_reference_to_something_else_is_not_the_same(holder: dict[str, Any]) -> None:
    changed = holding(holder, defs={"m": {"$ref": "#/$defs/k"}, "k": {"type": "integer"}})
    before = holding(holder, defs={"m": {"$ref": "#/$defs/k"}, "k": {"type": "string"}})
    assert find_problems(before, changed)


def test_what_is_listed_as_data_is_compared_with_all_its_members() -> None:
    one, other = ({"not": {"const": {"description": text}}} for text in "ab")
    assert find_problems(json.dumps(one), json.dumps(other))
    assert find_problems(json.dumps({"const": {"title": "a"}}), json.dumps({"const": {"title": "b"}}))


def test_long_lists_of_objects_are_compared_by_look_up() -> None:
    first = json.dumps({"enum": [{"a": n} for n in range(5_000)]})
    second = json.dumps({"enum": [{"a": float(n)} for n in reversed(range(5_001))]})
    assert find_problems(first, second) == []
    assert [p.reason for p in find_problems(second, first)] == [
        "refuses 1 of the values listed by enum or const"
    ]


def test_a_refusal_in_mode_full_tells_the_directions_apart() -> None:
    old, new = (
        json.dumps({"not": {"type": "string"}, "maxLength": 3}),
        json.dumps({"not": {"type": "null"}, "maxLength": 2}),
    )
    with pytest.raises(RequestRefused) as refused:
        check_compatibility(new, [(1, old)], "full")
    assert refused.value.details["problems"] == [
        {"path": "/maxLength", "reason": "allows only 2", "direction": "forward"},
        {
            "path": "/not",
            "reason": "not decidable: the other side does not say the same",
            "direction": "both",
        },
    ]
