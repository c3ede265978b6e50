"""Members that stand twice in an object of a request's own: what signs or filters in front may have read the other one.

Payloads, other raw members and unknown ones are not looked at.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from ves import json_decode


class _Name(str):
    """A member's name: of a type that the decoder does not know, so that it shows every name to the hook."""

    __slots__ = ()


_UNKNOWN = _Name()


def first_repeated(raw: bytes | msgspec.Raw, kind: type) -> str | None:
    """Path of the first member of the struct `kind`, or of one inside it, that `raw` has twice, as `events[3].event_id`."""
    return _search(raw, kind, "")


def _search(raw: bytes | msgspec.Raw, kind: type, path: str) -> str | None:
    names = _names(kind)
    twice: list[str] = []
    seen: set[str] = set()

    def take(_: type, text: str) -> _Name:
        # Unknown names share one key, so that they take no memory.
        name = names.get(text, _UNKNOWN)
        if text in seen:
            twice.append(text)
        elif name:
            seen.add(text)
        return name

    found = json_decode.decode(raw, type=dict[_Name, msgspec.Raw], dec_hook=take)
    if twice:
        return path + twice[0]
    for name, (inner, is_list) in _inner(kind).items():
        value = found.get(names[name])
        if value is None or bytes(value) == b"null":
            continue
        parts = json_decode.decode(value, type=list[msgspec.Raw]) if is_list else [value]
        for i, part in enumerate(parts):
            where = _search(part, inner, f"{path}{name}[{i}]." if is_list else f"{path}{name}.")
            if where is not None:
                return where
    return None


@cache
def _names(kind: type) -> dict[str, _Name]:
    return {field.encode_name: _Name(field.encode_name) for field in msgspec.structs.fields(kind)}


@cache
def _inner(kind: type) -> dict[str, tuple[type, bool]]:
    """Members that hold a struct, or (true) a list of them."""
    found = {}
    for field in msgspec.structs.fields(kind):
        declared = inspect.type_info(field.type)
        for part in declared.types if isinstance(declared, inspect.UnionType) else (declared,):
            item = _plain(part)
            is_list = isinstance(item, inspect.ListType)
            if isinstance(item, inspect.ListType):
                item = _plain(item.item_type)
            if isinstance(item, inspect.StructType):
                found[field.encode_name] = (item.cls, is_list)
    return found


def _plain(part: inspect.Type) -> inspect.Type:
    return part.type if isinstance(part, inspect.Metadata) else part


class QuoteCount:
    """Tells most batches of events without a repeated member by their quotation marks, for a hundredth of the search's cost.

    A member that was decoded took two for its name and two for a text. If a request has no more than that outside of
    its payloads, nothing in it is repeated or unknown.
    """

    def __init__(self, event: type, wrapper_quotes: int) -> None:
        self._wrapper = wrapper_quotes
        self._required = 0
        self._optional: list[tuple[str, Any, int]] = []
        self._raw: list[str] = []
        for field in msgspec.structs.fields(event):
            kind = inspect.type_info(field.type)
            parts = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
            is_text = any(isinstance(_plain(part), inspect.StrType | inspect.UUIDType) for part in parts)
            quotes = 4 if is_text else 2
            if field.type is msgspec.Raw:
                self._raw.append(field.name)
            if field.required:
                self._required += quotes
            else:
                self._optional.append((field.name, field.default, quotes))

    def is_exact(self, raw: bytes, events: list[Any]) -> bool:
        """Whether the request has as many quotation marks as its members need."""
        expected = self._wrapper + self._required * len(events)
        for event in events:
            for name in self._raw:
                expected += bytes(getattr(event, name)).count(b'"')
            for name, default, quotes in self._optional:
                if getattr(event, name) is not default:
                    expected += quotes
        return raw.count(b'"') == expected
