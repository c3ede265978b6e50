"""Local OpenTimestamps calendars as processes (tests.support.calendar)."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from tests.support.cluster import ROOT
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LocalCalendar:
    """One running calendar, which is the block explorer of its own chain too."""

    def __init__(self, url: str) -> None:
        self.url = url

    def mine(self) -> None:
        httpx.post(f"{self.url}/test/mine").raise_for_status()

    def lie(self, name: str) -> None:
        """Tell one of the lies from now on; none for the empty name."""
        httpx.post(f"{self.url}/test/lie", content=name.encode()).raise_for_status()

    def asked(self) -> int:
        """How often it was asked to complete a timestamp."""
        return int(httpx.get(f"{self.url}/test/asked").text)

    def header(self, height: int) -> str:
        block = httpx.get(f"{self.url}/block-height/{height}").text
        return httpx.get(f"{self.url}/block/{block}/header").text


@contextmanager
def calendar(folder: Path, name: str = "calendar") -> Iterator[LocalCalendar]:
    port = folder / f"{name}.port"
    process = subprocess.Popen([sys.executable, "-m", "tests.support.calendar", str(port)], cwd=ROOT)
    try:
        wait_until(lambda: port.exists() or process.poll() is not None, "the calendar listens")
        assert process.poll() is None, "the calendar ended"
        yield LocalCalendar(f"http://127.0.0.1:{port.read_text(encoding='ascii')}")
    finally:
        process.terminate()
        process.wait()
