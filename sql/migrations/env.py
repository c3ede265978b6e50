"""Alembic environment: runs on the connection that the installer passes in, one transaction a migration."""

from __future__ import annotations

from alembic import context

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    version_table="alembic_version",
    version_table_schema="ves_store",
    transaction_per_migration=True,
    on_version_apply=attributes["record"],
)
with context.begin_transaction():
    context.run_migrations()
