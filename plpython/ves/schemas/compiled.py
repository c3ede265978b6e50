"""Compiled JSON Schema with a bounded validation cost for each payload.

References are never fetched, and patterns run in linear time (no look-around, no back-references). Messages are
built from the schema; they never quote the payload.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import jsonschema_rs
import msgspec

from ves import json_decode
from ves.errors import ProtocolError, RequestRefused
from ves.json_scan import MAX_DEPTH, is_deeper
from ves.numbers import parse_double
from ves.schemas.cost import Weight, heaviest
from ves.schemas.dialect import translated
from ves.schemas.measures import UniqueItems, measure
from ves.schemas.references import Document, refused

MAX_SCHEMA_BYTES = 102_400
MAX_VIOLATIONS = 5
_MAX_DEPTH = 64
# In checks of about 10 ns: maximum cost of one payload, and the cost up to which all violations are listed.
MAX_COST = 25_000_000
_LISTING_COST = 50_000
_LIGHT_COST = 100_000
_MIN_PATTERN_BYTES = 1 << 11
_MAX_PATTERN_BYTES = 1 << 20
_MAX_PATTERNS = 500
_MAX_PATTERNS_BYTES = 1 << 22
_PATH_SHOWN = 200
_TEXT_SHOWN = 80
# The float parser of the library takes 14 µs for 1e300.
_decode = json_decode.decoder(float_hook=parse_double)
_UNREADABLE = (msgspec.DecodeError, ProtocolError, RecursionError, UnicodeDecodeError)


class Violation(msgspec.Struct, frozen=True):
    """One violation: the JSON Pointer of its place (empty: the whole payload) and a message."""

    path: str
    message: str


def _unlimited(_: int) -> None:
    """Allow any number of checks."""


class CompiledSchema:
    """A compiled schema and its text. Thread-safe."""

    __slots__ = ("_for_each_byte", "_validator", "text", "weight")

    def __init__(self, text: str, validator: jsonschema_rs.Validator, weight: Weight) -> None:
        self.text = text
        self._validator = validator
        self._for_each_byte = weight.for_each_byte
        self.weight = weight

    def is_light(self, payload: bytes) -> bool:
        """Whether a payload is checked within about a millisecond."""
        return len(payload) * self._for_each_byte <= _LIGHT_COST

    def violations(
        self, payload: bytes, allowance: int = MAX_COST, spend: Callable[[int], None] = _unlimited
    ) -> list[Violation]:
        """Return at most MAX_VIOLATIONS violations of a payload (JSON text); empty if it is valid.

        A payload that needs more than `allowance` checks is not validated; that is a violation too. `spend` gets the number
        of checks before they are made, and may raise.
        """
        try:
            instance = _read_payload(payload)
        except _UNREADABLE:
            return [Violation("", "is nested too deeply or has a number that is out of range")]
        cost = len(payload) * self._for_each_byte
        if cost > min(allowance, _LISTING_COST):
            cost = self.weight.cost(measure(len(payload), instance))
        if cost > allowance:
            return [Violation("", "is too large to be checked against this schema")]
        spend(cost)
        if cost <= _LISTING_COST:
            if self._validator.is_valid(instance):
                return []
            return _first(self._validator.iter_errors(instance), instance)
        # The library builds all errors before it yields the first: above this cost only one is requested.
        try:
            self._validator.validate(instance)
        except jsonschema_rs.ValidationError as error:
            return _first([error], instance)
        return []


def _read_payload(payload: bytes) -> Any:
    # The library cannot build the violation of a value with more than 256 levels: it raises a ValueError.
    if is_deeper(payload, MAX_DEPTH):
        raise RecursionError("nested too deeply")
    return _decode(payload)


def compile_schema(text: str) -> CompiledSchema:
    """Compile a JSON Schema; its draft is that of `$schema`, else 2020-12.

    Raises RequestRefused(invalid_schema) with details `reason` and `path` (a JSON Pointer into the schema).
    """
    document = read_schema(text)
    # Checked before compilation: a short pattern may compile to a megabyte.
    sizes = _PatternSizes()
    for pattern in _patterns(document):
        sizes(pattern)
    try:
        validator = make_validator(_in_dialect(document, text))
    except jsonschema_rs.ValidationError as error:
        raise _uncompilable(error) from None
    except (ValueError, RecursionError) as error:
        raise refused("malformed", f"not a JSON Schema: {str(error)[:_PATH_SHOWN]}") from None
    return CompiledSchema(text, validator, heaviest(document, sizes))


def _in_dialect(document: object, text: str) -> str:
    read = translated(Document(document))
    return text if read is document else json.dumps(read)


def read_schema(text: str) -> object:
    """Parse the schema. Raises RequestRefused for invalid JSON, excessive nesting or excessive length."""
    raw = text.encode()
    if len(raw) > MAX_SCHEMA_BYTES:
        raise RequestRefused("schema_too_large", "the JSON Schema is too large", {"limit": MAX_SCHEMA_BYTES})
    try:
        if is_deeper(raw, _MAX_DEPTH):
            raise refused("too_complex", f"the schema is nested more than {_MAX_DEPTH} levels deep")
        document: object = _decode(raw)
    except _UNREADABLE:
        raise refused("malformed", "the schema is not JSON, or has a number out of range") from None
    if not isinstance(document, dict | bool):
        raise refused("malformed", "a JSON Schema is an object, true or false")
    return document


def make_validator(schema: str, pattern_bytes: int = _MAX_PATTERN_BYTES) -> jsonschema_rs.Validator:
    """Return the validator of the library with fetching disabled. Raises ValidationError or ValueError."""
    return jsonschema_rs.validator_for(
        schema,
        offline=True,
        mask="the value",
        keywords={"uniqueItems": UniqueItems},
        pattern_options=jsonschema_rs.RegexOptions(size_limit=pattern_bytes, dfa_size_limit=pattern_bytes),
    )


def _uncompilable(error: jsonschema_rs.ValidationError) -> RequestRefused:
    message, path = error.message, pointer(error.instance_path)
    if error.kind.name == "$ref" or "etriev" in message or "meta-schema" in message:
        return refused(
            "remote_reference",
            f"references outside the schema are not followed: {message[:_PATH_SHOWN]}",
            path,
        )
    return refused("invalid", message[:_PATH_SHOWN], path)


def _patterns(document: object) -> Iterator[str]:
    """Yield every string in the document that may be used as a pattern."""
    waiting = [document]
    while waiting:
        place = waiting.pop()
        if isinstance(place, dict):
            if isinstance(place.get("pattern"), str):
                yield place["pattern"]
            if isinstance(place.get("patternProperties"), dict):
                yield from place["patternProperties"]
            waiting += place.values()
        elif isinstance(place, list):
            waiting += place


class _PatternSizes:
    """Measures the size of a compiled pattern, rounded up to a power of two."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._total = 0

    def __call__(self, pattern: str) -> int:
        size = self._known.get(pattern)
        if size is None:
            if len(self._known) >= _MAX_PATTERNS:
                raise refused("too_complex", f"the schema has more than {_MAX_PATTERNS} patterns")
            size = self._known[pattern] = _pattern_size(pattern)
            self._total += size
            if self._total > _MAX_PATTERNS_BYTES:
                raise refused("too_complex", "the patterns of the schema are too large together")
        return size


def _pattern_size(pattern: str) -> int:
    schema = msgspec.json.encode({"pattern": pattern}).decode()
    size = _MIN_PATTERN_BYTES
    while size < _MAX_PATTERN_BYTES:
        try:
            make_validator(schema, size)
        except jsonschema_rs.ValidationError:
            size *= 2
        else:
            break
    return size


def pointer(tokens: list[str | int]) -> str:
    """Return the JSON Pointer of a path, truncated if long."""
    text = "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)
    return _cut(text, _PATH_SHOWN)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"


def _first(errors: Iterable[jsonschema_rs.ValidationError], instance: Any) -> list[Violation]:
    """Return the first violations, in document order (a container before its contents), then by keyword."""
    places = _Places(instance)
    located = [(places.locate(error.instance_path), error.kind) for error in errors]
    located.sort(key=lambda one: (one[0].order, one[1].name))
    return [Violation(pointer(place.tokens), message_of(kind)) for place, kind in located[:MAX_VIOLATIONS]]


class _Place(NamedTuple):
    order: list[int]
    tokens: list[str | int]


class _Places:
    """Maps library paths to places of a payload; the library reports names made of digits as numbers."""

    def __init__(self, instance: Any) -> None:
        self._instance = instance
        self._names: dict[int, dict[str, tuple[int, str]]] = {}

    def locate(self, path: list[str | int]) -> _Place:
        place, value = _Place([], []), self._instance
        for token in path:
            name: str | int
            try:
                at, name = (
                    self._member(value, str(token)) if isinstance(value, dict) else (int(token), int(token))
                )
                value = value[name]
            except (LookupError, TypeError, ValueError):
                # The library reports the names 7 and 007 of one object as the same number.
                at, name, value = 0, token, None
            place.order.append(at)
            place.tokens.append(name)
        return place

    def _member(self, value: dict[str, Any], token: str) -> tuple[int, str]:
        names = self._names.get(id(value))
        if names is None:
            names = {name.lstrip("0") or "0": (at, name) for at, name in enumerate(value) if name.isdigit()}
            names |= {name: (at, name) for at, name in enumerate(value)}
            self._names[id(value)] = names
        return names[token]


_LIMITS = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be more than {}",
    "exclusiveMaximum": "must be less than {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
    "minProperties": "must have at least {} members",
    "maxProperties": "must have at most {} members",
}
_TEXTS: dict[str, Callable[[Any], str]] = {
    "type": lambda kind: "must be " + " or ".join(kind.types),
    "required": lambda kind: f"must have the member {_cut(kind.property, _TEXT_SHOWN)}",
    "format": lambda kind: f"must have the format {_cut(kind.format, _TEXT_SHOWN)}",
    "multipleOf": lambda kind: f"must be a multiple of {kind.multiple_of}",
    "enum": lambda _: "must be one of the listed values",
    "const": lambda _: "must be the one allowed value",
    "pattern": lambda _: "must match the pattern",
    "uniqueItems": lambda _: "must not have equal items",
    "anyOf": lambda _: "must fit one of the alternatives",
    "oneOf": lambda _: "must fit exactly one of the alternatives",
    "not": lambda _: "must not fit what the schema excludes",
    "additionalProperties": lambda _: "must have no members but the listed ones",
    "unevaluatedProperties": lambda _: "must have no members but the described ones",
    "falseSchema": lambda _: "must not be there",
}


def message_of(kind: Any) -> str:
    """Return the message of an error: the requirement of the keyword, as the schema states it."""
    name = kind.name
    limit = _LIMITS.get(name)
    if limit is not None:
        return _cut(limit.format(kind.limit), _TEXT_SHOWN)
    text = _TEXTS.get(name)
    return text(kind) if text is not None else f"must satisfy {_cut(name, _TEXT_SHOWN)}"
