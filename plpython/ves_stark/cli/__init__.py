"""The command line `ves-stark`: commands, options and output of the original's binary (STARK 17)."""

from __future__ import annotations

from ves_stark.cli.main import main

__all__ = ["main"]
