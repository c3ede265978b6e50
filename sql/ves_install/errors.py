"""What an installation refuses on its own; what the server refuses is a psycopg.Error."""


class MigrationError(Exception):
    """The database does not fit this release: its encoding, or the ledger of its migrations."""
