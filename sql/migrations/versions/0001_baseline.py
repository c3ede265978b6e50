"""Types and tables of the first release: 0001_baseline.sql, generated from [state] of load.toml."""

from __future__ import annotations

from ves_install.migrations import run_sql_beside

revision = "0001_baseline"
down_revision = None
breaking_level = 1


def upgrade() -> None:
    """Build the tables."""
    run_sql_beside(__file__)
