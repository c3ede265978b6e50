"""Output of the demo: numbered sections, lines, and the rate of longer work."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ves_client.commands.output import out, progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Report:
    """Prints the progress of the demo; silent in JSON mode."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self._section = 0

    def section(self, title: str) -> None:
        """Start a numbered section."""
        self._section += 1
        if not self.quiet:
            out.print(f"\n{self._section}. {title}", style="bold")

    def line(self, text: str) -> None:
        """Print one line."""
        if not self.quiet:
            out.print(text)

    @contextmanager
    def work(self, label: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
        """Show progress while the block works, then its rate."""
        started = time.monotonic()
        with progress(label, total, unit, quiet=self.quiet) as advance:
            yield advance
        seconds = time.monotonic() - started
        self.line(
            f"   {label}: {total:,} {unit} in {seconds:.1f} s ({total / max(seconds, 0.001):,.0f} {unit}/s)"
        )
