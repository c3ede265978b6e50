"""Schema compatibility (operations 6.2): proves keyword by keyword that one schema accepts a superset of another.

The proof is structural and conservative: it reports a problem for everything that it cannot prove. Supported:
`$ref` inside the document, `allOf`, `anyOf`, `oneOf` of the narrower side, `type`, `enum`, `const`, bounds of numbers,
lengths, items and members, `multipleOf`, `uniqueItems`, `items`, `properties`, `patternProperties` with the same
pattern, `additionalProperties`, `required`. Any other keyword must be identical on both sides,
including the targets of its references.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, Literal

import jsonschema_rs
import msgspec

from ves.errors import RequestRefused
from ves.schemas.compiled import make_validator, read_schema
from ves.schemas.dialect import translated
from ves.schemas.measures import key_of
from ves.schemas.references import Document, JsonObject
from ves.schemas.sameness import Digests, changed_places

Mode = Literal["none", "backward", "forward", "full"]
MODES: tuple[Mode, ...] = ("none", "backward", "forward", "full")

MAX_PROBLEMS = 20
# Step limit of one `check_compatibility` call; a step takes about a microsecond.
_MAX_STEPS = 350_000
_COMPILATION_STEPS = 100
_STEPS_FOR_A_PLACE = 3
_FRACTION_STEPS = 10
# Limits: bytes of listed values times bytes of the schema that validates them; bytes of values looked up.
_BYTES_IN_A_STEP = 64
_BYTES_IN_A_LISTED_STEP = 8
_SHOWN = 100
_TYPES = {
    "null": {"null"},
    "boolean": {"boolean"},
    "object": {"object"},
    "array": {"array"},
    "string": {"string"},
    "integer": {"integer"},
    # Integers are numbers; every other number is a fraction.
    "number": {"integer", "fraction"},
}
_ALL_TYPES = frozenset().union(*_TYPES.values())
_NUMBERS = frozenset({"integer", "fraction"})
# Keywords proved only by the same keyword with an equal value; grouped where one depends on another.
_LITERAL = (
    ("oneOf",), ("not",), ("if", "then", "else"), ("pattern",), ("format",), ("propertyNames",), ("prefixItems",),
    ("contains", "minContains", "maxContains"), ("dependentRequired",), ("dependentSchemas",), ("dependencies",),
    ("contentEncoding",), ("contentMediaType",), ("contentSchema",),
)  # fmt: skip
_WHOLE = ("unevaluatedProperties", "unevaluatedItems", "additionalItems")
_ON_STRINGS = {"pattern", "format", "contentEncoding", "contentMediaType"}
_ON_OBJECTS = {
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "unevaluatedProperties",
}
_ON_ARRAYS = {"contains", "prefixItems", "unevaluatedItems", "additionalItems"}


class Problem(msgspec.Struct, frozen=True):
    """An unproved part of the wider schema: its place (JSON Pointer, references followed) and the reason."""

    path: str
    reason: str


def check_compatibility(new: str, earlier: Sequence[tuple[int, str]], mode: Mode) -> None:
    """Compare a new schema with earlier versions (number, text) in a mode of operations 6.2.

    forward: the new schema accepts what the earlier one accepts; backward: the other way round; full: both.
    Raises RequestRefused(schema_incompatible) with details `mode`, `version` and `problems`, each of which has
    `path`, `reason` and `direction` (forward, backward or both).
    """
    work = _Work()
    for version, old in earlier:
        found: dict[Problem, str] = {}
        for direction, narrow, wide in (("forward", old, new), ("backward", new, old)):
            if mode in (direction, "full"):
                for problem in find_problems(narrow, wide, work):
                    found[problem] = "both" if found.get(problem, direction) != direction else direction
        if found:
            first, direction = next(iter(found.items()))
            raise RequestRefused(
                "schema_incompatible",
                f"not {direction.replace('both', 'forward or backward')} compatible with version {version}: "
                f"{first.path or '/'} {first.reason}",
                {
                    "mode": mode,
                    "version": version,
                    "problems": [
                        msgspec.structs.asdict(problem) | {"direction": direction}
                        for problem, direction in list(found.items())[:MAX_PROBLEMS]
                    ],
                },
            )


class _TooLongError(Exception):
    """The proof has too many steps."""


class _Work:
    """The remaining step budget."""

    def __init__(self) -> None:
        self._left = _MAX_STEPS

    def spend(self, steps: int = 1) -> None:
        self._left -= steps
        if self._left < 0:
            raise _TooLongError


def find_problems(narrow: str, wide: str, work: _Work | None = None) -> list[Problem]:
    """Return the problems that prevent a proof that `wide` accepts all that `narrow` accepts; empty if proved.

    Both are schemas that compile (see `compile_schema`).
    """
    work = work or _Work()
    try:
        sides = _Side(narrow, work), _Side(wide, work)
        roots = sides[0].document.root, sides[1].document.root
        if sides[0].draft == sides[1].draft and sides[0].digests.of(roots[0]) == sides[1].digests.of(
            roots[1]
        ):
            return []
        if "Draft4" in (sides[0].draft, sides[1].draft):
            return [Problem("", "not decidable: schemas of draft 4 are compared only when they are equal")]
        return _Proof(*sides, work).prove([roots[0]], roots[1], "")
    except (_TooLongError, RecursionError):
        return [Problem("", "not decidable: the comparison takes too long")]


class _Side:
    """A schema document: its draft, its digests, and the conjuncts of its subschemas."""

    def __init__(self, text: str, work: _Work) -> None:
        self.document = Document(read_schema(text))
        self.digests = Digests(self.document.root)
        work.spend(_STEPS_FOR_A_PLACE * self.digests.places)
        self.draft = jsonschema_rs.validator_cls_for(text).__name__.removesuffix("Validator")
        self._is_old = self.draft in ("Draft6", "Draft7")
        self.asserts_formats = self._is_old

    def conjuncts(self, schema: object) -> Iterator[JsonObject | bool]:
        """The schema as parts that must all hold, without `$ref` and `allOf`."""
        if isinstance(schema, bool) or not isinstance(schema, dict):
            yield bool(schema)
            return
        target = self.document.target(schema)
        if target is not None:
            yield from self.conjuncts(target)
            if self._is_old:
                return  # these drafts ignore the siblings of $ref
        for part in schema.get("allOf", ()):
            yield from self.conjuncts(part)
        yield schema


class _Proof:
    """Proves for pairs that every value accepted by all narrow subschemas is accepted by the wide one."""

    def __init__(self, narrow: _Side, wide: _Side, work: _Work) -> None:
        self._narrow = narrow
        self._wide = wide
        self._work = work
        self._changed = changed_places(narrow.document, narrow.digests, wide.document, wide.digests)
        self._assumed: set[tuple[frozenset[int], int]] = set()

    def prove(self, narrow: Sequence[object], wide: object, path: str) -> list[Problem]:
        """Prove one pair; `narrow` are schemas that all hold.

        A pair that recurs below itself counts as proved (induction): payloads are finite, so a smallest
        counterexample would fail elsewhere.
        """
        pair = (frozenset(map(id, narrow)), id(wide))
        if pair in self._assumed:
            return []
        facts = self._facts([c for schema in narrow for c in self._narrow.conjuncts(schema)])
        if facts.is_empty:
            return []
        self._assumed.add(pair)
        try:
            problems = []
            for part in self._wide.conjuncts(wide):
                problems += self._split(facts, part, path)
        finally:
            self._assumed.discard(pair)
        return problems

    def _facts(self, conjuncts: list[JsonObject | bool]) -> _Facts:
        self._work.spend(10 + 3 * sum(1 + len(part) for part in conjuncts if isinstance(part, dict)))
        facts = _Facts(conjuncts)
        self._work.spend(len(facts.names) + len(facts.required))
        return facts

    def _split(self, facts: _Facts, wide: JsonObject | bool, path: str) -> list[Problem]:
        """Prove one conjunct; if needed, separately for each alternative of the narrower side."""
        problems = self._conjunct(facts, wide, path)
        if not problems:
            return []
        for at, part in enumerate(facts.parts):
            for keyword in ("anyOf", "oneOf"):
                if keyword in part:
                    rest = {k: v for k, v in part.items() if k != keyword}
                    others = [*facts.parts[:at], rest, *facts.parts[at + 1 :]]
                    for branch in part[keyword]:
                        case = self._facts([*others, *self._narrow.conjuncts(branch)])
                        if not case.is_empty and self._split(case, wide, path):
                            return problems
                    return []
        return problems

    def _conjunct(self, facts: _Facts, wide: JsonObject | bool, path: str) -> list[Problem]:
        # Each of the checks below reads every part.
        self._work.spend(
            20
            + (_FRACTION_STEPS if isinstance(wide, dict) and "multipleOf" in wide else 2) * len(facts.parts)
        )
        if isinstance(wide, bool):
            return [] if wide else [Problem(path, "accepts nothing")]
        if self._is_contained_literally(facts, wide):
            return []
        if facts.values is not None:
            # $ref and allOf are skipped: their targets are conjuncts and proved separately.
            own = {k: v for k, v in wide.items() if k not in ("$ref", "allOf")}
            if not self._has_reference(own):
                return self._values(facts, own, path)
        problems = [
            *_type_problems(facts, wide, path),
            *_bound_problems(facts, wide, path),
            *self._literal_problems(facts, wide, path),
        ]
        if "anyOf" in wide:
            problems += self._any_of(facts, wide["anyOf"], f"{path}/anyOf")
        if "object" in facts.types:
            problems += self._members(facts, wide, path)
        if "array" in facts.types and not isinstance(wide.get("items"), list) and "items" in wide:
            problems += self.prove(facts.items(), wide["items"], f"{path}/items")
        return problems

    def _any_of(self, facts: _Facts, branches: Sequence[object], path: str) -> list[Problem]:
        for branch in branches:
            if not any(self._split(facts, part, path) for part in self._wide.conjuncts(branch)):
                return []
        return [Problem(path, "no single alternative is known to accept all of it")]

    def _values(self, facts: _Facts, wide: JsonObject, path: str) -> list[Problem]:
        """Prove a narrower side with enumerated values by validating each value."""
        refused = self._unlisted(facts, wide)
        rest = {k: v for k, v in wide.items() if k not in ("enum", "const")}
        if not refused and rest:
            lengths = self._narrow.digests.length(facts.values), self._wide.digests.length(rest)
            self._work.spend(_COMPILATION_STEPS + lengths[1] + lengths[0] * lengths[1] // _BYTES_IN_A_STEP)
            schema = translated(Document(rest | {"$schema": _META[self._wide.draft]}))
            try:
                validator = make_validator(json.dumps(schema))
            except (jsonschema_rs.ValidationError, ValueError):
                return [Problem(path, "not decidable: a part of the schema cannot be compiled alone")]
            refused = sum(not validator.is_valid(value) for value in facts.values or ())
        return [Problem(path, f"refuses {refused} of the values listed by enum or const")] if refused else []

    def _unlisted(self, facts: _Facts, wide: JsonObject) -> int:
        """Count the enumerated values that `enum` and `const` of the wider side do not contain."""
        values = facts.values or []
        allowed = [wide["enum"]] if "enum" in wide else []
        allowed += [[wide["const"]]] if "const" in wide else []
        for listed in allowed:
            lengths = self._narrow.digests.length(values) + self._wide.digests.length(listed)
            self._work.spend(lengths // _BYTES_IN_A_LISTED_STEP + 1)
            keys = set(map(key_of, listed))
            refused = sum(key_of(value) not in keys for value in values)
            if refused:
                return refused
        return 0

    def _has_reference(self, value: object) -> bool:
        self._work.spend()
        if isinstance(value, dict):
            return "$ref" in value or any(map(self._has_reference, value.values()))
        return isinstance(value, list) and any(map(self._has_reference, value))

    def _is_contained_literally(self, facts: _Facts, wide: JsonObject) -> bool:
        self._work.spend(len(facts.parts))
        if self._narrow.draft != self._wide.draft or id(wide) in self._changed:
            return False
        wanted = self._wide.digests.of(wide)
        return any(self._narrow.digests.of(part) == wanted for part in facts.parts)

    def _literal_problems(self, facts: _Facts, wide: JsonObject, path: str) -> Iterator[Problem]:
        for keyword in _WHOLE:
            if keyword in wide and _applies(keyword, facts):
                yield Problem(f"{path}/{keyword}", "not decidable: the whole schema must be the same here")
        if isinstance(wide.get("items"), list) and "array" in facts.types:
            yield Problem(
                f"{path}/items", "not decidable: items as a list are compared only in equal schemas"
            )
        for group in _LITERAL:
            first = next((k for k in group if k in wide), None)
            if first is None or not _applies(group[0], facts):
                continue
            if group == ("format",) and not self._wide.asserts_formats:
                continue
            if not self._states(facts, {k: wide[k] for k in group if k in wide}, group):
                yield Problem(f"{path}/{first}", "not decidable: the other side does not say the same")

    def _states(self, facts: _Facts, wanted: JsonObject, group: Sequence[str]) -> bool:
        """Return whether a narrower part has these keywords with equal values and equal reference targets."""
        if self._narrow.draft != self._wide.draft and group != ("pattern",):
            return False
        if any(id(value) in self._changed for value in wanted.values()):
            return False
        self._work.spend(len(facts.parts) * len(group))
        said = self._narrow.digests.of
        return any(
            part.keys() & set(group) == wanted.keys()
            and all(said(part[k]) == self._wide.digests.of(v) for k, v in wanted.items())
            for part in facts.parts
        )

    def _members(self, facts: _Facts, wide: JsonObject, path: str) -> Iterator[Problem]:
        for name in wide.get("required", ()):
            if name not in facts.required:
                yield Problem(f"{path}/required", f"demands the member {_shown(name)}, which may be absent")
        listed: JsonObject = wide.get("properties", {})
        patterns: JsonObject = wide.get("patternProperties", {})
        for name, schema in listed.items():
            yield from self.prove(self._member(facts, name, ()), schema, f"{path}/properties/{_token(name)}")
        for pattern, schema in patterns.items():
            same = [
                p["patternProperties"][pattern]
                for p in facts.parts
                if pattern in p.get("patternProperties", {})
            ]
            yield from self.prove(same, schema, f"{path}/patternProperties/{_token(pattern)}")
        if "additionalProperties" in wide:
            schema, place = wide["additionalProperties"], f"{path}/additionalProperties"
            self._work.spend(len(facts.names))
            for name in facts.names - listed.keys():
                problems = self.prove(self._member(facts, name, patterns), schema, place)
                if problems:
                    yield Problem(place, f"does not accept all of the member {_shown(name)}")
            yield from self.prove(self._member(facts, None, patterns), schema, place)

    def _member(self, facts: _Facts, name: str | None, exempt: Iterable[str]) -> list[object]:
        self._work.spend(3 + len(facts.parts))
        return facts.member(name, exempt)


class _Facts:
    """Constraints on every value that a set of schemas accepts jointly."""

    def __init__(self, conjuncts: Iterable[JsonObject | bool]) -> None:
        parts = list(conjuncts)
        self.parts: list[JsonObject] = [p for p in parts if isinstance(p, dict)]
        self.types: frozenset[str] = frozenset(_ALL_TYPES)
        self.values: list[Any] | None = None
        for part in self.parts:
            if "type" in part:
                self.types &= _types(part["type"])
            for values in ([part["const"]] if "const" in part else None, part.get("enum")):
                if values is not None and (self.values is None or len(values) < len(self.values)):
                    self.values = values
        self.is_empty = False in parts or not self.types
        self.required = {name for part in self.parts for name in part.get("required", ())}
        self.names = {name for part in self.parts for name in part.get("properties", ())}

    def strongest(self, keyword: str, pick: Any) -> Any:
        """Return the strictest bound among the parts, or None."""
        return pick([p[keyword] for p in self.parts if keyword in p], default=None)

    def items(self) -> list[object]:
        """The schemas that hold for every item."""
        return [
            p["items"]
            for p in self.parts
            if "items" in p and "prefixItems" not in p and not isinstance(p["items"], list)
        ]

    def member(self, name: str | None, exempt: Iterable[str]) -> list[object]:
        """The schemas that hold for a member of this name, or (None) of a name that no part lists.

        `exempt` are patterns that the name is known not to match.
        """
        known: list[object] = []
        for part in self.parts:
            if name is not None and name in part.get("properties", {}):
                known.append(part["properties"][name])
            elif "additionalProperties" in part and set(part.get("patternProperties", ())) <= set(exempt):
                known.append(part["additionalProperties"])
        return known


_META = {
    "Draft6": "http://json-schema.org/draft-06/schema#",
    "Draft7": "http://json-schema.org/draft-07/schema#",
    "Draft201909": "https://json-schema.org/draft/2019-09/schema",
    "Draft202012": "https://json-schema.org/draft/2020-12/schema",
}


def _types(value: str | list[str]) -> frozenset[str]:
    names = [value] if isinstance(value, str) else value
    return frozenset().union(*(_TYPES[name] for name in names))


def _type_problems(facts: _Facts, wide: JsonObject, path: str) -> Iterator[Problem]:
    if "type" in wide:
        more = facts.types - _types(wide["type"])
        if more:
            yield Problem(f"{path}/type", f"does not accept {' or '.join(sorted(more))}")
    for keyword in ("enum", "const"):
        if keyword in wide:
            yield Problem(f"{path}/{keyword}", "the other side does not list its values")


def _bound_problems(facts: _Facts, wide: JsonObject, path: str) -> Iterator[Problem]:
    if facts.types & _NUMBERS:
        yield from _number_problems(facts, wide, path)
    sizes = (("string", "Length"), ("array", "Items"), ("object", "Properties"))
    for kind, suffix in sizes:
        if kind not in facts.types:
            continue
        least, most = wide.get(f"min{suffix}", 0), wide.get(f"max{suffix}")
        stated = facts.strongest(f"min{suffix}", max) or 0
        if kind == "object":
            stated = max(stated, len(facts.required))
        if stated < least:
            yield Problem(f"{path}/min{suffix}", f"demands {least}, the other side only {stated}")
        limit = facts.strongest(f"max{suffix}", min)
        if most is not None and (limit is None or limit > most):
            yield Problem(f"{path}/max{suffix}", f"allows only {most}")
    if (
        "array" in facts.types
        and wide.get("uniqueItems") is True
        and not any(part.get("uniqueItems") is True for part in facts.parts)
    ):
        yield Problem(f"{path}/uniqueItems", "the other side allows equal items")


def _number_problems(facts: _Facts, wide: JsonObject, path: str) -> Iterator[Problem]:
    for inclusive, exclusive, pick, sign in (
        ("minimum", "exclusiveMinimum", max, 1),
        ("maximum", "exclusiveMaximum", min, -1),
    ):
        bounds = [
            (sign * value, is_exclusive)
            for value, is_exclusive in (
                (facts.strongest(inclusive, pick), False),
                (facts.strongest(exclusive, pick), True),
            )
            if value is not None
        ]
        known = max(bounds, default=None)
        for keyword, wanted_exclusive in ((inclusive, False), (exclusive, True)):
            if keyword in wide and (known is None or known < (sign * wide[keyword], wanted_exclusive)):
                yield Problem(f"{path}/{keyword}", f"allows less: {wide[keyword]}")
    if "multipleOf" in wide:
        step = Fraction(wide["multipleOf"])
        stated = [Fraction(p["multipleOf"]) for p in facts.parts if "multipleOf" in p]
        if not _is_multiple(facts, stated, step):
            yield Problem(f"{path}/multipleOf", f"accepts only multiples of {wide['multipleOf']}")


def _is_multiple(facts: _Facts, stated: Sequence[Fraction], step: Fraction) -> bool:
    """Return whether the steps prove it: integer and equal steps only, as other steps are inexact binary fractions."""
    if step == 1 and "fraction" not in facts.types:
        return True
    return any(s == step or (s.denominator == step.denominator == 1 and s % step == 0) for s in stated)


def _applies(keyword: str, facts: _Facts) -> bool:
    if keyword in _ON_STRINGS:
        return "string" in facts.types
    if keyword in _ON_OBJECTS:
        return "object" in facts.types
    return keyword not in _ON_ARRAYS or "array" in facts.types


def _token(name: str) -> str:
    return _shown(name).replace("~", "~0").replace("/", "~1")


def _shown(name: str) -> str:
    return name if len(name) <= _SHOWN else name[:_SHOWN] + "…"
