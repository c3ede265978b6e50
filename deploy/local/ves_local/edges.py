"""The API and the workers: started when the engine is there, restarted when what they have read has changed."""

from __future__ import annotations

import hashlib
import http
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from ves_local import keyvalue, supervise
from ves_local.console import StageError

if TYPE_CHECKING:
    from ves_local.layout import Layout

NAMES = ("api", "workers")
_ROOMS = ("plpython", "api", "workers", "sql")
_CODE = {".py", ".sql", ".csv", ".toml"}
_READY_SECONDS = 90.0
_POLL_SECONDS = 0.1
# A program that has died this often since we look does not come up by waiting.
_FAILED_STARTS = 3


def _fingerprint(layout: Layout) -> str:
    """Return a hash of everything that a running edge has read once: code, packages, settings."""
    digest = hashlib.sha256()
    for name in NAMES:
        digest.update(layout.process_env(name).read_bytes())
    digest.update((layout.venv / ".ves-contents").read_bytes())
    for room in _ROOMS:
        for path in sorted((layout.checkout / room).rglob("*")):
            if path.suffix in _CODE:
                digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def start(layout: Layout) -> None:
    """Start the edges, or restart them when their code, packages or settings are others than at their last start."""
    note = layout.run / "fingerprint"
    fingerprint = _fingerprint(layout)
    if note.exists() and note.read_text(encoding="ascii") == fingerprint:
        for name in NAMES:
            supervise.start_program(layout, name)
        return
    for name in NAMES:
        supervise.restart_program(layout, name)
    keyvalue.write_text(note, fingerprint)


def _is_ready(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/ready", timeout=5) as answer:
            return bool(answer.status == http.HTTPStatus.OK)
    except (OSError, urllib.error.URLError, http.client.HTTPException):
        return False


class _Attempts:
    """Counts how often a program died since we look, by its process numbers."""

    def __init__(self) -> None:
        self._seen: dict[str, set[int]] = {name: set() for name in NAMES}

    def running(self, layout: Layout, name: str) -> bool:
        """Look once; return whether the program runs. Raises StageError when it died too often."""
        found = supervise.program(layout, name)
        state, pid = str(found.get("statename")), int(found.get("pid") or 0)
        self._seen[name].add(pid)
        if state == "FATAL" or len(self._seen[name] - {0}) > _FAILED_STARTS:
            raise StageError(
                f"{name} does not stay up ({found.get('spawnerr') or state})", [layout.log / f"{name}.log"]
            )
        return state == "RUNNING"


def wait(layout: Layout, url: str) -> None:
    """Wait until the API says that it is ready and the workers run; raise StageError with their logs otherwise."""
    attempts = _Attempts()
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        running = [attempts.running(layout, name) for name in NAMES]
        if all(running) and _is_ready(url):
            return
        if time.monotonic() > deadline:
            raise StageError(
                "API and workers did not get ready", [layout.log / f"{name}.log" for name in NAMES]
            )
        time.sleep(_POLL_SECONDS)
