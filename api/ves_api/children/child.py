"""A child process: reads a call, writes its result, until end of input.

Both are pickles, each after its length. The parent and the functions that it names are ours; hostile input is only ever
an argument. A child also exits when its parent is killed, because that closes the pipe.
"""

from __future__ import annotations

import gc
import pickle
import signal
import struct
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH = struct.Struct(">Q")
# A body of nested arrays makes millions of objects, all of which die with their call: collections took half of its time.
_GC_THRESHOLD = 1_000_000


class Call(NamedTuple):
    """A function of a module and its arguments."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Result(NamedTuple):
    """Result of a call: the returned value, or the raised exception."""

    value: Any
    error: Exception | None


def dump(value: Call | Result) -> bytes:
    """Return the bytes of a message."""
    text = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(text)) + text


def run(call: Call) -> Result:
    """Run the call; an exception becomes part of its result."""
    try:
        return Result(call.function(*call.arguments), None)
    except Exception as error:  # noqa: BLE001 (raised again in the parent)
        return Result(None, error)


def main() -> None:
    """Serve calls until the parent closes the pipe."""
    gc.set_threshold(_GC_THRESHOLD)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    read, write = sys.stdin.buffer.read, sys.stdout.buffer
    while head := read(LENGTH.size):
        call: Call = pickle.loads(read(*LENGTH.unpack(head)))  # noqa: S301 (from the parent)
        write.write(dump(run(call)))
        write.flush()
