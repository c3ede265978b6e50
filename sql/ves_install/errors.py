"""Errors of the installer; errors of the server are psycopg.Error."""


class MigrationError(Exception):
    """The encoding, migration ledger or objects of the database are incompatible with this release."""
