"""Waiting for a condition with a deadline, in place of sleeping for a time that is hoped to be enough."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE_SECS = 30.0


def wait_until(condition: Callable[[], Any], what: str = "", *, seconds: float = DEADLINE_SECS) -> Any:
    """The first true value of `condition()`, asked every 20 ms; AssertionError naming `what` after the deadline."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or condition}"
        time.sleep(0.02)
    return value
