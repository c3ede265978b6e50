"""The version that bundles and the command line name."""

from __future__ import annotations

VERSION = "0.1.0"
