"""Alembic environment: runs on the connection that the engine installer passes in."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema="ves_store", version_table="migrations")
with context.begin_transaction():
    context.run_migrations()
