"""The JSON decoders for text of unknown origin: deep nesting is a RecursionError, never an overflow of the stack.

The decoders of msgspec and of the standard library recurse in C. CPython's recursion limit stops them, but any
imported library may raise that limit to where the stack ends first, and the process with it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, overload

import msgspec

from ves.json_scan import is_deeper

T = TypeVar("T")
Text = bytes | str | msgspec.Raw
Hook = Callable[[type, Any], Any]

# CPython's default limit, which an ordinary thread's stack holds many times over.
_SAFE_DEPTH = 1_000


@contextmanager
def unchanged_recursion_limit() -> Iterator[None]:
    """Undo what an import does to the recursion limit: py_ecc, below eth_account and web3, sets 100,000.

    Libraries that decode JSON themselves (PyJWT, web3, x402) have no other protection.
    """
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def require_safe_depth(text: Text) -> None:
    """Raise RecursionError for text that a recursive decoder might not survive.

    The text is scanned only where the interpreter's limit does not protect the decoder.
    """
    if sys.getrecursionlimit() > _SAFE_DEPTH:
        raw = text.encode(errors="replace") if isinstance(text, str) else bytes(text)
        if is_deeper(raw, _SAFE_DEPTH):
            raise RecursionError("nested too deeply")


@overload
def decode(text: Text, *, dec_hook: Hook | None = None) -> Any: ...
@overload
def decode(text: Text, *, type: type[T], dec_hook: Hook | None = None) -> T: ...
def decode(text: Text, *, type: Any = Any, dec_hook: Hook | None = None) -> Any:  # noqa: A002 - the name of msgspec
    """`msgspec.json.decode` with its arguments and errors, and a RecursionError for deep nesting."""
    require_safe_depth(text)
    return msgspec.json.decode(text, type=type, dec_hook=dec_hook)


@overload
def decoder(*, float_hook: Callable[[str], Any]) -> Callable[[Text], Any]: ...
@overload
def decoder(kind: type[T], **options: Any) -> Callable[[Text], T]: ...
def decoder(kind: Any = Any, **options: Any) -> Callable[[Text], Any]:
    """The `decode` of a `msgspec.json.Decoder` with these options, and a RecursionError for deep nesting."""
    read = msgspec.json.Decoder(kind, **options).decode

    def checked(text: Text) -> Any:
        require_safe_depth(text)
        return read(text)

    return checked


def loads(text: bytes | str, **options: Any) -> Any:
    """`json.loads` with its options and errors, and a RecursionError for deep nesting."""
    if isinstance(text, bytes):
        # json.loads would guess UTF-16 and UTF-32, whose quotation marks the scan does not see.
        text = text.decode("utf-8-sig")
    require_safe_depth(text)
    return json.loads(text, **options)
