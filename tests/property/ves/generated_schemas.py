"""Small random JSON Schemas and payloads that their keywords tell apart."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

from ves.errors import RequestRefused
from ves.schemas.compiled import compile_schema

if TYPE_CHECKING:
    from collections.abc import Callable

DRAFTS = ("http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema")
SCALARS = [None, True, False, -3, -1, 0, 1, 2, 3, 0.5, 1.0, -2.5, "", "a", "bb", "acb"]
TYPES = ["null", "boolean", "object", "array", "string", "integer", "number"]
NAMES = ["a", "b", "c"]
PATTERNS = ["^a", "[bc]"]


class Maker:
    """Small random schemas and payloads; plain random numbers, because thousands are needed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def some(self, of: list[Any], most: int = 2) -> list[Any]:
        return self.random.sample(of, self.random.randint(1, most))

    def payload(self, depth: int = 3) -> Any:
        kind = self.random.random()
        if depth == 0 or kind < 0.4:
            return self.random.choice(SCALARS)
        if kind < 0.6:
            return [self.payload(depth - 1) for _ in range(self.random.randint(0, 3))]
        return {name: self.payload(depth - 1) for name in self.some([*NAMES, "d"], 4)}

    def schema(self, depth: int = 3) -> Any:
        if depth == 0 or self.random.random() < 0.1:
            return self.random.choice([True, True, False, {"type": "string"}, {"type": "integer"}])
        return {
            k: self.value(k, depth - 1)
            for k in self.random.choices(list(self.kinds(0)), k=self.random.randint(1, 4))
        }

    def value(self, keyword: str, depth: int) -> Any:
        return self.kinds(depth)[keyword]()

    def kinds(self, depth: int) -> dict[str, Callable[[], Any]]:
        random, small, below = self.random, lambda: self.random.randint(0, 3), lambda: self.schema(depth)
        bound = lambda: random.choice([-3, -1, 0, 1, 2, 2.5])  # noqa: E731
        return {
            "type": lambda: random.choice([random.choice(TYPES), self.some(TYPES, 3)]),
            "enum": lambda: self.some(SCALARS, 3),
            "const": lambda: random.choice(SCALARS),
            **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), bound),
            "multipleOf": lambda: random.choice([1, 2, 4, 0.5]),
            **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), small),
            **dict.fromkeys(("minProperties", "maxProperties"), small),
            "pattern": lambda: random.choice(["^a", "b$"]),
            "uniqueItems": lambda: random.random() < 0.7,
            **dict.fromkeys(
                ("items", "additionalProperties", "contains", "not", "if", "then", "else"), below
            ),
            "required": lambda: self.some(NAMES),
            "properties": lambda: {name: below() for name in self.some(NAMES, 3)},
            "patternProperties": lambda: {name: below() for name in self.some(PATTERNS)},
            **dict.fromkeys(
                ("allOf", "anyOf", "oneOf"), lambda: [below() for _ in range(random.randint(1, 2))]
            ),
            "propertyNames": lambda: {"maxLength": small()},
            "$ref": lambda: "#/$defs/s",
        }

    def document(self) -> dict[str, Any]:
        root = self.schema()
        body = root if isinstance(root, dict) else {"allOf": [root]}
        return {"$schema": self.random.choice(DRAFTS), "$defs": {"s": self.schema(2)}, **body}

    def changed(self, schema: Any) -> Any:
        """A schema with a few keywords added, dropped or replaced, at any depth."""
        if not isinstance(schema, dict):
            return schema
        other = {
            k: self.changed(v) if k in ("items", "additionalProperties", "not") else v
            for k, v in schema.items()
        }
        for keyword in ("properties", "patternProperties"):
            if keyword in other:
                other[keyword] = {k: self.changed(v) for k, v in other[keyword].items()}
        if self.random.random() < 0.4:
            keyword = self.random.choice(list(self.kinds(0)))
            if self.random.random() < 0.5:
                other[keyword] = self.value(keyword, 1)
            else:
                other.pop(keyword, None)
        return other

    def pair(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Two schemas, most often one and a change of it."""
        one = self.document()
        other = self.document() if self.random.random() < 0.2 else self.changed(one)
        return (other, one) if self.random.random() < 0.5 else (one, other)


def usable(schema: dict[str, Any]) -> str | None:
    text = json.dumps(schema)
    try:
        compile_schema(text)
    except RequestRefused:
        return None
    return text
