"""Reading a request: bodies, query and path parameters, hex and times. Every refusal has its code."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec

from ves.codec import I64_MAX, U32_MAX, parse_hex, parse_uuid
from ves.errors import ProtocolError
from ves_api.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar import Request

T = TypeVar("T")

_JSON_TYPE = re.compile(rb"\s*application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(rb";\s*charset\s*=\s*\"?([^\";\s]*)", re.IGNORECASE)
_PATH_IN_MESSAGE = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING_IN_MESSAGE = re.compile(r"missing required field `([^`]*)`")
_decode_raw = msgspec.json.Decoder(msgspec.Raw).decode
_DIGITS = re.compile(r"[0-9]{1,19}")
_U64_DIGITS = re.compile(r"[0-9]{1,20}")


def require_json_type(request: Request[Any, Any, Any]) -> None:
    """Raise 415 unless the body is application/json or application/*+json, in UTF-8 and without a content coding."""
    media = None
    for name, value in request.scope["headers"]:
        if name == b"content-type" and media is None:
            media = value
        elif name == b"content-encoding" and value.strip().lower() != b"identity":
            raise ApiError(
                "unsupported_media_type",
                "The body must come without a Content-Encoding",
                headers={"accept-encoding": "identity"},
            )
    if media == b"application/json":
        return
    if media is None or not _JSON_TYPE.fullmatch(media):
        raise ApiError("unsupported_media_type")
    charset = _CHARSET.search(media)
    if charset is not None and charset[1].lower() not in {b"utf-8", b"utf8"}:
        raise ApiError("unsupported_media_type", "The body must be in UTF-8")


async def read_body(request: Request[Any, Any, Any]) -> bytes:
    """The whole JSON body. Raises 415, and 413 as soon as the body is known to be too long.

    Reads the messages itself: the framework's own reader costs more than decoding a small event.
    """
    require_json_type(request)
    limit = request.app.state.settings.max_body_bytes
    announced = request.content_length
    if announced is not None and announced > limit:
        raise _too_long(limit)
    chunks: list[bytes] = []
    received = 0
    while True:
        message: Any = await request.receive()
        if message["type"] == "http.disconnect":
            raise ApiError("invalid_request", "The body ended early")
        chunk = message.get("body", b"")
        received += len(chunk)
        if received > limit:
            raise _too_long(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_long(limit: int) -> ApiError:
    return ApiError("body_too_large", details={"limit": limit})


async def read_struct(request: Request[Any, Any, Any], decoder: msgspec.json.Decoder[T]) -> T:
    """The body as a struct. Raises malformed_json (400) or invalid_shape (422)."""
    return decode_struct(await read_body(request), decoder)


def decode_struct(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """A body that was read as a struct. Raises malformed_json (400) or invalid_shape (422)."""
    try:
        if not body.isascii():
            body.decode()  # the decoder does not look into members that it skips
        try:
            return decoder.decode(body)
        except msgspec.ValidationError as error:
            _decode_raw(body)  # what is not even JSON is malformed, whatever else is wrong with it
            raise _wrong_shape(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError("malformed_json") from error


def _wrong_shape(message: str) -> ApiError:
    """The refusal for a body of another shape, naming the member if the decoder did."""
    path = _PATH_IN_MESSAGE.search(message)
    missing = _MISSING_IN_MESSAGE.search(message)
    field = ".".join([m.group(1) for m in (path, missing) if m and m.group(1)])
    return ApiError("invalid_shape", message, details={"field": field} if field else None)


def parse_query(text: bytes) -> dict[str, str]:
    """The query parameters; of a repeated one the last counts. Raises invalid_query."""
    try:
        return dict(parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict"))
    except ValueError as error:
        raise ApiError("invalid_query", "The query string cannot be read") from error


class Query:
    """The query parameters of a request; of a repeated one the last counts.

    Parsed at the first look, so that a handler may take it before it knows the caller.
    """

    def __init__(self, request: Request[Any, Any, Any]) -> None:
        self._text: bytes = request.scope["query_string"]

    @cached_property
    def _values(self) -> dict[str, str]:
        try:
            return dict(parse_qsl(self._text.decode("ascii"), keep_blank_values=True, errors="strict"))
        except ValueError as error:
            raise ApiError("invalid_query", "The query string cannot be read") from error

    def has(self, name: str) -> bool:
        """Whether the parameter is there."""
        return name in self._values

    def required_uuid(self, name: str) -> uuid.UUID:
        """A UUID that must be there. Raises invalid_query."""
        value = self._values.get(name)
        if value is None:
            raise ApiError("invalid_query", f"{name} is required", details={"field": name})
        return path_uuid(value, name)

    def optional_uuid(self, name: str) -> uuid.UUID | None:
        """A UUID that may be absent. Raises invalid_query."""
        value = self._values.get(name)
        return None if value is None else path_uuid(value, name)

    def optional_text(self, name: str) -> str | None:
        """Text that may be absent; without NUL, which no stored text has. Raises invalid_query."""
        value = self._values.get(name)
        if value is not None and "\0" in value:
            raise ApiError("invalid_query", f"{name} holds a NUL", details={"field": name})
        return value

    def optional_time(self, name: str) -> dt.datetime | None:
        """An RFC 3339 time that may be absent. Raises invalid_query."""
        return time_field(self._values.get(name), name, refusal="invalid_query")

    def choice(self, name: str, choices: Mapping[str, T], default: T) -> T:
        """One of some words, given as what it stands for; may be absent. Raises invalid_query."""
        value = self._values.get(name)
        if value is None:
            return default
        if value not in choices:
            words = ", ".join(choices)
            raise ApiError("invalid_query", f"{name} is none of {words}", details={"field": name})
        return choices[value]

    def optional_number(self, name: str, most: int) -> int | None:
        """A number 0 … `most` that may be absent. Raises invalid_query."""
        return self.number(name, 0, most) if name in self._values else None

    def number(self, name: str, default: int, most: int, *, least: int = 0) -> int:
        """A number `least` … `most` that may be absent. Raises invalid_query."""
        value = self._values.get(name)
        if value is None:
            return default
        number = int(value) if _U64_DIGITS.fullmatch(value) else most + 1
        if not least <= number <= most:
            raise ApiError("invalid_query", f"{name} is not a number in range", details={"field": name})
        return number

    def text(self, name: str, default: str | None = None) -> str:
        """Text that must be there unless it has a default. Raises invalid_query."""
        value = self._values.get(name, default)
        if value is None:
            raise ApiError("invalid_query", f"{name} is required", details={"field": name})
        return value


def path_name(scope: Any, place: int, field: str, most: int) -> str:
    """A part of the path (counted as in a list) of 1 to `most` bytes, as sent: an encoded slash belongs to it.

    Raises invalid_query.
    """
    name = unquote_to_bytes(scope["raw_path"].partition(b"?")[0].split(b"/")[place])
    try:
        if 1 <= len(name) <= most and b"\0" not in name:
            return name.decode()
    except UnicodeDecodeError:
        pass
    raise ApiError(
        "invalid_query", f"{field} must be 1 to {most} bytes without NUL", details={"field": field}
    )


def path_uuid(text: str, name: str) -> uuid.UUID:
    """A UUID from a path or query. Raises invalid_query."""
    try:
        return parse_uuid(text)
    except ProtocolError as error:
        raise ApiError("invalid_query", f"{name} is not a UUID", details={"field": name}) from error


def path_number(text: str, name: str) -> int:
    """A number 0 … 2^63-1 from a path or query. Raises invalid_query."""
    number = int(text) if _DIGITS.fullmatch(text) else -1
    if not 0 <= number <= I64_MAX:
        raise ApiError("invalid_query", f"{name} is not a sequence number", details={"field": name})
    return number


def path_key_number(text: str) -> int:
    """A key number 0 … 2^32-1 from a path. Raises invalid_query."""
    number = path_number(text, "key_id")
    if number > U32_MAX:
        raise ApiError("invalid_query", "key_id is not a key number", details={"field": "key_id"})
    return number


def hex_field(text: str, length: int, field: str, *, prefix: bool = True) -> bytes:
    """`length` bytes of hex; `prefix` says whether `0x` may lead. Raises invalid_field."""
    if prefix or not text.startswith("0x"):
        try:
            return parse_hex(text, length)
        except ProtocolError:
            pass
    raise ApiError("invalid_field", f"{field} is not {length} bytes of hex", details={"field": field})


def time_field(text: str | None, field: str, *, refusal: str = "invalid_field") -> dt.datetime | None:
    """An RFC 3339 time with an offset, or None. Raises the refusal, invalid_field unless another is named."""
    if text is None:
        return None
    try:
        moment = msgspec.convert(text, dt.datetime)
    except msgspec.ValidationError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ApiError(refusal, f"{field} is not an RFC 3339 time", details={"field": field})
    return moment
