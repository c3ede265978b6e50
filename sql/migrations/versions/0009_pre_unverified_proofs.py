"""Unverified STARK proofs hold no place."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0009_pre_unverified_proofs"
down_revision = "0008_pre_encryption_groups"


def upgrade() -> None:
    """Run the SQL file of the same name, in the driver's simple protocol (many statements, no parameters)."""
    sql = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().connection.driver_connection.execute(sql)
