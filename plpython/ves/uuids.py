"""UUID spellings that clients of the original may send: plain, `{…}`, `urn:uuid:…`. Hashes cover the 16 bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from operator import or_
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from ves import json_decode
from ves.errors import ProtocolError
from ves.repeats import first_repeated

T = TypeVar("T")

_HYPHENATED = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_SPELLED = re.compile(rf"{{({_HYPHENATED})}}|urn:uuid:({_HYPHENATED})|({_HYPHENATED}|[0-9a-fA-F]{{32}})")
_MISTAKE = "Invalid UUID"


class SpelledUuid(UUID):
    """A UUID decoded from any of the spellings."""

    __slots__ = ()


def parse_spelled_uuid(text: str) -> UUID:
    """A UUID from any of its spellings. Raises ProtocolError("invalid_uuid")."""
    match = _SPELLED.fullmatch(text)
    if match is None:
        raise ProtocolError("invalid_uuid", "expected a UUID")
    return UUID(match[match.lastindex or 0])


def decoder(
    body: type[T], is_free: Callable[[bytes, T], bool] = lambda _raw, _value: False
) -> Callable[[bytes], T]:
    """Return a JSON decoder of a struct whose UUIDs may have any spelling; the usual spelling has no extra cost.

    A repeated member is a ValidationError; `is_free` may rule it out at less cost than the search.
    """
    usual = json_decode.decoder(body)
    loose = json_decode.decoder(_loosened(body), dec_hook=_read)

    def read(raw: bytes) -> T:
        try:
            return usual(raw)
        except msgspec.ValidationError as error:
            if not str(error).startswith(_MISTAKE):
                raise
        found: T = loose(raw)
        return found

    def decode(raw: bytes) -> T:
        value = read(raw)
        repeated = None if is_free(raw, value) else first_repeated(raw, body)
        if repeated is not None:
            raise msgspec.ValidationError(f"Repeated member - at `$.{repeated}`")
        return value

    return decode


def _read(_kind: type, value: Any) -> SpelledUuid:
    try:
        return SpelledUuid(int=parse_spelled_uuid(value).int)
    except (ProtocolError, TypeError):
        raise ValueError(_MISTAKE) from None


def _loosened(kind: Any) -> Any:
    """Return the type with every UUID replaced by SpelledUuid."""
    if kind is UUID:
        return SpelledUuid
    if get_origin(kind) is list:
        return list[_loosened(get_args(kind)[0])]  # type: ignore[misc]
    if get_origin(kind) in {Union, UnionType}:
        return reduce(or_, map(_loosened, get_args(kind)))
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return kind
    hints = get_type_hints(kind, include_extras=True)
    fields = msgspec.structs.fields(kind)
    return msgspec.defstruct(
        kind.__name__,
        [
            (field.name, _loosened(hints[field.name]))
            if field.required
            else (
                field.name,
                _loosened(hints[field.name]),
                msgspec.field(default=field.default)
                if field.default is not msgspec.NODEFAULT
                else msgspec.field(default_factory=field.default_factory),
            )
            for field in fields
        ],
        bases=(kind,),
        rename={field.name: field.encode_name for field in fields},
        kw_only=True,
    )
