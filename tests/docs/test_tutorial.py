"""The shell lines of the tutorials do what the pages say, on a running system."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.cli.system import System, system  # noqa: F401 - a fixture
from tests.support.processes import SEQUENCER_PUBLIC_KEY

DOCS = Path(__file__).parents[2] / "docs"


def run(page: str, system: System, folder: Path) -> list[str]:  # noqa: F811
    """Run the blocks of a page in one shell; what each of them printed."""
    blocks = re.findall(r"```sh\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    system.write_env(folder, VES_SEQUENCER_PUBLIC_KEY=SEQUENCER_PUBLIC_KEY.hex())
    marked = "".join(f"echo '== {number}'\n{block}" for number, block in enumerate(blocks))
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{marked}"],
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [part.partition("\n")[2] for part in done.stdout.split("== ")[1:]]


def test_the_page_leads_from_an_event_to_a_proof(system: System, tmp_path: Path) -> None:  # noqa: F811
    _, _, pushed, again, proved, listed, fsck = run("tutorial.md", system, tmp_path)
    assert pushed.startswith("2 accepted")
    assert again.startswith("0 accepted")
    assert "VALID: 2 receipts" in again
    assert proved.endswith("VALID: 1 proof\n")
    assert json.loads(listed)["count"] == 1
    assert fsck.startswith("CLEAN")


def test_two_agents_record_offline_sync_and_settle_a_conflict(system: System, tmp_path: Path) -> None:  # noqa: F811
    _, offline, away, synced, other, conflict, settled = run("agent-tutorial.md", system, tmp_path)
    assert re.search(r"^local +2$", offline, re.MULTILINE)
    assert away.endswith("exit code 3\n")
    assert "2 accepted, 0 replayed, 0 refused" in synced
    assert "VALID: 2 receipts" in synced
    assert "2 pulled" in other
    assert "exit code 4" in conflict
    assert "order/O-1 version_conflict" in conflict
    assert "3 pulled" in settled
    assert re.search(r"^dropped +1$", settled, re.MULTILINE)
