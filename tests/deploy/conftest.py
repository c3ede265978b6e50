"""The local runner is no installed package: its folder goes on the path here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "local"))
sys.path.insert(0, str(ROOT / "deploy"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT
