"""Child processes, started on demand and kept; and the queue of large work, fair by tenant."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ves_api.children.child import LENGTH, Call, Result, dump
from ves_api.lanes import Lanes
from ves_edge.errors import ApiError
from ves_edge.log import get_logger

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable, Hashable

T = TypeVar("T")

# A third of the default CFS weight: less than what small requests need, enough to finish in time on a loaded machine.
_NICENESS = 5
_LIMIT_SECONDS = 20.0
_COMMAND = (sys.executable, "-P", "-m", "ves_api.children")
_BUFFER_BYTES = 1 << 20
_ATTEMPTS = 3
# How a child that is gone shows; uvloop raises RuntimeError for a pipe that the other side has closed.
_DIED = (ConnectionError, RuntimeError, asyncio.IncompleteReadError)
_log = get_logger("children")


class Children:
    """Owned by one event loop. As many processes as calls at a time; the caller bounds them."""

    def __init__(self, niceness: int) -> None:
        self._command = (*_COMMAND, str(niceness))
        self._idle: list[Process] = []

    async def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run a function of a module in a child and raise its exception; overloaded (503) if the child dies.

        A child that did not take the call is replaced; one whose call was cancelled is killed.
        """
        for _ in range(_ATTEMPTS):
            process = self._idle.pop() if self._idle else await _start(self._command)
            is_told, result = False, None
            try:
                with contextlib.suppress(*_DIED):
                    await _tell(process, Call(function, arguments))
                    is_told = True
                    result = await _answer(process)
            finally:
                if result is None:
                    await _end(process)
                else:
                    self._idle.append(process)
            if result is not None:
                if result.error is not None:
                    raise result.error
                return cast("T", result.value)
            _log.error("child_died", pid=process.pid, function=function.__qualname__, was_told=is_told)
            if is_told:
                break
        raise ApiError("overloaded", "A process of the server had to be restarted", retry_after=1)

    async def close(self) -> None:
        """End the idle processes."""
        while self._idle:
            await _end(self._idle.pop())


class LargeWork(Lanes):
    """Runs large work in one child, in turns between the tenants. Owned by one event loop."""

    def __init__(self) -> None:
        super().__init__(places=1)
        self._children = Children(_NICENESS)

    async def call(self, key: Hashable, function: Callable[..., T], *arguments: Any) -> T:
        """Queue a call. Raises its exception, timeout (504) if it takes too long, overloaded (503) if the child dies."""
        return cast("T", await self.run(key, partial[Any](self._call, function, *arguments)))

    async def _call(self, function: Callable[..., T], *arguments: Any) -> T:
        try:
            async with asyncio.timeout(_LIMIT_SECONDS):
                return await self._children.call(function, *arguments)
        except TimeoutError:
            raise ApiError("timeout", retry_after=1) from None

    def _begin(self, work: Callable[[], Any]) -> asyncio.Future[Any]:
        task: asyncio.Future[Any] = asyncio.ensure_future(work())
        return task

    async def end(self) -> None:
        """End the child."""
        self.close()
        await self._children.close()


async def _tell(process: Process, call: Call) -> None:
    if process.stdin is None:
        raise ApiError("internal_error")
    process.stdin.write(dump(call))
    await process.stdin.drain()


async def _answer(process: Process) -> Result:
    if process.stdout is None:
        raise ApiError("internal_error")
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    return cast("Result", pickle.loads(await process.stdout.readexactly(length)))  # noqa: S301 (our child)


async def _start(command: tuple[str, ...]) -> Process:
    return await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_BUFFER_BYTES
    )


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    await process.wait()
