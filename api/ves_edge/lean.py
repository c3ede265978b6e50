"""Imports of libraries without parts of theirs that servers do not use."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def without_terminal() -> Iterator[None]:
    """Import what makes tables and colours where it is installed (structlog, httpx) without it: 2 to 5 MiB of a process."""
    hidden = {"rich", "pygments", "click"} - sys.modules.keys()
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
