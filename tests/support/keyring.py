"""The key of encryption at rest that the tests' servers share, in the API's environment and in the server's file."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(64, 96))
ENVIRONMENT = {"PAYLOAD_ENCRYPTION_KEY": KEY.hex()}


def write(path: Path, **settings: str) -> None:
    """Write a key-ring file (mode 0600) with these settings; without any, the shared key."""
    lines = [f"{name}={value}\n" for name, value in (settings or ENVIRONMENT).items()]
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.touch(mode=0o600)
    unfinished.write_text("".join(lines), encoding="utf-8")
    if path.exists():
        # The owner is the server's user, and a rename keeps a reader from seeing half a file.
        shutil.chown(unfinished, path.stat().st_uid, path.stat().st_gid)
    unfinished.replace(path)
