"""Hostile schemas and payloads: each is refused or answered within a deadline, and nothing is ever fetched."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from ves.errors import RequestRefused
from ves.schemas.compiled import CompiledSchema, compile_schema

DEADLINE = 5.0


def doubled(levels: int) -> dict[str, Any]:
    """Each level names the next one twice, so that one place is checked 2^levels times."""
    both = lambda n: {"anyOf": [{"$ref": f"#/$defs/d{n}"}, {"allOf": [{"$ref": f"#/$defs/d{n}"}]}]}  # noqa: E731
    below = {f"d{n}": both(n + 1) for n in range(levels)}
    return {"$defs": {**below, f"d{levels}": {"type": "string"}}, "$ref": "#/$defs/d0"}


def growing() -> dict[str, Any]:
    """Twice as many checks with every level of the payload."""
    twice = {"anyOf": [{"$ref": "#/$defs/x"}, {"allOf": [{"$ref": "#/$defs/x"}]}]}
    return {"$defs": {"x": {"type": "object", "properties": {"a": twice}}}, "$ref": "#/$defs/x"}


def compiled(schema: Any) -> CompiledSchema:
    started = time.process_time()
    try:
        return compile_schema(json.dumps(schema))
    finally:
        assert time.process_time() - started < DEADLINE


@pytest.mark.parametrize(
    "schema",
    [
        doubled(40),
        growing(),
        {"$ref": "#"},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"allOf": [{"type": "object"}] * 3_000},
        {"items": {"oneOf": [{"$ref": "#/items"}, {"type": "array", "items": {"$ref": "#/items"}}]}},
        {"patternProperties": {f"^{n}": {"$ref": "#"} for n in range(20)}},
        {"contains": {"$ref": "#"}, "items": {"$ref": "#"}},
        {"unevaluatedProperties": {"$ref": "#"}},
        {"pattern": "(a{1000}){1000}"},
        {"patternProperties": {f"x{n}": {} for n in range(2_000)}},
    ],
    ids=lambda s: json.dumps(s)[:40],
)
def test_a_schema_whose_work_cannot_be_bounded_is_refused(schema: Any) -> None:
    with pytest.raises(RequestRefused) as refused:
        compiled(schema)
    assert refused.value.details["reason"] in ("too_complex", "invalid")


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/default", "default": {"properties": 5}},
        {"$ref": "#/default", "default": {"allOf": 7}},
        {"$ref": "#/default", "default": [1]},
        {"$ref": "#/enum/0", "enum": ["x"]},
        {"$ref": "#/x/y", "x": {"y": {"items": {"$ref": 1}}}},
        {"$ref": "#nowhere"},
        {"$ref": "#/%"},
    ],
)
def test_a_reference_to_what_is_no_schema_is_refused(schema: Any) -> None:
    with pytest.raises(RequestRefused) as refused:
        compiled(schema)
    assert refused.value.name == "invalid_schema"


def test_patterns_are_bounded_together() -> None:
    large = {f"p{n}": {"pattern": f"^.{{1,{200 + n}}}$"} for n in range(100)}
    with pytest.raises(RequestRefused) as refused:
        compiled({"properties": large})
    assert refused.value.details["reason"] == "too_complex"


def test_recursive_schemas_of_the_usual_kind_are_taken() -> None:
    node = {
        "type": "object",
        "properties": {
            "left": {"$ref": "#/$defs/node"},
            "right": {"$ref": "#/$defs/node"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
        },
        "additionalProperties": False,
    }
    schema = compiled({"$defs": {"node": node}, "$ref": "#/$defs/node"})
    deep: Any = {}
    for _ in range(50):
        deep = {"next": deep, "children": [{}], "left": {"right": {}}}
    assert schema.violations(json.dumps(deep).encode()) == []
    assert schema.violations(b'{"left":{"children":[{"x":1}]}}')[0].path == "/left/children/0"


@pytest.mark.parametrize(
    ("schema", "payload"),
    [
        ({"pattern": "^(a+)+$"}, "a" * 500_000 + "!"),
        ({"pattern": "^(a|a)*b$"}, "a" * 500_000),
        ({"pattern": "^[01]*1[01]{400}$"}, "01" * 500_000),
        ({"uniqueItems": True}, [{"a": n} for n in range(100_000)]),
        ({"items": {"enum": [f"v{n}" for n in range(5_000)]}}, ["v4999"] * 100_000),
        ({"items": {"properties": {f"p{n}": {} for n in range(2_000)}}}, [{}] * 300_000),
        ({"items": {"required": [f"p{n}" for n in range(2_000)]}}, [{}] * 300_000),
        ({"patternProperties": {f"^x{n}": {} for n in range(300)}}, {f"p{n}": 1 for n in range(50_000)}),
        ({"items": {"anyOf": [{"type": "string"}, {"type": "object"}]}}, [[["y" * 500]]] * 2_000),
        ({"anyOf": [{"required": [f"m{n}"]} for n in range(500)]}, {"k": "z" * 1_000_000}),
        ({"items": {"type": "string"}}, [1] * 500_000),
    ],
    ids=lambda value: json.dumps(value)[:30],
)
def test_a_payload_is_answered_in_time(schema: Any, payload: Any) -> None:
    check = compiled(schema)
    raw = json.dumps(payload).encode()
    started = time.process_time()
    found = check.violations(raw)
    assert time.process_time() - started < DEADLINE
    assert len(found) <= 5


@pytest.mark.parametrize(
    "payload", [b"1e400", b"-1e400", b"1" * 5_000, b"[" * 3_000 + b"]" * 3_000, b"", b"{"]
)
def test_what_cannot_be_read_is_a_violation_and_no_crash(payload: bytes) -> None:
    assert (
        len(compile_schema('{"items": {"$ref": "#"}, "type": ["array", "number"]}').violations(payload)) == 1
    )


@pytest.mark.parametrize(
    "reference",
    [
        "http://127.0.0.1:9/a",
        "https://schemas.invalid/a",
        "file:///etc/passwd",
        "a.json",
        "//host/a",
        "ftp://h/a",
    ],
)
@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$schema"])
def test_nothing_outside_the_schema_is_read(keyword: str, reference: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        compiled(
            {"properties": {"a": {keyword: reference}}} if keyword != "$schema" else {keyword: reference}
        )
    assert refused.value.name == "invalid_schema"


def test_no_socket_and_no_file_is_opened_for_a_reference() -> None:
    code = """
import sys
from ves.schemas.compiled import compile_schema
from ves.errors import RequestRefused
compile_schema('{"type": "object"}')
seen = []
sys.addaudithook(lambda name, args: seen.append(name) if name.startswith(("socket", "open", "urllib")) else None)
for target in ("http://127.0.0.1:9/a", "file:///etc/passwd"):
    try:
        compile_schema('{"$ref": "%s"}' % target)
    except RequestRefused:
        pass
assert seen == [], seen
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 0, done.stderr


SECRETS: list[tuple[Any, Any]] = [
    ({"type": "integer"}, "s3cret"),
    ({"enum": ["a"]}, "s3cret"),
    ({"const": 1}, "s3cret"),
    ({"pattern": "^a"}, "s3cret"),
    ({"maxLength": 1}, "s3cret"),
    ({"not": {"type": "string"}}, "s3cret"),
    ({"anyOf": [{"type": "null"}]}, "s3cret"),
    ({"oneOf": [{"type": "null"}]}, "s3cret"),
    ({"uniqueItems": True}, ["s3cret", "s3cret"]),
    ({"contains": {"const": 1}}, ["s3cret"]),
    ({"additionalProperties": False}, {"s3cret": 1}),
    ({"unevaluatedProperties": False}, {"s3cret": 1}),
    ({"propertyNames": {"maxLength": 1}}, {"s3cret": 1}),
    ({"maxProperties": 0}, {"s3cret": 1}),
    ({"dependentRequired": {"s3cret": ["b"]}}, {"s3cret": 1}),
    ({"$schema": "http://json-schema.org/draft-07/schema#", "format": "date"}, "s3cret"),
    ({"$schema": "http://json-schema.org/draft-07/schema#", "contentEncoding": "base64"}, "s3cret!"),
    (False, "s3cret"),
]


@pytest.mark.parametrize(("schema", "payload"), SECRETS, ids=lambda value: json.dumps(value)[:30])
def test_a_message_never_quotes_the_payload(schema: Any, payload: Any) -> None:
    found = compile_schema(json.dumps(schema)).violations(json.dumps(payload).encode())
    assert found
    assert all("s3cret" not in violation.message for violation in found)


@pytest.mark.parametrize(
    ("items", "is_unique"),
    [
        ("[1, 1.0]", False),
        ("[1, true]", True),
        ('[0, false, null, ""]', True),
        ("[-0.0, 0]", False),
        ("[9007199254740992, 9007199254740993]", True),
        ("[9223372036854775808, 9223372036854775809]", True),
        ("[100000000000000000000, 1e20]", False),
        ("[100000000000000000001, 1e20]", True),
        ('[{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}]', False),
        ('["1", 1]', True),
        ("[[1, [2]], [[1], 2]]", True),
        ('["s", "s"]', False),
        ('["{}", {}]', True),
    ],
)
def test_items_are_unique_as_json_values_are_equal(items: str, is_unique: bool) -> None:
    found = compile_schema('{"uniqueItems": true}').violations(items.encode())
    assert [v.message for v in found] == ([] if is_unique else ["must not have equal items"])
    assert compile_schema('{"uniqueItems": false}').violations(items.encode()) == []


def test_45000_distinct_integers_beyond_64_bits_are_unique() -> None:
    numbers = [10**20 + n for n in range(45_000)]
    check = compiled({"uniqueItems": True})
    assert check.violations(json.dumps(numbers).encode()) == []
    numbers[-1] = numbers[0]
    assert [v.message for v in check.violations(json.dumps(numbers).encode())] == [
        "must not have equal items"
    ]


@pytest.mark.parametrize(
    ("schema", "payload"),
    [
        ({"items": {"multipleOf": 0.01}}, [1e300] * 100_000),
        ({"items": {"enum": [*range(3_000), 1e-300]}}, [1e-300] * 1_000),
        ({"items": {"enum": [[0] * 90 + [n] for n in range(300)]}}, [[0] * 90 + [299]] * 1_000),
        ({"allOf": [{"contains": {"const": 1}}] * 100}, [0] * 100_000),
        ({"$defs": {"x": {"uniqueItems": True, "items": {"$ref": "#/$defs/x"}}}, "$ref": "#/$defs/x"},
         [[[[[[[[[[*range(50_000)]]]]]]]]]]),
    ],
    ids=lambda value: json.dumps(value)[:30],
)  # fmt: skip
def test_a_payload_whose_check_would_take_seconds_is_refused(schema: Any, payload: Any) -> None:
    found = compiled(schema).violations(json.dumps(payload).encode())
    assert [v.message for v in found] == ["is too large to be checked against this schema"]


@pytest.mark.parametrize(
    ("schema", "payload"),
    [
        ({"items": {"properties": {"price": {"multipleOf": 0.01, "minimum": 0}}}}, [{"price": 12.34, "n": "x"}] * 20_000),
        ({"uniqueItems": True, "items": {"type": "integer"}}, [2**60 + n for n in range(40_000)]),
        ({"items": {"enum": ["open", "paid", "sent"]}}, ["paid"] * 100_000),
        ({"items": {"enum": [*range(20)]}}, [7] * 5_000),
        ({"additionalProperties": {"pattern": "^[a-z]+$"}}, {f"k{n}": "abc" for n in range(20_000)}),
    ],
    ids=lambda value: json.dumps(value)[:30],
)  # fmt: skip
def test_a_large_payload_of_the_usual_kind_is_checked(schema: Any, payload: Any) -> None:
    assert compiled(schema).violations(json.dumps(payload).encode()) == []


OWN_NAMES = [
    "https://shop.example/s/o.json",
    "o.json",
    "./o.json",
    "/s/o.json",
    "//shop.example/s/o.json",
    "../s/o.json",
    "HTTPS://SHOP.example/s/o.json",
    "https://shop.example:443/s/o.json",
    "https://shop.example/s/%6f.json",
    "",
]


@pytest.mark.parametrize("name", OWN_NAMES)
@pytest.mark.parametrize(
    ("draft", "keyword", "definitions"),
    [
        ("http://json-schema.org/draft-04/schema#", "id", "definitions"),
        ("http://json-schema.org/draft-07/schema#", "$id", "definitions"),
        ("https://json-schema.org/draft/2020-12/schema", "$id", "$defs"),
    ],
)
def test_a_reference_names_its_own_document_by_any_spelling_of_its_uri(
    name: str, draft: str, keyword: str, definitions: str
) -> None:
    schema = {
        "$schema": draft,
        keyword: "https://shop.example/s/o.json",
        definitions: {"m": {"type": "string"}},
        "properties": {"t": {"$ref": f"{name}#/{definitions}/m"}},
    }
    check = compile_schema(json.dumps(schema))
    assert check.violations(b'{"t": "x"}') == []
    assert [v.path for v in check.violations(b'{"t": 1}')] == ["/t"]


@pytest.mark.parametrize(
    "name", ["http://shop.example/s/o.json", "https://shop.example/o.json", "p.json", "https://shop.example:80/s/o.json",
             "urn:o", "https://[", "../o.json", "o.json?x"]
)  # fmt: skip
def test_a_reference_to_another_document_is_refused(name: str) -> None:
    schema = {"$id": "https://shop.example/s/o.json", "$defs": {"m": {}}, "$ref": f"{name}#/$defs/m"}
    with pytest.raises(RequestRefused) as refused:
        compile_schema(json.dumps(schema))
    assert refused.value.details["reason"] == "remote_reference"


def test_data_that_looks_like_a_reference_stays_as_it_is() -> None:
    schema = {"$id": "https://shop.example/o.json", "const": {"$ref": "o.json#/x", "pattern": "a.b"}}
    check = compile_schema(json.dumps(schema))
    assert check.violations(json.dumps(schema["const"]).encode()) == []


@pytest.mark.parametrize("end", ["\n", "\r", "\u2028", "\u2029"])
def test_a_dot_stops_at_the_four_line_terminators(end: str) -> None:
    check = compile_schema('{"pattern": "^.+$"}')
    assert check.violations(json.dumps(f"a{end}").encode())
    assert check.violations(json.dumps(f"a{end}b").encode())
    assert check.violations(b'"a\\u0085b"') == []
    names = compile_schema('{"patternProperties": {"^a.$": {}}, "additionalProperties": false}')
    assert names.violations(json.dumps({f"a{end}": 1}).encode())
    assert names.violations(b'{"ab": 1}') == []


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [(r"^[.]$", "\r", False), (r"^[.]$", ".", True), (r"^\.$", ".", True), (r"^\.$", "a", False),
     (r"^[^.]$", "\r", True), (r"^[\].]$", ".", True), (r"^a.c$", "abc", True), (r"^.$", "\U0001f600", True)],
)  # fmt: skip
def test_a_dot_in_a_class_or_behind_a_backslash_is_a_dot(pattern: str, text: str, fits: bool) -> None:
    check = compile_schema(json.dumps({"pattern": pattern}))
    assert (check.violations(json.dumps(text).encode()) == []) is fits


def test_mistakes_are_told_in_the_order_of_the_payload() -> None:
    schema = {
        "properties": {"a": {"type": "string", "minimum": 5}, "z": {"items": {"type": "null"}}},
        "required": ["m"],
        "maxProperties": 1,
    }
    found = compile_schema(json.dumps(schema)).violations(b'{"z": [null, 1, 2], "a": 1}')
    assert [v.path for v in found] == ["", "", "/z/1", "/z/2", "/a"]
    again = compile_schema(json.dumps(dict(reversed(schema.items())))).violations(
        b'{"z": [null, 1, 2], "a": 1}'
    )
    assert again == found


def test_names_of_digits_are_told_as_they_are() -> None:
    check = compile_schema('{"additionalProperties": {"items": {"type": "string"}}}')
    assert [v.path for v in check.violations(b'{"0007": [1], "0": [1], "18446744073709551616": [1]}')] == [
        "/0007/0",
        "/0/0",
        "/18446744073709551616/0",
    ]
    assert len(check.violations(b'{"7": [1], "007": ["a", 1]}')) == 2
