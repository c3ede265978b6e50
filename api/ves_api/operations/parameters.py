"""Parameters: values that travel as text (path, query, metadata), each with its JSON Schema and its parser.

A parser raises invalid_query and names the parameter as it is spelled on the wire.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import msgspec

from ves.codec import I64_MAX, U32_MAX, U64_MAX
from ves.errors import ProtocolError
from ves.prepare import ENTITY_ID_BYTES, ENTITY_TYPE_BYTES
from ves.uuids import parse_spelled_uuid
from ves_api.times import parse_time
from ves_edge.errors import ApiError

T = TypeVar("T")

_SEQUENCE_DIGITS = re.compile(r"\+?[0-9]{1,19}")
_U64_DIGITS = re.compile(r"\+?[0-9]{1,20}")


class Parameters(msgspec.Struct, kw_only=True, frozen=True):
    """Base of inputs whose members are parameters, each of a type annotated with `Parameter`.

    A member named `body` is not a parameter: it holds the struct that is decoded from the body.
    """


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """Description (JSON Schema) and parser of a value; `parse` gets the text and the wire name.

    `query_name` is the wire name of a query parameter whose name a path parameter has already.
    """

    description: str
    schema: dict[str, Any]
    parse: Callable[[str, str], Any]
    query_name: str | None = None


def refuse(name: str, problem: str) -> ApiError:
    """The refusal of one parameter."""
    return ApiError("invalid_query", f"{name} {problem}", details={"field": name})


def _uuid(text: str, name: str) -> uuid.UUID:
    try:
        return parse_spelled_uuid(text)
    except ProtocolError as error:
        raise refuse(name, "is not a UUID") from error


def _sequence_number(text: str, name: str) -> int:
    number = int(text) if _SEQUENCE_DIGITS.fullmatch(text) else -1
    if not 0 <= number <= I64_MAX:
        raise refuse(name, "is not a sequence number")
    return number


def _key_number(text: str, name: str) -> int:
    number = _sequence_number(text, name)
    if number > U32_MAX:
        raise refuse(name, "is not a key number")
    return number


def _as_sent(text: str, _: str) -> str:
    return text


def _text(text: str, name: str) -> str:
    # Bytes of a path that are not UTF-8 arrive as lone surrogates.
    if "\0" in text or (not text.isascii() and text.encode(errors="replace").decode() != text):
        raise refuse(name, "must be UTF-8 without NUL")
    return text


def _time(text: str, name: str) -> dt.datetime:
    return parse_time(text, name, refusal="invalid_query")


def identifier(description: str) -> Parameter:
    """A UUID."""
    return Parameter(description, {"type": "string", "format": "uuid"}, _uuid)


def number(description: str, most: int, *, least: int = 0, schema: dict[str, Any] | None = None) -> Parameter:
    """A number `least` … `most`."""

    def parse(text: str, name: str) -> int:
        value = int(text) if _U64_DIGITS.fullmatch(text) else most + 1
        if not least <= value <= most:
            raise refuse(name, "is not a number in range")
        return value

    return Parameter(description, schema or {"type": "integer", "minimum": least}, parse)


def choice(description: str, choices: Mapping[str, Any], schema: dict[str, Any] | None = None) -> Parameter:
    """One of some words, given as the value that it stands for."""

    def parse(text: str, name: str) -> Any:
        if text not in choices:
            raise refuse(name, f"is none of {', '.join(choices)}")
        return choices[text]

    return Parameter(description, schema or {"type": "string", "enum": list(choices)}, parse)


def word(description: str, words: Iterable[str]) -> Parameter:
    """One of some words."""
    return choice(description, {word: word for word in words})


def text(description: str, schema: dict[str, Any] | None = None) -> Parameter:
    """Text without NUL, which no stored text has."""
    return Parameter(description, schema or {"type": "string"}, _text)


def sent_text(description: str, *, query_name: str | None = None) -> Parameter:
    """Text that the operation checks itself."""
    return Parameter(description, {"type": "string"}, _as_sent, query_name)


def instant(description: str) -> Parameter:
    """An RFC 3339 time with an offset."""
    return Parameter(description, {"type": "string", "format": "date-time"}, _time)


def name(description: str, most: int) -> Parameter:
    """Text of 1 to `most` bytes of UTF-8 without NUL."""

    def parse(text: str, wire_name: str) -> str:
        # A text that was not UTF-8 arrives with lone surrogates, which cannot be encoded.
        try:
            if 1 <= len(text.encode()) <= most and "\0" not in text:
                return text
        except UnicodeEncodeError:
            pass
        raise refuse(wire_name, f"must be 1 to {most} bytes without NUL")

    return Parameter(description, {"type": "string", "minLength": 1, "maxLength": most}, parse)


TenantId = Annotated[uuid.UUID, identifier("Tenant of the stream.")]
StoreId = Annotated[uuid.UUID, identifier("Store of the stream.")]
SchemaTenantId = Annotated[uuid.UUID, identifier("The tenant.")]
OwnTenantId = Annotated[
    uuid.UUID | None,
    identifier("Tenant; the credential's own when left out, needed by the bootstrap administrator."),
]
BatchId = Annotated[uuid.UUID, identifier("The commitment.")]
EventBatchId = Annotated[uuid.UUID, identifier("The commitment that holds the event.")]
EventId = Annotated[uuid.UUID, identifier("The event.")]
ProofId = Annotated[uuid.UUID, identifier("The proof.")]
AgentId = Annotated[uuid.UUID, identifier("The agent.")]
GroupId = Annotated[uuid.UUID, identifier("The group.")]
SchemaId = Annotated[uuid.UUID, identifier("The schema.")]
SequenceNumber = Annotated[
    int,
    Parameter("Number of the event in its stream.", {"type": "integer", "minimum": 0}, _sequence_number),
]
KeyNumber = Annotated[
    int,
    Parameter(
        "Number of the key among those of the agent.",
        {"type": "integer", "minimum": 0, "maximum": U32_MAX},
        _key_number,
    ),
]
KeyPrefix = Annotated[
    str,
    Parameter("8 to 64 digits that the key's hash starts with.", {"type": "string"}, _as_sent),
]
ENTITY_TYPE = name("Type of the entity.", ENTITY_TYPE_BYTES)
ENTITY_ID = name("Id of the entity; a slash in it is written %2F.", ENTITY_ID_BYTES)
EntityType = Annotated[str, ENTITY_TYPE]
EntityId = Annotated[str, ENTITY_ID]
EventType = Annotated[str, text("The event type; a slash in it is written %2F.")]
FromNumber = Annotated[int, number("First number of the window; 0 counts as a number.", U64_MAX)]
AfterNumber = Annotated[int, number("Number after which the page starts; default 0.", U64_MAX)]
FromOffset = Annotated[int, number("How many events to skip.", U64_MAX)]
Limit = Annotated[int, number("Most events to answer; default 100.", U32_MAX)]


class NoInput(Parameters, kw_only=True, frozen=True):
    """The input of an operation that takes none."""


class Stream(Parameters, kw_only=True, frozen=True):
    """One stream."""

    tenant_id: TenantId
    store_id: StoreId


class EventWindow(Stream, kw_only=True, frozen=True):
    """A window of numbers of a stream."""

    first: FromNumber = msgspec.field(default=0, name="from")
    limit: Limit = 100


class ProofById(Parameters, kw_only=True, frozen=True):
    """One compliance or validity proof."""

    proof_id: ProofId
