"""Calendars and a block explorer over HTTP: each answer is bounded in bytes and time, no redirect is followed."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ves_edge.bounded import exchange, httpx
from ves_workers.timestamps import proofs
from ves_workers.timestamps.proofs import UnusableAnswerError

if TYPE_CHECKING:
    from ves_workers.settings.timestamps import TimestampSettings

_OK, _NOT_FOUND = 200, 404
_HEADER_BYTES = 80
_MERKLE_ROOT = slice(36, 68)
_EXPLORER_BYTES = 1000
# What says nothing about the digest: the server was not reached, or answered another status or too much.
FAULTS = (httpx.HTTPError, TimeoutError, UnusableAnswerError)


class Calendars:
    """The calendars of the settings, and the block explorer that their claims are compared with."""

    def __init__(self, settings: TimestampSettings) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(timeout=settings.timeout_secs, trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def submit(self, calendar: str, digest: bytes) -> Any:
        """Give a digest to a calendar and return the timestamp in which it promises a block. Raises one of FAULTS."""
        status, body = await self._ask("POST", f"{calendar}/digest", proofs.ANSWER_BYTES, digest)
        if status != _OK:
            raise UnusableAnswerError(f"status {status}")
        found = proofs.parse(body, digest)
        proofs.require_promise(found, calendar)
        return found

    async def complete(self, calendar: str, promised: bytes) -> tuple[Any, int] | None:
        """Return what leads from a promised digest to Bitcoin blocks, and the lowest block's height.

        None while the calendar waits for a block. Raises one of FAULTS, also when a block has another Merkle root.
        """
        url = f"{calendar}/timestamp/{promised.hex()}"
        status, body = await self._ask("GET", url, proofs.ANSWER_BYTES)
        if status == _NOT_FOUND:
            return None
        if status != _OK:
            raise UnusableAnswerError(f"status {status}")
        found = proofs.parse(body, promised)
        blocks = proofs.blocks(found)
        if not blocks:
            return None
        async with asyncio.timeout(2 * self._settings.timeout_secs):
            for height, root in blocks:
                if await self.merkle_root(height) != root:
                    raise UnusableAnswerError(f"block {height} has another Merkle root")
        return found, min(height for height, _ in blocks)

    async def merkle_root(self, height: int) -> bytes:
        """Return the Merkle root of the Bitcoin block at a height. Raises one of FAULTS."""
        block = (await self._explore(f"block-height/{height}")).decode("ascii", "replace").strip()
        try:
            block_hash = bytes.fromhex(block)
            header = bytes.fromhex((await self._explore(f"block/{block_hash.hex()}/header")).decode("ascii"))
        except ValueError as error:
            raise UnusableAnswerError("the explorer answers no block") from error
        if len(header) != _HEADER_BYTES or sha256(sha256(header).digest()).digest()[::-1] != block_hash:
            raise UnusableAnswerError("the explorer's header is of another block")
        return header[_MERKLE_ROOT]

    async def _explore(self, path: str) -> bytes:
        status, body = await self._ask("GET", f"{self._settings.blocks_url}/{path}", _EXPLORER_BYTES)
        if status != _OK:
            raise UnusableAnswerError(f"the explorer answers status {status}")
        return body

    async def _ask(
        self, method: str, url: str, limit: int, content: bytes | None = None
    ) -> tuple[int, bytes]:
        """Return status and body."""
        headers = {"accept": "application/vnd.opentimestamps.v1, */*"}
        seconds = self._settings.timeout_secs
        return await exchange(
            self._http, method, url, limit=limit, seconds=seconds, headers=headers, content=content
        )
