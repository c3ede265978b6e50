"""Stock resource servers as processes of their own."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@contextmanager
def selling(command: Sequence[str], url: str, folder: Path) -> Iterator[str]:
    """Run a resource server; yields `url` once it answers 402."""
    log = folder / "resource-server.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)

    def answers() -> bool:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            return httpx.get(url).status_code == httpx.codes.PAYMENT_REQUIRED
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, "the resource server asks for a payment", seconds=60)
        yield url
    finally:
        process.terminate()
        process.wait()
