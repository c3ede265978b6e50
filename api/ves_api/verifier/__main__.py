"""Entry point of a verifier process. It lowers its priority before the expensive imports."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

# Nice 10 is about 1/10 of the default CFS weight: ingest latency hardly changes, and on a loaded machine 50 proofs are
# still verified before requests time out in the queue (with nice 19 they are not).
_NICENESS = 10
_TRIES = 20
_PAUSE_SECONDS = 0.12


def give_way() -> None:
    """Lower the scheduling priority of this process, also relative to processes of other sessions."""
    os.nice(_NICENESS)
    if sys.platform != "linux":
        return
    # With autogroup, nice applies only within a session, and the database server runs in another one. So create a
    # session (setsid) and lower its weight (/proc/self/autogroup). Kernels without autogroup have no such file.
    os.setsid()
    lighten(Path("/proc/self/autogroup"))


def lighten(group: Path) -> None:
    """Set the nice value of this session's autogroup; the kernel rate-limits unprivileged writes (EAGAIN, 0.1 s)."""
    for _ in range(_TRIES):
        try:
            group.write_text(str(_NICENESS), encoding="ascii")
        except BlockingIOError:
            time.sleep(_PAUSE_SECONDS)
        except OSError:
            return
        else:
            return


if __name__ == "__main__":
    give_way()
    from ves_api.verifier.child import main

    main()
