"""Request decoding: bodies, query and path parameters, hex and times; every error has a registered code."""

from __future__ import annotations

import codecs
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast
from urllib.parse import parse_qsl

import msgspec

from ves import json_decode
from ves.uuids import decoder
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from litestar.types import Receive

    from ves_api.services import Services

T = TypeVar("T")

_JSON_TYPE = re.compile(rb"\s*application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(rb";\s*charset\s*=\s*\"?([^\";\s]*)", re.IGNORECASE)
_PATH_IN_MESSAGE = re.compile(r" - at `\$\.?([^`]*)`$")
_MEMBER_IN_MESSAGE = re.compile(r"(?:missing required field|^Beyond 64 bits:) `([^`]*)`")
_decode_raw = json_decode.decoder(msgspec.Raw)


class Exchange(NamedTuple):
    """An HTTP request (its ASGI scope and `receive`) and the services that serve it."""

    scope: Any
    receive: Receive
    services: Services


def _announced_length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """Require a body of application/json or application/*+json, in UTF-8, without a content coding. Raises 415.

    Returns its Content-Length; 0 if there is none.
    """
    media, length = None, 0
    for name, value in headers:
        if name == b"content-type":
            if media not in (None, value):
                raise ApiError("unsupported_media_type", "Content-Type has two values")
            media = value
        elif name == b"content-length" and value.isdigit():
            length = int(value)
        elif name == b"content-encoding" and value.strip().lower() != b"identity":
            raise ApiError(
                "unsupported_media_type",
                "The body must come without a Content-Encoding",
                headers={"accept-encoding": "identity"},
            )
    if media == b"application/json":
        return length
    if media is None or not _JSON_TYPE.fullmatch(media):
        raise ApiError("unsupported_media_type")
    charset = _CHARSET.search(media)
    if charset is not None and charset[1].lower() not in {b"utf-8", b"utf8"}:
        raise ApiError("unsupported_media_type", "The body must be in UTF-8")
    return length


async def read_body(exchange: Exchange, most: int | None = None) -> bytes:
    """Read the JSON body of at most `most` bytes. Raises 415, and 413 as soon as a size limit is exceeded."""
    limit = exchange.services.settings.max_body_bytes
    if most is not None:
        limit = min(limit, most)
    if _announced_length(exchange.scope["headers"]) > limit:
        raise _too_long(limit)
    chunks: list[bytes] = []
    received = 0
    while True:
        message: Any = await exchange.receive()
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


@cache
def _decoder(kind: type) -> Callable[[bytes], Any]:
    return decoder(kind)


def decode_body(kind: type[T], body: bytes) -> T:
    """Decode a body into a struct. Raises malformed_json (400) or invalid_shape (422).

    A byte order mark before it is passed over, as RFC 8259 8.1 allows.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        if not body.isascii():
            body.decode()  # the decoder does not check UTF-8 in skipped members
        try:
            return cast("T", _decoder(cast("Any", kind))(body))
        except msgspec.ValidationError as error:
            _decode_raw(body)  # a syntax error takes precedence over a shape error
            raise _wrong_shape(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError("malformed_json") from error


def _wrong_shape(message: str) -> ApiError:
    """Build the invalid_shape error, with the member's name if the decoder reports it."""
    path = _PATH_IN_MESSAGE.search(message)
    member = _MEMBER_IN_MESSAGE.search(message)
    field = ".".join([m.group(1) for m in (path, member) if m and m.group(1)])
    return ApiError("invalid_shape", message, details={"field": field} if field else None)


def parse_query(text: bytes, known: frozenset[str]) -> dict[str, str]:
    """Parse the query string into its known parameters. Raises invalid_query, also for a repeated one."""
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise ApiError("invalid_query", "The query string cannot be read") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise ApiError("invalid_query", f"{name} is there twice", details={"field": name})
        if name in known:
            found[name] = value
    return found
