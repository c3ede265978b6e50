"""Translates a schema document to the dialect of the validator without changing its meaning."""

from __future__ import annotations

import re
from typing import Any

from ves.schemas.references import Document

_DATA = ("const", "enum")
# An escape, a character class, or a dot; in ECMA-262 a dot stops at four line terminators, in the validator at one.
_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]?|\.", re.DOTALL)
_DOT = r"[^\n\r\u2028\u2029]"


def translated(document: Document) -> Any:
    """The root of the document with references to itself as fragments, and dots in patterns spelled out.

    Returns the root itself if there is nothing to change.
    """
    return _schema(document, document.root)


def _schema(document: Document, value: Any) -> Any:
    if isinstance(value, list):
        items = [_schema(document, item) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if not isinstance(value, dict):
        return value
    members = {
        name: _member(document, name, below) if name not in _DATA else below for name, below in value.items()
    }
    return members if any(members[name] is not below for name, below in value.items()) else value


def _member(document: Document, name: str, value: Any) -> Any:
    if isinstance(value, str):
        if name == "pattern":
            return _pattern(value)
        return document.as_fragment(value) if name == "$ref" else value
    if name == "patternProperties" and isinstance(value, dict):
        value = (
            {_pattern(pattern): below for pattern, below in value.items()} if "." in "".join(value) else value
        )
    return _schema(document, value)


def _pattern(pattern: str) -> str:
    if "." not in pattern:
        return pattern
    return _TOKEN.sub(lambda token: _DOT if token[0] == "." else token[0], pattern)
