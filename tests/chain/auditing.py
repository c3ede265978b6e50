"""The auditor's program: a process that is told a node, a contract and a document, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.support.cluster import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def audit(url: str, contract: str, document: dict[str, Any], folder: Path) -> int:
    """The exit status of the auditor about a receipt or a proof."""
    path = folder / "document.json"
    path.write_text(json.dumps(document), encoding="ascii")
    command = [sys.executable, "-m", "shop.auditor", url, contract, str(path)]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT / 'examples'}:{ROOT / 'contracts'}"}
    return subprocess.run(command, env=env, cwd=folder, check=False).returncode
