"""Common code of API, workers and operators' commands: settings, log, connections, errors, database calls."""

from __future__ import annotations

__version__ = "0.1.0"
