"""Finds and ends processes that this checkout started, and no others."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

_POLL_SECONDS = 0.05


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition holds or the timeout expires; return whether it held."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def read_pid(path: Path) -> int | None:
    """Return the process id in the first line of a file; None if there is none."""
    try:
        return int(path.read_text(encoding="ascii").split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def command_line(pid: int) -> str:
    """Return the command line of a process; empty if it has ended (or is a zombie)."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        if Path("/proc/self").exists():
            return ""
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, text=True
    )
    return shown.stdout.strip()


def is_ours(pid: int | None, mark: str | Path) -> bool:
    """Return whether the process runs and has `mark` in its command line, which guards against reused process ids."""
    return pid is not None and str(mark) in command_line(pid)


def find(mark: str) -> int | None:
    """Return a process with `mark` in its command line; None without one, and where there is no /proc."""
    pids = (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))
    return next((pid for pid in pids if is_ours(pid, mark)), None)


def end(pid: int, mark: str | Path, *, first: signal.Signals, patience: float, group: bool = False) -> None:
    """Signal our process and wait; after `patience` seconds send SIGKILL, to its group if `group`."""
    if not is_ours(pid, mark):
        return
    os.kill(pid, first)
    if not wait_until(lambda: not is_ours(pid, mark), patience):
        if group and os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_ours(pid, mark), 10)
