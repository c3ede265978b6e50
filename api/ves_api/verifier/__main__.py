"""Entry point of a verifying process. It gives way to everything else on the machine before it even imports."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

# A tenth of the weight of others: ingest hardly notices, and on a machine that is busy with other things 50 proofs
# are still verified before anybody's wait for a turn runs out (with 19 they are not).
_NICENESS = 10
_TRIES = 20
_PAUSE_SECONDS = 0.12


def give_way() -> None:
    """Lower the priority of this process against all others, also those of other sessions."""
    os.nice(_NICENESS)
    if sys.platform != "linux":
        return
    # Kernels with autogroup weigh a process within its session only, and the database server is in another one: so
    # a session of its own, and a light one. Other kernels have no such file.
    os.setsid()
    lighten(Path("/proc/self/autogroup"))


def lighten(group: Path) -> None:
    """Set the weight of this session. Without privileges the kernel takes one such wish of a tenth of a second."""
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
