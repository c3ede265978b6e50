"""Budgets of requests."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0006_pre_rate_limits"
down_revision = "0005_pre_agent_keys"


def upgrade() -> None:
    """Run the SQL file of the same name, in the driver's simple protocol (many statements, no parameters)."""
    sql = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().connection.driver_connection.execute(sql)
