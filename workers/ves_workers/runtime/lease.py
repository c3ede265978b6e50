"""A lease of the database, which one process holds at a time (operations 10)."""

from __future__ import annotations

import os
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ves_edge.errors import ApiError
from ves_edge.gen import aio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ves_workers.runtime.database import WorkerDatabase


class Lease:
    """`token` fences the steps of this holder; 0: the lease is not held."""

    def __init__(self, database: WorkerDatabase, name: str, seconds: int) -> None:
        self.name = name
        self.token = 0
        self._database, self._seconds = database, seconds
        self._renewed = 0.0

    async def hold(self) -> bool:
        """Keep the lease, or claim it if nobody holds it. Raises ApiError lease_lost: another process claimed it."""
        if self.token:
            await self.keep()
        else:
            holder = f"{socket.gethostname()}/{os.getpid()}"
            self.token = (
                await aio.claim_lease(self._database, name=self.name, holder=holder, seconds=self._seconds)
                or 0
            )
            self._renewed = time.monotonic()
        return bool(self.token)

    async def keep(self) -> None:
        """Renew the lease within a step, when a third of its time is over. Raises ApiError lease_lost."""
        if time.monotonic() - self._renewed > self._seconds / 3:
            await self._renew()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Give the token up if an error of the step says that the lease is lost."""
        try:
            yield
        except ApiError as error:
            if error.name == "lease_lost":
                self.token = 0
            raise

    async def release(self) -> None:
        """Give the lease back."""
        if self.token:
            await aio.release_lease(self._database, name=self.name, token=self.token)

    async def _renew(self) -> None:
        await aio.renew_lease(self._database, name=self.name, token=self.token, seconds=self._seconds)
        self._renewed = time.monotonic()
