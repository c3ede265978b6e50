"""How much work a schema can make of one place of a payload, computed before the schema is accepted.

A validator has no time limit of its own, and references let a short schema name the same place exponentially often.
So the schema is run once on no payload in particular: a *state* is the multiset of subschemas that apply to one
place, and each state leads to those of the members and items below it. Every payload only visits such places, hence
the heaviest state bounds the work at any of them. A schema whose states grow beyond the limits is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ves.schemas.references import Document, JsonObject, refused

_MAX_STATES = 5_000
_MAX_APPLIED = 2_000
_MAX_STEPS = 400_000
_MAX_REFERENCES = 200
_ONE = ("not", "if", "then", "else")
_MANY = ("allOf", "anyOf", "oneOf")
_BY_NAME = ("dependentSchemas", "dependencies")
_UNEVALUATED = ("unevaluatedProperties", "unevaluatedItems")

State = tuple[tuple[int, int], ...]
PatternSize = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Weight:
    """The most checks at one place: of any value, of an object, of an array; and compiled bytes of patterns."""

    value: int = 0
    members: int = 0
    items: int = 0
    patterns: int = 0

    def cost(self, payload: bytes) -> int:
        """An upper bound of the checks that a payload takes (a check is about 10 ns)."""
        objects, arrays = payload.count(b"{"), payload.count(b"[")
        places = 1 + payload.count(b",") + objects + arrays
        # Names of members are values too (propertyNames). A pattern machine takes at most a check for 200 bytes of it.
        return (
            2 * places * self.value
            + objects * self.members
            + arrays * self.items
            + len(payload) * self.patterns // 200
        )

    @property
    def for_each_byte(self) -> int:
        """The cost never exceeds this for each byte of a payload, plus twice `value`."""
        return 2 * self.value + self.members + self.items + self.patterns // 200 + 1


@dataclass(slots=True)
class _Entry:
    """A subschema that applies to a place, with all that apply in place with it (how often each)."""

    applied: list[tuple[JsonObject, int]] = field(default_factory=list)
    weight: Weight = field(default_factory=Weight)


class _Explorer:
    def __init__(self, root: object, pattern_size: PatternSize) -> None:
        self._document = Document(root)
        self._pattern_size = pattern_size
        self._entries: dict[int, _Entry] = {}
        # Entries are named by identity: the document is alive as long as this object.
        self._schemas: dict[int, object] = {}
        self._steps = 0

    def heaviest(self) -> Weight:
        """The maximum over all reachable states of each part of the weight."""
        first: State = ((self._name(self._document.root), 1),)
        seen, waiting = {first}, [first]
        value = members = items = patterns = 0
        while waiting:
            state = waiting.pop()
            weight = self._weight(state)
            value, members = max(value, weight.value), max(members, weight.members)
            items, patterns = max(items, weight.items), max(patterns, weight.patterns)
            for below in self._below(state):
                if below not in seen:
                    seen.add(below)
                    waiting.append(below)
            if len(seen) > _MAX_STATES:
                raise _too_complex()
        return Weight(value, members, items, patterns)

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
        entry, total = _Entry(), Counter[str]()
        waiting: list[tuple[object, int, int]] = [(schema, 1, 0)]
        applied = 0
        while waiting:
            current, times, references = waiting.pop()
            applied += times
            if applied > _MAX_APPLIED or references > _MAX_REFERENCES:
                raise _too_complex()
            self._step()
            total["value"] += times
            if isinstance(current, bool):
                continue
            if not isinstance(current, dict):
                raise refused("reference", "a $ref names something that is no schema")
            entry.applied.append((current, times))
            for part, count in _own_weight(current, self._pattern_size).items():
                total[part] += times * count
            again = 2 if any(keyword in current for keyword in _UNEVALUATED) else 1
            waiting += [(s, times * again, references + 1) for s in self._in_place(current)]
        entry.weight = Weight(total["value"], total["members"], total["items"], total["patterns"])
        return entry

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
        parts = [(self._entry(name).weight, times) for name, times in state]
        weight = Weight(
            sum(w.value * t for w, t in parts),
            sum(w.members * t for w, t in parts),
            sum(w.items * t for w, t in parts),
            sum(w.patterns * t for w, t in parts),
        )
        if weight.value > _MAX_APPLIED:
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
                    counts[self._name(child)] += times * again
            if counts:
                yield tuple(sorted(counts.items()))


def heaviest(root: object, pattern_size: PatternSize) -> Weight:
    """The bound for a compiled schema. Raises RequestRefused(invalid_schema) when there is no reasonable one.

    `pattern_size` answers the compiled size of a pattern in bytes.
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


def _own_weight(schema: JsonObject, pattern_size: PatternSize) -> dict[str, int]:
    names = sum(
        len(_members(schema, k)) for k in ("properties", "patternProperties", "dependentRequired", *_BY_NAME)
    )
    required = schema.get("required")
    patterns = [schema["pattern"]] if isinstance(schema.get("pattern"), str) else []
    patterns += _members(schema, "patternProperties")
    return {
        "value": len(schema["enum"]) // 16 if isinstance(schema.get("enum"), list) else 0,
        "members": names + (len(required) if isinstance(required, list) else 0),
        "items": len(_prefix(schema)),
        "patterns": sum(pattern_size(pattern) for pattern in patterns),
    }
