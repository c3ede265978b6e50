"""Files of KEY=VALUE lines: the form of every state file, readable by shells, supervisors and people.

A value is everything after the first `=`, literally, without quoting or expansion. It may contain any character
except a line break.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

_PRIVATE = 0o600


def read(path: Path) -> dict[str, str]:
    """Return the pairs in file order; none if the file does not exist. Blank lines and `#` lines are skipped."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key: value for key, separator, value in pairs if separator}


def write(path: Path, values: Mapping[str, str], *, mode: int = _PRIVATE) -> bool:
    """Replace the file atomically, never with a wider mode in between. Return whether it changed."""
    for key, value in values.items():
        if "\n" in value or "\r" in value:
            raise ValueError(f"{key} holds a line break")
    text = "".join(f"{key}={value}\n" for key, value in values.items())
    return write_text(path, text, mode=mode)


def write_text(path: Path, text: str, *, mode: int = _PRIVATE) -> bool:
    """Replace a text file atomically (a crash leaves the old or the new one). Return whether its contents changed."""
    try:
        unchanged = path.read_text(encoding="utf-8") == text
    except FileNotFoundError:
        unchanged = False
    if unchanged:
        path.chmod(mode)
        return False
    write_bytes(path, text.encode(), mode=mode)
    return True


def write_bytes(path: Path, content: bytes, *, mode: int = _PRIVATE) -> None:
    """Replace a file atomically (a crash leaves the old or the new one)."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        os.fchmod(descriptor, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
