"""One database connection of a worker: opened when needed, thrown away when broken, autocommit."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from ves_workers.runtime.statements import STATEMENTS


class DatabaseUnavailableError(Exception):
    """The database cannot be reached or hung up in the middle of a statement; trying again later is safe."""


class Database:
    """A reconnecting psycopg connection. Owned by one worker, never shared between tasks.

    Every statement is its own transaction. When the connection is lost the outcome of the running statement is
    unknown; every statement here may therefore be repeated.
    """

    def __init__(self, url: str, *, application_name: str, statement_timeout_ms: int) -> None:
        self._url = url
        self._application_name = application_name
        self._statement_timeout_ms = statement_timeout_ms
        self._connection: psycopg.AsyncConnection[DictRow] | None = None

    async def fetch(self, name: str, /, **parameters: Any) -> list[DictRow]:
        """Run the named statement and return its rows.

        DatabaseUnavailableError when the server is away; psycopg.Error for everything that the server refused.
        """
        try:
            connection = await self._open()
            cursor = await connection.execute(STATEMENTS[name], parameters, prepare=True)
            return await cursor.fetchall()
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            if self._connection is not None and not self._connection.broken:
                raise  # for example a statement timeout: the connection is still good
            await self.close()
            raise DatabaseUnavailableError(str(error).strip()) from error

    async def close(self) -> None:
        """Close the connection, if there is one; the next statement opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _open(self) -> psycopg.AsyncConnection[DictRow]:
        if self._connection is not None and self._connection.closed:
            await self.close()
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(
                self._url,
                autocommit=True,
                row_factory=dict_row,
                connect_timeout=10,
                application_name=self._application_name,
                client_encoding="UTF8",
                options=f"-c standard_conforming_strings=on -c statement_timeout={self._statement_timeout_ms}",
            )
        return self._connection
