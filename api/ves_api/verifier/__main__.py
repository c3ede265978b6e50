"""Entry point of a verifying process. It gives way to everything else on the machine before it even imports."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

# A tenth of the weight of others: ingest hardly notices, and on a machine that is busy with other things 50 proofs
# are still verified before anybody's wait for a turn runs out (with 19 they are not).
_NICENESS = 10


def give_way() -> None:
    """Lower the priority of this process against all others, also those of other sessions."""
    os.nice(_NICENESS)
    if sys.platform != "linux":
        return
    # Kernels with autogroup weigh a process within its session only, and the database server is in another one: so
    # a session of its own, and a light one. Other kernels have no such file.
    os.setsid()
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_NICENESS), encoding="ascii")


if __name__ == "__main__":
    give_way()
    from ves_api.verifier.child import main

    main()
