"""Starts the API and the workers once the engine is installed; restarts them when their inputs change."""

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
    from pathlib import Path

    from ves_local.layout import Layout

NAMES = ("api", "workers")
_ROOMS = ("plpython", "api", "workers", "sql")
_CODE = {".py", ".sql", ".csv", ".toml"}
_READY_SECONDS = 90.0
_POLL_SECONDS = 0.1
# Restarts after which the start counts as failed.
_FAILED_STARTS = 3


def running_names(layout: Layout) -> tuple[str, ...]:
    """Return the program names of this system; the front only if it is configured."""
    return (*NAMES, "front") if layout.process_env("front").exists() else NAMES


def _fingerprint(layout: Layout, names: tuple[str, ...]) -> str:
    """Return a hash of the start-up inputs of these programs: code, packages, settings."""
    digest = hashlib.sha256()
    for name in names:
        digest.update(layout.process_env(name).read_bytes())
    if names == ("front",):
        digest.update(layout.front_config.read_bytes())
        return digest.hexdigest()
    digest.update((layout.venv / ".ves-contents").read_bytes())
    for room in _ROOMS:
        for path in sorted((layout.checkout / room).rglob("*")):
            if path.suffix in _CODE:
                digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def start(layout: Layout) -> None:
    """Start the edges; restart those whose fingerprint changed since their last start.

    The front has its own fingerprint: while only the API restarts, it answers 503.
    """
    _start(layout, layout.run / "fingerprint", NAMES)
    if "front" in running_names(layout):
        _start(layout, layout.run / "front-fingerprint", ("front",))


def _start(layout: Layout, note: Path, names: tuple[str, ...]) -> None:
    fingerprint = _fingerprint(layout, names)
    same = note.exists() and note.read_text(encoding="ascii") == fingerprint
    for name in names:
        if same:
            supervise.start_program(layout, name)
        else:
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
    """Counts restarts of a program since the first check, by distinct process ids."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._seen: dict[str, set[int]] = {name: set() for name in names}

    def running(self, layout: Layout, name: str) -> bool:
        """Check once; return whether the program runs. Raises StageError after too many restarts."""
        found = supervise.program(layout, name)
        state, pid = str(found.get("statename")), int(found.get("pid") or 0)
        self._seen[name].add(pid)
        if state == "FATAL" or len(self._seen[name] - {0}) > _FAILED_STARTS:
            raise StageError(
                f"{name} does not stay up ({found.get('spawnerr') or state})", [layout.log / f"{name}.log"]
            )
        return state == "RUNNING"


def wait(layout: Layout, url: str) -> None:
    """Wait until the API is ready and the workers run; raise StageError with their logs on timeout."""
    names = running_names(layout)
    attempts = _Attempts(names)
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        running = [attempts.running(layout, name) for name in names]
        if all(running) and _is_ready(url):
            return
        if time.monotonic() > deadline:
            raise StageError(
                "API and workers did not get ready", [layout.log / f"{name}.log" for name in names]
            )
        time.sleep(_POLL_SECONDS)
