"""What an installation refuses on its own; what the server refuses is a psycopg.Error."""


class MigrationError(Exception):
    """The ledger of the database does not fit the migrations of this release."""
