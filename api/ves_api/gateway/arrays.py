"""PostgreSQL binary arrays, built at C speed from columns of plain Python values.

psycopg's own list dumper costs about 70 µs for the columns of one event. Here a column is encoded once into
the bytes of its elements (each: int32 length, then the value; a null is length -1) and an array parameter is
a 20-byte header in front of any number of such chunks. So the columns of coalesced requests are joined, never
encoded again. Format: array_recv in PostgreSQL's arrayfuncs.c, one dimension, lower bound 1.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from psycopg.adapt import Dumper
from psycopg.pq import Format

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Sequence

    from psycopg.abc import AdaptContext, Buffer

_NULL = b"\xff\xff\xff\xff"
_LENGTH = Struct(">i").pack
_INT2 = Struct(">ih").pack
_INT4 = Struct(">ii").pack
_INT8 = Struct(">iq").pack
_HEADER = Struct(">iiIii").pack
_UUID_LENGTH = _LENGTH(16)


class Column(NamedTuple):
    """The encoded elements of one column: their bytes and whether one of them is null."""

    data: bytes
    has_null: bool


def uuids(values: Sequence[uuid.UUID | None]) -> Column:
    """Elements of a uuid[]."""
    if None in values:
        return Column(
            b"".join([_NULL if v is None else _UUID_LENGTH + v.bytes for v in values]), has_null=True
        )
    return Column(b"".join([_UUID_LENGTH + v.bytes for v in values if v is not None]), has_null=False)


def texts(values: Sequence[str | None]) -> Column:
    """Elements of a text[] (UTF-8)."""
    return blobs([None if v is None else v.encode() for v in values])


def blobs(values: Sequence[bytes | None]) -> Column:
    """Elements of a bytea[], or of a text[] or json[] whose elements are UTF-8 already."""
    if None in values:
        return Column(b"".join([_NULL if v is None else _LENGTH(len(v)) + v for v in values]), has_null=True)
    return Column(b"".join([_LENGTH(len(v)) + v for v in values if v is not None]), has_null=False)


def int2s(values: Iterable[int]) -> Column:
    """Elements of a smallint[]."""
    return Column(b"".join([_INT2(2, v) for v in values]), has_null=False)


def int4s(values: Iterable[int]) -> Column:
    """Elements of an int[]; a value above 2^31-1 is stored by its 32-bit pattern."""
    return Column(b"".join([_INT4(4, v if v < 1 << 31 else v - (1 << 32)) for v in values]), has_null=False)


def int8s(values: Sequence[int | None]) -> Column:
    """Elements of a bigint[]."""
    if None in values:
        return Column(b"".join([_NULL if v is None else _INT8(8, v) for v in values]), has_null=True)
    return Column(b"".join([_INT8(8, v) for v in values if v is not None]), has_null=False)


class ArrayParameter:
    """A finished array parameter; the subclasses name the element and array type for the server."""

    __slots__ = ("data",)
    element_oid: ClassVar[int]
    array_oid: ClassVar[int]

    def __init__(self, count: int, columns: Sequence[Column]) -> None:
        """Join the chunks `columns`, which hold `count` elements together (at least one)."""
        has_null = any(c.has_null for c in columns)
        header = _HEADER(1, int(has_null), self.element_oid, count, 1)
        self.data = b"".join([header, *[c.data for c in columns]])


class UuidArray(ArrayParameter):
    """uuid[]."""

    __slots__ = ()
    element_oid = 2950
    array_oid = 2951


class TextArray(ArrayParameter):
    """text[]."""

    __slots__ = ()
    element_oid = 25
    array_oid = 1009


class JsonArray(ArrayParameter):
    """json[]."""

    __slots__ = ()
    element_oid = 114
    array_oid = 199


class BytesArray(ArrayParameter):
    """bytea[]."""

    __slots__ = ()
    element_oid = 17
    array_oid = 1001


class Int2Array(ArrayParameter):
    """smallint[]."""

    __slots__ = ()
    element_oid = 21
    array_oid = 1005


class Int4Array(ArrayParameter):
    """int[]."""

    __slots__ = ()
    element_oid = 23
    array_oid = 1007


class Int8Array(ArrayParameter):
    """bigint[]."""

    __slots__ = ()
    element_oid = 20
    array_oid = 1016


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: ArrayParameter) -> Buffer:
        return obj.data


def register(context: AdaptContext) -> None:
    """Teach a connection (or a whole adapters map) to send these parameters."""
    for kind in (UuidArray, TextArray, JsonArray, BytesArray, Int2Array, Int4Array, Int8Array):
        dumper = type(f"{kind.__name__}Dumper", (_ArrayDumper,), {"oid": kind.array_oid})
        context.adapters.register_dumper(kind, dumper)
