"""An agent's life offline in a process of its own: `python -m tests.bench.backlog FILE COUNT` reads its task from stdin.

It records COUNT events of 1 KB in groups, pushes them once and pulls them all, and prints seconds and its peak memory.
"""

from __future__ import annotations

import json
import re
import sys
import time
import uuid
from pathlib import Path

from ves_client import AgentKey, Outbox, Sequencer, Trust, pull, push

GROUP = 100
PAYLOAD = b'{"note":"' + b"x" * 1016 + b'"}'
_PEAK = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


def peak_mib() -> float:
    """Return the most memory that this process has had (resident set), in MiB."""
    found = _PEAK.search(Path("/proc/self/status").read_text(encoding="ascii"))
    if found is None:
        raise RuntimeError("the kernel names no peak")
    return int(found[1]) / 1024


def main() -> None:
    """Record, push, pull; one JSON document on stdout."""
    file, count = sys.argv[1], int(sys.argv[2])
    task = json.load(sys.stdin)
    key = AgentKey(uuid.UUID(task["agent_id"]), 1, bytes.fromhex(task["seed"]))
    trust = Trust((bytes.fromhex(task["sequencer_key"]),))
    stream = (uuid.UUID(task["tenant_id"]), uuid.UUID(task["store_id"]))
    told = {"imported_mib": peak_mib()}
    with Outbox(file, key, *stream) as outbox, Sequencer(task["url"], task["api_key"]) as sequencer:
        started = time.perf_counter()
        for first in range(0, count, GROUP):
            with outbox.transaction():
                for n in range(first, min(first + GROUP, count)):
                    outbox.record("order", f"O-{n}", "order.placed", PAYLOAD)
        recorded = time.perf_counter()
        accepted = push(outbox, sequencer, trust, on_progress=lambda _: None).accepted
        pushed = time.perf_counter()
        told |= {"record_s": recorded - started, "push_s": pushed - recorded, "accepted": accepted}
        told |= {"pushed_mib": peak_mib()}
        told |= {"pulled": pull(outbox, sequencer, trust).events, "pull_s": time.perf_counter() - pushed}
    print(json.dumps(told | {"peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
