"""The lines of sql/docs/operators-view.md do what the page says, after a demo on a running system."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.system import System

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "sql" / "docs" / "operators-view.md").read_text("utf-8")
BLOCKS = re.findall(r"```(sh|sql)\n(.*?)```", PAGE, re.DOTALL)


def script() -> str:
    """The whole page as one script: sql blocks go to the page's own `operator`, each answer under a mark."""
    lines = ["set -euo pipefail"]
    for number, (language, text) in enumerate(BLOCKS):
        lines.append(f"echo '== {number}'")
        lines.append(f"operator -A -t <<'SQL'\n{text}SQL" if language == "sql" else text)
    return "\n".join(lines)


def answers(folder: Path) -> list[str]:
    """What each block printed. The page's commands are looked for beside the interpreter, as in the checkout."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script()],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [part.partition("\n")[2] for part in done.stdout.split("== ")[1:]]


def test_the_page_shows_what_the_demo_did(here: System, demo: Callable[..., Any], tmp_path: Path) -> None:
    if not here.is_full:
        pytest.skip("encryption at rest inside the database needs PL/Python")
    assert demo("--purchases", "120", "--proofs", "5", "--no-tampering").code == 0
    _, streams, keys, schemas, refused, sealed, rotated, shredded, audit, notes, fsck = answers(tmp_path)
    assert len(streams.splitlines()) >= 4
    assert {"in_grace", "revoked"} <= set(re.split(r"[|\n]", keys))
    assert "key_rotated" in keys
    assert [line.split("|")[1:3] for line in schemas.splitlines()] == [["1", "active"]] * 3
    for reason in ("agent_key_invalid: Agent key has been revoked", "invalid_signature", "schema_validation"):
        assert reason in refused
    kinds = [line.split("|")[1:3] for line in sealed.splitlines()]
    assert ["1", ""] in kinds
    assert any(kind == "0" and len(key) == 16 for kind, key in kinds)
    assert re.search(r"ok: scanned=(\d+) updated=[1-9]\d* skipped_current_key=\d+", rotated)
    assert "would_update=0" in rotated
    assert shredded.split() == ["t"]
    assert audit.splitlines()[-1] == "0"
    assert "custom:payload_shredded" in audit
    assert [line.split("|")[0] for line in notes.splitlines()] == ["payload_shredded"]
    assert fsck.startswith("CLEAN")
