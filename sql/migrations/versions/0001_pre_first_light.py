"""First light: event log, keys, receipts, commitments."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001_pre_first_light"
down_revision = None


def upgrade() -> None:
    """Run the SQL file of the same name, in the driver's simple protocol (many statements, no parameters)."""
    sql = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().connection.driver_connection.execute(sql)
