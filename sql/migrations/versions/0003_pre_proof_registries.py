"""Registries of compliance and validity proofs."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0003_pre_proof_registries"
down_revision = "0002_pre_legacy_stream"


def upgrade() -> None:
    """Run the SQL file of the same name, in the driver's simple protocol (many statements, no parameters)."""
    sql = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().connection.driver_connection.execute(sql)
