"""The facilitator as a resource server calls it (x402 B5), and the payments of this process that it has not decided yet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

from ves_paywall.terms import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

PENDING = "settlement_pending"
# Of stock servers: a facilitator answers settlement_pending before.
_SECONDS = 90.0
_MOST_BYTES = 1024 * 1024
_MOST_UNSETTLED, _MOST_SERVED = 1_000, 10_000

# A short answer stays short: nothing is expanded.
_UNCOMPRESSED = {"accept-encoding": "identity"}


class FacilitatorError(Exception):
    """The facilitator gave no verdict; nothing is known about the payment."""


class Facilitator:
    """Verifies and settles payments over HTTP; one object for all paid routes of an event loop.

    `url` ends before `/verify`; `headers` carry the resource server's credential.
    """

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        self._client = httpx.AsyncClient(base_url=url, headers=dict(headers or {}), timeout=_SECONDS)
        self.in_progress: set[Any] = set()
        # A request whose verification is answered late may come after the same payment was served.
        self.served: dict[Any, None] = {}
        self._unsettled: dict[str, Any] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def verify(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """VerifyResponse. Raises FacilitatorError."""
        return await self._post("/verify", request)

    async def settle(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """SettleResponse; settlement_pending also where the facilitator cannot be asked: it may have settled.

        A pending settlement is asked for twice, with the same body.
        """
        told: dict[str, Any] = {}
        for _ in range(2):
            try:
                answer = await self._post("/settle", request)
            except FacilitatorError:
                network = request["paymentRequirements"]["network"]
                answer = {"success": False, "transaction": "", "network": network, "errorReason": PENDING}
            told = told if told.get("transaction") and not answer.get("transaction") else answer
            if answer.get("success") is True or answer.get("errorReason") != PENDING:
                return answer
        return told

    def keep_unsettled(self, signed: str, answer: Any) -> None:
        """Keep a response whose payment is pending until the client repeats the payment; the oldest are dropped."""
        _put(self._unsettled, signed, answer, _MOST_UNSETTLED)

    def has_unsettled(self, signed: str) -> bool:
        """Whether a response is kept for exactly this authorization and signature."""
        return signed in self._unsettled

    def take_unsettled(self, signed: str) -> Any | None:
        """Remove and return what was kept."""
        return self._unsettled.pop(signed, None)

    def note_served(self, payment: Any) -> None:
        """Remember that a payment was served; the oldest are forgotten."""
        _put(self.served, payment, None, _MOST_SERVED)

    async def _post(self, path: str, request: Mapping[str, Any]) -> dict[str, Any]:
        body = bytearray()
        try:
            async with (
                asyncio.timeout(_SECONDS),  # httpx limits each read, not the whole answer
                self._client.stream("POST", path, json=request, headers=_UNCOMPRESSED) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    raise FacilitatorError
                async for chunk in answer.aiter_raw():
                    body += chunk
                    if len(body) > _MOST_BYTES:
                        raise FacilitatorError
            told = read_json(bytes(body))
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            raise FacilitatorError from error
        if not isinstance(told, dict):
            raise FacilitatorError
        return told


def _put(kept: dict[Any, Any], key: Any, value: Any, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        del kept[next(iter(kept))]
