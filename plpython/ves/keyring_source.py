"""Loads the key ring of a process: from the file named by VES_KEYRING_FILE, else from the environment.

The one place of this library that reads a file: API and PL/Python must follow the same rotation. The file holds
KEY=VALUE lines of the variables in `ves.keyring.VARIABLES`. Every use checks it with one `stat` (about a
microsecond) and re-reads it when inode, mtime or size changed, so a rotation needs no restart. If the file becomes
invalid, the last valid ring stays in use and `problem` holds the reason.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ves import keyring
from ves.errors import ProtocolError
from ves.keyring import KeyRing

FILE_VARIABLE = "VES_KEYRING_FILE"

_Version = tuple[int, int, int, int]


class RingSource:
    """Owned by one process; any thread may call `ring`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Read the ring for the first time. Raises ProtocolError whose `reason` is the variable's name."""
        path = environ.get(FILE_VARIABLE, "").strip()
        self._path = Path(path) if path else None
        self._version: _Version | None = None
        self.problem: str | None = None
        if self._path is None:
            self._ring = keyring.parse(environ)
        else:
            self._version, self._ring = _read(self._path)

    def ring(self) -> KeyRing:
        """Return the current ring, re-read if the file changed."""
        if self._path is None:
            return self._ring
        try:
            if _version(self._path.stat()) != self._version:
                version, ring = _read(self._path)
                ring.require_key()
                self._version, self._ring = version, ring
            self.problem = None
        except (ProtocolError, OSError) as error:
            self.problem = f"{FILE_VARIABLE}: {_said(error)}"
        return self._ring


def _read(path: Path) -> tuple[_Version, KeyRing]:
    try:
        with path.open(encoding="utf-8") as stream:
            found = os.fstat(stream.fileno())
            text = stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ProtocolError(FILE_VARIABLE, f"cannot be read: {_said(error)}") from None
    if found.st_mode & stat.S_IRWXO:
        raise ProtocolError(FILE_VARIABLE, "the file must not be accessible to others (chmod 600)")
    lines = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith("#"))
    return _version(found), keyring.parse({name.strip(): value.strip() for name, _, value in lines})


def _version(found: os.stat_result) -> _Version:
    return found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode


def _said(error: Exception) -> str:
    """Return an error message that contains neither file contents nor a key."""
    if isinstance(error, ProtocolError):
        return f"{error.reason}: {error.message}"
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__


@cache
def of_process() -> RingSource:
    """Return the source for the environment of this process, created on first use. Raises as `RingSource`."""
    return RingSource(os.environ)
