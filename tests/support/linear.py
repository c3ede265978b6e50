"""Whether the time that something takes grows in proportion to its input: the one measure of time that tests assert."""

from __future__ import annotations

import gc
import math
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# The ratio of times for twice the input; 2 is linear, 4 is quadratic.
MAX_RATIO = 2.5
_MEASURABLE_SECONDS = 0.004
_RUNS = 3
_ROUNDS = 4


def growth(run: Callable[[T], object], make: Callable[[int], T], largest: int) -> float:
    """time(2n)/time(n) of CPU, over two doublings and each the least of several runs; `make` answers an input of size n.

    n is the first size up to `largest` that takes long enough to be measured; 0 when none does.
    Other programs only ever add time, so the smallest ratio of some rounds counts.
    """
    size = 8_000
    while _least(run, make(size)) < _MEASURABLE_SECONDS:
        size *= 4
        if size > largest:
            return 0.0
    small, large = make(size), make(4 * size)
    ratio = float("inf")
    for _ in range(_ROUNDS):
        ratio = min(ratio, math.sqrt(_least(run, large) / _least(run, small)))
        if ratio <= MAX_RATIO:
            break
    return ratio


def _least(run: Callable[[T], object], given: T) -> float:
    times = []
    # The collector's time depends on everything that the process has ever made.
    gc.disable()
    try:
        for _ in range(_RUNS):
            started = time.thread_time()
            run(given)
            times.append(time.thread_time() - started)
    finally:
        gc.enable()
    return min(times)
