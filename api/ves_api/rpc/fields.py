"""Fields of messages: checked readers, and writers of times."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp

from ves.errors import ProtocolError
from ves.timestamps import grpc_text, rfc3339_micros
from ves.uuids import parse_spelled_uuid
from ves_api.operations.fields import invalid
from ves_api.times import micros

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Sequence

_MAX_FILTERS = 100
_MICROS = 1_000_000
_FRACTION = re.compile(r"\.(\d+)")


def read_uuid(text: str, field: str) -> uuid.UUID:
    """A UUID in any spelling that HTTP takes. Raises invalid_field."""
    try:
        return parse_spelled_uuid(text)
    except ProtocolError as error:
        raise invalid(field, "is not a UUID") from error


def read_texts(texts: Sequence[str], field: str) -> frozenset[str]:
    """The texts of a filter. Raises invalid_field when it has more than 100 entries."""
    if len(texts) > _MAX_FILTERS:
        raise invalid(field, f"has more than {_MAX_FILTERS} entries")
    return frozenset(texts)


def read_uuids(texts: Sequence[str], field: str) -> frozenset[uuid.UUID]:
    """The UUIDs of a filter. Raises invalid_field, as `read_texts`."""
    return frozenset(read_uuid(text, field) for text in read_texts(texts, field))


def read_bytes(value: bytes, length: int, field: str) -> bytes:
    """Bytes of this length. Raises invalid_field."""
    if len(value) != length:
        raise invalid(field, f"is not {length} bytes")
    return value


def read_time(value: Timestamp, field: str) -> str:
    """The text of a time, as it is signed (VES 3.1). Raises invalid_field outside the years 1 to 9999."""
    text = grpc_text(value.seconds, value.nanos)
    if text is None:
        raise invalid(field, "is not a time in the years 1 to 9999")
    return text


def time_of(moment: dt.datetime) -> Timestamp:
    """An instant."""
    seconds, rest = divmod(micros(moment), _MICROS)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def time_of_text(text: str) -> Timestamp | None:
    """The instant of an RFC 3339 text, with its nanoseconds; None if a Timestamp cannot hold it."""
    found = rfc3339_micros(text)
    if found is None:
        return None
    fraction = _FRACTION.search(text)
    nanos = int(fraction[1][:9].ljust(9, "0")) if fraction else 0
    return Timestamp(seconds=found // _MICROS, nanos=nanos)
