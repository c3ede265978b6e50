"""Upper bound of the validation cost of a schema at one place of a payload, computed before it is accepted.

The validator has no time limit, and references let a short schema apply to one place exponentially often.
So the schema is run once symbolically, without a payload: a *state* is the multiset of subschemas that apply to one
place, and each state leads to those of the members and items below it. Every payload only visits such places, hence
the heaviest state bounds the work at any of them. A schema whose states grow beyond the limits is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ves.schemas.measures import Measures, digits_of
from ves.schemas.references import Document, JsonObject, children, refused

_MAX_STATES = 5_000
_MAX_APPLIED = 2_000
_MAX_VALUE = 20_000
_MAX_STEPS = 200_000
_MAX_REFERENCES = 200
_ONE = ("not", "if", "then", "else")
_MANY = ("allOf", "anyOf", "oneOf")
_BY_NAME = ("dependentSchemas", "dependencies")
_NUMERIC = ("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
# Cost in checks: comparing two numbers, each digit of either, one place in an array of unique items.
_NUMBER = 40
_DIGIT = 6
_UNIQUE = 100
_UNEVALUATED = ("unevaluatedProperties", "unevaluatedItems")

State = tuple[tuple[int, int], ...]
PatternSize = Callable[[str], int]


class Weight(NamedTuple):
    """The most checks that a schema makes at one place of a payload; a check is about 10 ns.

    `value`: of any value; `members`: of an object; `items`: of an array; `patterns`: compiled bytes of patterns;
    `numbers` and `digits`: of a number, and for each digit of it; `nested` and `nested_digits`: the same for
    keywords that read everything below a place (`uniqueItems`, `enum` and `const` of arrays and objects).
    """

    value: int = 0
    members: int = 0
    items: int = 0
    patterns: int = 0
    numbers: int = 0
    digits: int = 0
    nested: int = 0
    nested_digits: int = 0

    def cost(self, of: Measures) -> int:
        """An upper bound of the checks that a payload takes."""
        return (
            2 * of.places * self.value
            + of.objects * self.members
            + of.arrays * self.items
            # Matching costs at most one check for each 200 bytes of a compiled pattern.
            + of.size * self.patterns // 200
            + of.numbers * self.numbers
            + of.digits * self.digits
            + of.levels * self.nested
            + of.digit_levels * self.nested_digits
        )

    @property
    def for_each_byte(self) -> int:
        """Return the maximum cost of each byte of a payload, beyond the cost of one value.

        A place takes two bytes and has at most 2^7 levels; a number of five bytes (1e300) has up to 325 digits.
        """
        return (
            2 * self.value
            + self.members
            + self.items
            + self.patterns // 200
            + self.numbers
            + (self.digits << 7)
            + (self.nested << 7)
            + (self.nested_digits << 14)
            + 1
        )


@dataclass(slots=True)
class _Entry:
    """A subschema that applies to a place, with the count of each in-place applicator below it."""

    applied: list[tuple[JsonObject, int]] = field(default_factory=list)
    weight: Weight = field(default_factory=Weight)

    def add(self, weight: Weight, times: int) -> None:
        """Add a weight `times` times."""
        self.weight = _sum(self.weight, weight, times)


class _Explorer:
    def __init__(self, root: object, pattern_size: PatternSize) -> None:
        self._document = Document(root)
        self._pattern_size = pattern_size
        self._entries: dict[int, _Entry] = {}
        self._own: dict[int, Weight] = {}
        # Keyed by id(): this object keeps the document alive.
        self._schemas: dict[int, object] = {}
        self._steps = 0

    def heaviest(self) -> Weight:
        """The maximum over all reachable states of each part of the weight."""
        first: State = ((self._name(self._document.root), 1),)
        seen, waiting = {first}, [first]
        most = Weight()
        while waiting:
            state = waiting.pop()
            most = Weight._make(map(max, most, self._weight(state)))
            for below in self._below(state):
                if below not in seen:
                    seen.add(below)
                    waiting.append(below)
            if len(seen) > _MAX_STATES:
                raise _too_complex()
        return most

    def _name(self, schema: object) -> int:
        self._schemas[id(schema)] = schema
        return id(schema)

    def _step(self, count: int = 1) -> None:
        self._steps += count
        if self._steps > _MAX_STEPS:
            raise _too_complex()

    def _entry(self, name: int) -> _Entry:
        entry = self._entries.get(name)
        if entry is None:
            entry = self._entries[name] = self._expand(self._schemas[name])
        return entry

    def _expand(self, schema: object) -> _Entry:
        entry = _Entry()
        waiting: list[tuple[object, int, int]] = [(schema, 1, 0)]
        applied = 0
        while waiting:
            current, times, references = waiting.pop()
            applied += times
            if applied > _MAX_APPLIED or references > _MAX_REFERENCES:
                raise _too_complex()
            self._step()
            if isinstance(current, bool):
                entry.add(Weight(value=1), times)
                continue
            if not isinstance(current, dict):
                raise refused("reference", "a $ref names something that is no schema")
            entry.applied.append((current, times))
            entry.add(self._own_weight(current), times)
            again = 2 if any(keyword in current for keyword in _UNEVALUATED) else 1
            waiting += [(s, times * again, references + 1) for s in self._in_place(current)]
        return entry

    def _own_weight(self, schema: JsonObject) -> Weight:
        weight = self._own.get(id(schema))
        if weight is None:
            weight = self._own[id(schema)] = _own_weight(schema, self._pattern_size)
        return weight

    def _in_place(self, schema: JsonObject) -> Iterator[object]:
        target = self._document.target(schema)
        if target is not None:
            yield target
        for keyword in _ONE:
            if keyword in schema:
                yield schema[keyword]
        for keyword in _MANY:
            yield from schema.get(keyword, ())
        for keyword in _BY_NAME:
            yield from (s for s in _members(schema, keyword).values() if not isinstance(s, list))

    def _weight(self, state: State) -> Weight:
        weight = Weight()
        for name, times in state:
            weight = _sum(weight, self._entry(name).weight, times)
        if weight.value > _MAX_VALUE:
            raise _too_complex()
        return weight

    def _below(self, state: State) -> Iterator[State]:
        applied = [(s, t * times) for name, times in state for s, t in self._entry(name).applied]
        names = {name for schema, _ in applied for name in _members(schema, "properties")}
        places = 1 + max((len(_prefix(schema)) for schema, _ in applied), default=0)
        children: list[Callable[[JsonObject], Iterator[object]]] = [
            *(lambda s, n=name: _at_name(s, n) for name in names),
            lambda s: _at_name(s, None),
            *(lambda s, p=place: _at_index(s, p) for place in range(places)),
            _at_every_name,
        ]
        for of in children:
            counts: Counter[int] = Counter()
            for schema, times in applied:
                self._step()
                again = 2 if any(keyword in schema for keyword in _UNEVALUATED) else 1
                for child in of(schema):
                    self._step()
                    counts[self._name(child)] += times * again
            if counts:
                yield tuple(sorted(counts.items()))


def heaviest(root: object, pattern_size: PatternSize) -> Weight:
    """The bound for a compiled schema. Raises RequestRefused(invalid_schema) when the limits are exceeded.

    `pattern_size` returns the compiled size of a pattern in bytes.
    """
    return _Explorer(root, pattern_size).heaviest()


def _too_complex() -> Exception:
    return refused("too_complex", "checking a payload against the schema could take too long")


def _members(schema: JsonObject, keyword: str) -> dict[str, Any]:
    value = schema.get(keyword)
    return value if isinstance(value, dict) else {}


def _prefix(schema: JsonObject) -> list[Any]:
    for keyword in ("prefixItems", "items"):
        if isinstance(schema.get(keyword), list):
            return list(schema[keyword])
    return []


def _at_name(schema: JsonObject, name: str | None) -> Iterator[object]:
    """The subschemas for a member of this name (None: of a name that `properties` does not list)."""
    listed = _members(schema, "properties")
    if name is not None and name in listed:
        yield listed[name]
    elif "additionalProperties" in schema:
        yield schema["additionalProperties"]
    yield from _members(schema, "patternProperties").values()
    if "unevaluatedProperties" in schema:
        yield schema["unevaluatedProperties"]


def _at_every_name(schema: JsonObject) -> Iterator[object]:
    """The subschemas for the names themselves."""
    if "propertyNames" in schema:
        yield schema["propertyNames"]


def _at_index(schema: JsonObject, index: int) -> Iterator[object]:
    prefix = _prefix(schema)
    if index < len(prefix):
        yield prefix[index]
    else:
        keyword = "additionalItems" if isinstance(schema.get("items"), list) else "items"
        if keyword in schema:
            yield schema[keyword]
    for keyword in ("contains", "unevaluatedItems"):
        if keyword in schema:
            yield schema[keyword]


def _sum(weight: Weight, other: Weight, times: int) -> Weight:
    return Weight._make(one + times * more for one, more in zip(weight, other, strict=True))


def _own_weight(schema: JsonObject, pattern_size: PatternSize) -> Weight:
    """The weight of a schema's own keywords, without the schemas in it."""
    names = sum(
        len(_members(schema, k)) for k in ("properties", "patternProperties", "dependentRequired", *_BY_NAME)
    )
    lists = [schema.get("required"), *_members(schema, "dependentRequired").values()]
    lists += _members(schema, "dependencies").values()
    patterns = [schema["pattern"]] if isinstance(schema.get("pattern"), str) else []
    patterns += _members(schema, "patternProperties")
    weight = Weight(
        value=1,
        members=names + sum(len(listed) for listed in lists if isinstance(listed, list)),
        items=len(_prefix(schema)),
        patterns=sum(pattern_size(pattern) for pattern in patterns),
    )
    if "uniqueItems" in schema:
        weight = _sum(weight, Weight(nested=_UNIQUE, nested_digits=1), 1)
    for keyword in _NUMERIC:
        if _is_number(schema.get(keyword)):
            weight = _sum(weight, _compared_to(schema[keyword]), 1)
    listed = schema.get("enum")
    if isinstance(listed, list):
        # The validator keeps a list of strings as a set.
        only_strings = all(isinstance(value, str) for value in listed)
        weight = _sum(weight, Weight(value=len(listed) // (16 if only_strings else 2)), 1)
    for value in [*(listed if isinstance(listed, list) else ()), schema.get("const")]:
        if not (value is None or isinstance(value, str | bool)):
            weight = _sum(weight, _compared_to(value), 1)
    return weight


def _compared_to(value: Any) -> Weight:
    """The weight of comparing a number, or of everything at and below a place, with a number, array or object."""
    if _is_number(value):
        return Weight(numbers=_NUMBER + _DIGIT * digits_of(value), digits=_DIGIT)
    longest, row = 0, [value]
    while row:
        longest = max(longest, *(digits_of(one) for one in row if _is_number(one)), 0)
        row = [one for many in row for one in children(many)]
    return Weight(nested=_NUMBER + _DIGIT * longest, nested_digits=_DIGIT)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
