"""Sessions of an installation, which do the same whatever defaults the role, the database and the server have."""

from __future__ import annotations

from typing import LiteralString

import psycopg

from ves_install.errors import MigrationError

# Defaults of the operator that must not change what is installed, how it is printed, or whether it ends: each of these
# chapters of the manual, as the server was built. Where tables are stored and messages are said in is the operator's choice.
_BUILT_IN: LiteralString = """
select count(set_config(s.name, s.boot_val, false))
from pg_catalog.pg_settings as s
where s.category ~ '^(Client Connection Defaults / (Statement|Locale)|Version and Platform|Write-Ahead Log / Settings)'
  and s.context in ('user', 'superuser') and s.setting is distinct from s.boot_val
  and s.name !~ '^(search_path|transaction_|lc_|default_table|default_toast|temp_tablespaces|client_encoding|wal_|commit_)'
"""
# Schemas in which other roles can create objects stay out of the search path.
_OURS: LiteralString = "set search_path to pg_catalog, pg_temp; set client_encoding to 'UTF8'"


def connect(database_url: str) -> psycopg.Connection:
    """Open an autocommitting session of an installation. Raises MigrationError for a database that is not UTF8."""
    connection = psycopg.connect(database_url, autocommit=True)
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise MigrationError(f"the database has the encoding {encoding}: create it with encoding 'UTF8'")
    connection.execute(_OURS)
    connection.execute(_BUILT_IN)
    return connection
