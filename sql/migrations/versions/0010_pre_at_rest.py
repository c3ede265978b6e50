"""Encryption at rest: stored forms of payloads and proofs, their destruction."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0010_pre_at_rest"
down_revision = "0009_pre_unverified_proofs"


def upgrade() -> None:
    """Run the SQL file of the same name, in the driver's simple protocol (many statements, no parameters)."""
    sql = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().connection.driver_connection.execute(sql)
