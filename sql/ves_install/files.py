"""The engine's SQL files in load order, read from sql/load.toml."""

from __future__ import annotations

import hashlib
import os
import tomllib
from pathlib import Path


def sql_root() -> Path:
    """Return the folder with load.toml: VES_SQL_ROOT, else the wheel's copy beside this module, else the checkout's.

    The wheel keeps `sql/` and `plpython/wrappers/` in their places relative to each other, below `engine/`.
    """
    if override := os.environ.get("VES_SQL_ROOT"):
        return Path(override)
    here = Path(__file__).resolve().parent
    packaged = here / "engine" / "sql"
    return packaged if packaged.is_dir() else here.parent


def section(name: str) -> list[Path]:
    """Files of one section of load.toml, each once, in load order."""
    root = sql_root()
    patterns: list[str] = tomllib.loads((root / "load.toml").read_text(encoding="utf-8"))[name]["files"]
    found: dict[Path, None] = {}
    for pattern in patterns:
        base, _, glob = pattern.rpartition("../")
        folder = (root / base / "..").resolve() if "../" in pattern else root
        matches = sorted(folder.glob(glob))
        if not matches and "*" not in pattern:
            raise FileNotFoundError(pattern)
        found.update(dict.fromkeys(path.resolve() for path in matches))
    return list(found)


def digest(paths: list[Path]) -> str:
    """SHA-256 (hex) over names and contents, the identity of a set of logic files."""
    state = hashlib.sha256()
    for path in paths:
        state.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return state.hexdigest()
