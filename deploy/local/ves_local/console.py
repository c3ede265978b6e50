"""Progress lines, and failure reports with the tails of the relevant logs."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

_TAIL_LINES = 25


class StageError(Exception):
    """A failed stage. `logs` are the files whose last lines show the cause."""

    def __init__(self, message: str, logs: Sequence[Path] = ()) -> None:
        """Store the message and the logs to show."""
        super().__init__(message)
        self.logs = tuple(logs)


def started() -> float:
    """Second (Unix time) at which the shell stage began; now, when there was none."""
    return float(os.environ.setdefault("VES_UP_STARTED", str(time.time())))


def say(text: str) -> None:
    """Print one progress line with the seconds since the start."""
    print(f"[{time.time() - started():3.0f}s] {text}", flush=True)


def tail(path: Path, lines: int = _TAIL_LINES) -> str:
    """Return the last lines of a text file; empty when it cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            return "".join(deque(stream, maxlen=lines))
    except OSError:
        return ""


def open_log(path: Path) -> TextIO:
    """Truncate and open a log with mode 0600, whatever its previous mode."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(handle, "w", encoding="utf-8")


def report(error: StageError) -> None:
    """Print a failure, the tails of its logs first."""
    for log in error.logs:
        text = tail(log)
        if text:
            print(f"\n--- last lines of {log}\n{text.rstrip()}")
    print(f"\nfailed: {error}", flush=True)
