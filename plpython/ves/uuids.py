"""UUID spellings that clients of the reference may send: plain, `{…}`, `urn:uuid:…`. Hashes cover the 16 bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

T = TypeVar("T")

_HYPHENATED = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_SPELLED = re.compile(rf"{{({_HYPHENATED})}}|urn:uuid:({_HYPHENATED})|({_HYPHENATED}|[0-9a-fA-F]{{32}})")
_MISTAKE = "Invalid UUID"


class SpelledUuid(UUID):
    """A UUID decoded from any of the spellings."""

    __slots__ = ()


def decoder(body: type[T]) -> Callable[[bytes], T]:
    """Return a JSON decoder of a struct whose UUIDs may have any spelling; the usual spelling has no extra cost."""
    usual = msgspec.json.Decoder(body).decode
    loose = msgspec.json.Decoder(_loosened(body), dec_hook=_read).decode

    def decode(raw: bytes) -> T:
        try:
            return usual(raw)
        except msgspec.ValidationError as error:
            if not str(error).startswith(_MISTAKE):
                raise
        found: T = loose(raw)
        return found

    return decode


def _read(_kind: type, value: Any) -> SpelledUuid:
    match = _SPELLED.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(_MISTAKE)
    return SpelledUuid(match[match.lastindex or 0])


def _loosened(kind: Any) -> Any:
    """Return the type with every UUID replaced by SpelledUuid."""
    if kind is UUID:
        return SpelledUuid
    if get_origin(kind) is list:
        return list[_loosened(get_args(kind)[0])]  # type: ignore[misc]
    if kind == UUID | None:
        return SpelledUuid | None
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return kind
    hints = get_type_hints(kind, include_extras=True)
    fields = msgspec.structs.fields(kind)
    return msgspec.defstruct(
        kind.__name__,
        [
            (field.name, _loosened(hints[field.name]))
            if field.required
            else (field.name, _loosened(hints[field.name]), field.default)
            for field in fields
        ],
        rename={field.name: field.encode_name for field in fields},
        kw_only=True,
    )
