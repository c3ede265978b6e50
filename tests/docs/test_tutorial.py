"""The shell lines of docs/tutorial.md do what the page says, on a running system."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.cli.system import System, system  # noqa: F401 - a fixture
from tests.support.processes import SEQUENCER_PUBLIC_KEY

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_page_leads_from_an_event_to_a_proof(system: System, tmp_path: Path) -> None:  # noqa: F811
    system.write_env(tmp_path, VES_SEQUENCER_PUBLIC_KEY=SEQUENCER_PUBLIC_KEY.hex())
    marked = "".join(f"echo '== {number}'\n{block}" for number, block in enumerate(BLOCKS))
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{marked}"],
        cwd=tmp_path,
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    _, _, pushed, again, proved, listed, fsck = [
        part.partition("\n")[2] for part in done.stdout.split("== ")[1:]
    ]
    assert pushed.startswith("2 accepted")
    assert again.startswith("0 accepted")
    assert "VALID: 2 receipts" in again
    assert proved.endswith("VALID: 1 proof\n")
    assert json.loads(listed)["count"] == 1
    assert fsck.startswith("CLEAN")
