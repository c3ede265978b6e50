"""Array parameters in PostgreSQL's binary form, encoded from columns of plain Python values.

psycopg's list dumper takes about 70 µs for the columns of one event. Format: array_recv in PostgreSQL's arrayfuncs.c, one
dimension, lower bound 1: a header of 20 bytes, then each element's int32 length and value; a null is length -1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from struct import Struct
from typing import TYPE_CHECKING, Any, ClassVar

from psycopg.adapt import Dumper
from psycopg.postgres import types
from psycopg.pq import Format

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from psycopg.abc import AdaptContext, Buffer

_NULL = b"\xff\xff\xff\xff"
_LENGTH = Struct(">i").pack
_INT2 = Struct(">ih").pack
_INT4 = Struct(">ii").pack
_KEY_NUMBER = Struct(">iI").pack
_INT8 = Struct(">iq").pack
_HEADER = Struct(">iiIii").pack
_UUID_LENGTH = _LENGTH(16)


class ArrayParameter(ABC):
    """An encoded array; `of` is the PostgreSQL type of a subclass's elements.

    `data` is None for the null array: a column of nulls is sent as one, which the engine skips, unless `keeps_nulls`.
    """

    __slots__ = ("data",)
    element_oid: ClassVar[int]
    array_oid: ClassVar[int]

    def __init_subclass__(cls, of: str) -> None:
        cls.element_oid, cls.array_oid = types[of].oid, types[of].array_oid

    def __init__(self, values: Sequence[Any], *, keeps_nulls: bool = False) -> None:
        present = [value for value in values if value is not None]
        if not present and not keeps_nulls:
            self.data: bytes | None = None
            return
        size, elements = len(values), self.encode(present)
        has_null = len(present) != size
        if has_null:
            encoded = iter(elements)
            elements = [_NULL if value is None else next(encoded) for value in values]
        self.data = b"".join([_HEADER(1, has_null, self.element_oid, size, 1), *elements])

    @staticmethod
    @abstractmethod
    def encode(values: Sequence[Any]) -> list[bytes]:
        """The elements, none of which is null, each with its length."""


class UuidArray(ArrayParameter, of="uuid"):
    """uuid[]."""

    __slots__ = ()

    @staticmethod
    def encode(values: Sequence[uuid.UUID]) -> list[bytes]:
        """16 bytes each."""
        return [_UUID_LENGTH + value.int.to_bytes(16, "big") for value in values]


class BytesArray(ArrayParameter, of="bytea"):
    """bytea[]."""

    __slots__ = ()

    @staticmethod
    def encode(values: Sequence[bytes]) -> list[bytes]:
        """As they are."""
        return [_LENGTH(len(value)) + value for value in values]


class JsonArray(ArrayParameter, of="json"):
    """json[] of texts that are UTF-8 already."""

    __slots__ = ()
    encode = staticmethod(BytesArray.encode)


class TextArray(ArrayParameter, of="text"):
    """text[]."""

    __slots__ = ()

    @staticmethod
    def encode(values: Sequence[str]) -> list[bytes]:
        """UTF-8."""
        return BytesArray.encode([value.encode() for value in values])


class Int2Array(ArrayParameter, of="int2"):
    """smallint[]."""

    __slots__ = ()

    @staticmethod
    def encode(values: Sequence[int]) -> list[bytes]:
        """2 bytes each."""
        return [_INT2(2, value) for value in values]


class Int4Array(ArrayParameter, of="int4"):
    """int[]."""

    __slots__ = ()

    @staticmethod
    def encode(values: Sequence[int]) -> list[bytes]:
        """4 bytes each."""
        return [_INT4(4, value) for value in values]


class KeyNumberArray(Int4Array, of="int4"):
    """int[] of numbers of 0 to 2^32-1, each as the int4 with the same bits (VES 3, agent_key_id)."""

    __slots__ = ()

    @staticmethod
    def encode(values: Sequence[int]) -> list[bytes]:
        """4 bytes each."""
        return [_KEY_NUMBER(4, value) for value in values]


class Int8Array(ArrayParameter, of="int8"):
    """bigint[]."""

    __slots__ = ()

    @staticmethod
    def encode(values: Sequence[int]) -> list[bytes]:
        """8 bytes each."""
        return [_INT8(8, value) for value in values]


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: ArrayParameter) -> Buffer | None:
        return obj.data


# Made once: psycopg keeps each class that a connection used for as long as the process lives.
_DUMPERS = tuple(
    (kind, type(f"{kind.__name__}Dumper", (_ArrayDumper,), {"oid": kind.array_oid}))
    for kind in ArrayParameter.__subclasses__()
)


def register(context: AdaptContext) -> None:
    """Register the dumpers of these parameters with a connection (or an adapters map)."""
    for kind, dumper in _DUMPERS:
        context.adapters.register_dumper(kind, dumper)
