"""Entry point of a child process. It lowers its priority before the expensive imports."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

_TRIES = 20
_PAUSE_SECONDS = 0.12


def give_way(niceness: int) -> None:
    """Lower the scheduling priority of this process, also relative to processes of other sessions."""
    os.nice(niceness)
    if sys.platform != "linux":
        return
    # With autogroup, nice applies only within a session, and the database server runs in another one. So create a
    # session (setsid) and lower its weight (/proc/self/autogroup). Kernels without autogroup have no such file.
    os.setsid()
    lighten(Path("/proc/self/autogroup"), niceness)


def lighten(group: Path, niceness: int) -> None:
    """Set the nice value of this session's autogroup; the kernel rate-limits unprivileged writes (EAGAIN, 0.1 s)."""
    for _ in range(_TRIES):
        try:
            group.write_text(str(niceness), encoding="ascii")
        except BlockingIOError:
            time.sleep(_PAUSE_SECONDS)
        except OSError:
            return
        else:
            return


if __name__ == "__main__":
    give_way(int(sys.argv[1]))
    from ves_api.children.child import main

    main()
