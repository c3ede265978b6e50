"""The whole system, driven by the command line."""

from __future__ import annotations

from tests.cli.conftest import demo, here, system, ves  # noqa: F401 - fixtures
