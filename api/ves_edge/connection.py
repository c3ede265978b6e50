"""Synchronous connection for server start-up and the operators' commands."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

import psycopg

from ves_edge.pool import SESSION, Row, prepare
from ves_edge.translate import translate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ves_edge.catalog import Function

_ROWS_A_FETCH: Final = 1000


class Connection:
    """Runs calls, each in its own transaction, without retries. Every method raises ApiError."""

    def __init__(self, conninfo: str) -> None:
        try:
            self._connection: psycopg.Connection[Row] = psycopg.connect(conninfo, **SESSION)
        except psycopg.Error as error:
            raise translate(error) from error
        prepare(self._connection)
        # Applies to explicit transactions only; single statements are autocommit.
        self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def fetch(self, function: Function, parameters: Mapping[str, Any]) -> list[Row]:
        """All rows of a call."""
        try:
            return self._connection.cursor(binary=True).execute(function.statement, parameters).fetchall()
        except psycopg.Error as error:
            raise translate(error) from error

    def stream(self, function: Function, parameters: Mapping[str, Any]) -> Iterator[Row]:
        """Stream rows through a server-side cursor, in one snapshot."""
        try:
            with self.transaction(), self._connection.cursor("answer", binary=True) as cursor:
                cursor.itersize = _ROWS_A_FETCH
                cursor.execute(function.statement, parameters)
                yield from cursor
        except psycopg.Error as error:
            raise translate(error) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the calls of the block in one atomic transaction with one snapshot."""
        with self._connection.transaction():
            yield

    def parameter(self, name: str) -> str | None:
        """Value of a setting that the server reports at connection, such as `server_encoding`."""
        return self._connection.info.parameter_status(name)

    def explain(self, statement: bytes) -> None:
        """Plan a statement without running it. Raises psycopg.Error."""
        self._connection.execute(b"explain " + statement)
