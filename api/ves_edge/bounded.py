"""One HTTP exchange with a server that is not trusted: its answer is bounded in bytes and in time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ves_edge.lean import without_terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

with without_terminal():
    import httpx

__all__ = ["AnswerTooLargeError", "exchange", "httpx"]


class AnswerTooLargeError(httpx.ReadError):
    """An answer that is longer than its limit; the rest was not read."""


async def exchange(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    limit: int,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    **content: Any,
) -> tuple[int, bytes]:
    """Return status and body. `content` and `json` as of httpx; nothing is expanded, so that a short answer stays short.

    Raises httpx.HTTPError, AnswerTooLargeError beyond `limit` bytes, and TimeoutError when the answer has not ended after
    `seconds`: the timeouts of httpx limit each read.
    """
    body = bytearray()
    accepted = {"accept-encoding": "identity", **(headers or {})}
    async with (
        asyncio.timeout(seconds),
        client.stream(method, url, headers=accepted, **content) as answer,
    ):
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > limit:
                raise AnswerTooLargeError(f"an answer of more than {limit} bytes")
    return answer.status_code, bytes(body)
