"""CPU time by process group, from /proc: what a figure costs, whoever else uses the machine."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> tuple[int, float, float] | None:
    """(parent, own CPU seconds, CPU seconds of children that it has waited for) of a process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    own, children = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return int(fields[1]), own / _TICK, children / _TICK


def descendants(root: int) -> list[int]:
    """The process and everything below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := _stat(int(entry.name))) is not None:
            parents.setdefault(found[0], []).append(int(entry.name))
    family, todo = [], [root]
    while todo:
        pid = todo.pop()
        family.append(pid)
        todo += parents.get(pid, [])
    return family


def tree_cpu(root: int) -> float:
    """CPU seconds of a process, of all below it, and of those that have ended."""
    return sum(found[1] + found[2] for pid in descendants(root) if (found := _stat(pid)) is not None)


def process_cpu(pid: int) -> float:
    """CPU seconds of one process."""
    found = _stat(pid)
    if found is None:
        raise ProcessLookupError(pid)
    return found[1]


def divisor(seconds: float) -> float:
    """CPU seconds to divide by: at least one tick of the clock that counted them."""
    return max(seconds, 1 / _TICK)


def machine_busy() -> float:
    """CPU seconds that the whole machine has spent on anything."""
    fields = [
        int(value) for value in Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:9]
    ]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / _TICK


@dataclass
class Span:
    """What a stretch of time cost. `cpu` is CPU seconds by group, `busy` the share of the machine in use (0 to 1)."""

    wall: float
    cpu: dict[str, float]
    busy: float
    others: float

    def per_event(self, events: int, generator: float = 0.0) -> dict[str, float]:
        """Microseconds of CPU per event by group; `generator` is CPU seconds that the load generator counted itself."""
        spent = self.cpu | ({"generator": generator} if generator else {})
        return {group: seconds * 1e6 / events for group, seconds in spent.items()}

    def shares(self, generator: float = 0.0) -> dict[str, float]:
        """How busy the machine was, and with what, in percent of all its cores."""
        capacity = self.wall * (os.cpu_count() or 1)
        ours = sum(self.cpu.values()) + generator
        named = {**self.cpu, "generator": generator, "others": max(0.0, self.busy * capacity - ours)}
        shares = {group: round(100 * seconds / capacity, 1) for group, seconds in named.items()}
        return shares | {"machine": round(100 * self.busy, 1)}


class Stopwatch:
    """Measures process trees by name between its creation and `stop`."""

    def __init__(self, **roots: int) -> None:
        self._roots = roots
        self._cpu = {group: tree_cpu(pid) for group, pid in roots.items()}
        self._busy = machine_busy()
        self._started = time.monotonic()

    def stop(self) -> Span:
        wall = time.monotonic() - self._started
        cpu = {group: tree_cpu(pid) - self._cpu[group] for group, pid in self._roots.items()}
        capacity = wall * (os.cpu_count() or 1)
        busy = machine_busy() - self._busy
        return Span(wall, cpu, min(1.0, busy / capacity), max(0.0, busy - sum(cpu.values())))
