"""ASGI middleware that sells what it wraps: verify, run the handler, settle, then send the response (x402 B1)."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ves_paywall.facilitator import PENDING, FacilitatorError
from ves_paywall.terms import MalformedPaymentError, encode, read_payment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ves_paywall.facilitator import Facilitator
    from ves_paywall.terms import Offer, SentPayment

    Send = Callable[[Any], Awaitable[None]]
    Receive = Callable[[], Awaitable[Any]]
    App = Callable[[Any, Any, Any], Awaitable[None]]

Headers = list[tuple[bytes, bytes]]
_USED = "invalid_exact_evm_nonce_already_used"
_PAYMENT_HEADERS = {2: b"payment-signature", 1: b"x-payment"}
_RESULT_HEADERS = {2: b"payment-response", 1: b"x-payment-response"}
_PRIVATE = (b"cache-control", b"private")
_EXPOSED = (b"access-control-expose-headers", b"PAYMENT-REQUIRED, PAYMENT-RESPONSE, X-PAYMENT-RESPONSE")
_POLICY_VIOLATION = 1008


@dataclass
class _Answer:
    """The handler's response, held back until its payment is settled; `delivery_id` names it to the facilitator."""

    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    headers: Headers = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    delivery_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    async def keep(self, message: Any) -> None:
        """ASGI's `send`."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ())]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


class Paywall:
    """Every HTTP request but OPTIONS is paid. One payment is served once: a second request that carries it is refused.

    The handler's response is buffered. A response of 400 and more is sent without settling. While the outcome of a
    settlement is unknown the response is kept, and sent when the client repeats the payment and it turns out settled.
    """

    def __init__(self, app: App, *, offer: Offer, facilitator: Facilitator) -> None:
        self.app = app
        self._offer, self._facilitator = offer, facilitator

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] != "OPTIONS":
            await self._sell(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            await self.app(scope, receive, send)

    async def _sell(self, scope: Any, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        url = self._offer.url or _url(scope, headers)
        version, header = next(
            ((v, headers[name]) for v, name in _PAYMENT_HEADERS.items() if name in headers), (2, None)
        )
        if header is None:
            await self._ask(send, url, "payment required")
            return
        try:
            payment = read_payment(version, header)
        except MalformedPaymentError:
            body = {"x402Version": version, "error": "invalid_payload"}
            await _tell(send, HTTPStatus.BAD_REQUEST, [], body)
            return
        request = self._offer.request(payment, url)
        if request is None:
            await self._ask(send, url, "invalid_payment_requirements")
            return
        try:
            # Verified before it is reserved: nobody else can keep the payer's own request out.
            if (reason := await self._refusal(payment, request)) is not None:
                await self._ask(send, url, reason)
                return
            if not await self._deliver(scope, receive, send, payment, request):
                await self._ask(send, url, _USED)
        except FacilitatorError:
            await _tell(send, HTTPStatus.BAD_GATEWAY, [], {"error": "the facilitator gave no verdict"})

    async def _deliver(
        self, scope: Any, receive: Receive, send: Send, payment: SentPayment, request: dict[str, Any]
    ) -> bool:
        """Serve a verified payment, or the response that is kept for it; False if it is being served or was."""
        key = (payment.payer, payment.nonce, request["paymentRequirements"]["asset"].lower())
        facilitator = self._facilitator
        if key in facilitator.in_progress or key in facilitator.served:
            return False
        facilitator.in_progress.add(key)
        try:
            answer = facilitator.take_unsettled(payment.signed)
            if answer is None:
                answer = _Answer()
                await self.app(scope, receive, answer.keep)
            await self._settle(send, payment, key, request, answer)
            return True
        finally:
            facilitator.in_progress.discard(key)

    async def _refusal(self, payment: SentPayment, request: dict[str, Any]) -> str | None:
        """Why the payment cannot be settled; None when it can, or its response is kept. Raises FacilitatorError."""
        if self._facilitator.has_unsettled(payment.signed):
            return None
        verdict = await self._facilitator.verify(request)
        return (
            None if verdict.get("isValid") is True else str(verdict.get("invalidReason", "invalid_payload"))
        )

    async def _settle(
        self, send: Send, payment: SentPayment, key: Any, request: dict[str, Any], answer: _Answer
    ) -> None:
        if answer.status >= HTTPStatus.BAD_REQUEST:
            await _send(send, answer.status, answer.headers, bytes(answer.body))
            return
        # Kept from here on: a request that is cancelled while it settles has an unknown outcome too.
        self._facilitator.keep_unsettled(payment.signed, answer)
        settlement = await self._facilitator.settle(request | {"deliveryId": answer.delivery_id})
        result = (_RESULT_HEADERS[payment.version], encode(settlement))
        if settlement.get("success") is True:
            self._facilitator.take_unsettled(payment.signed)
            self._facilitator.note_served(key)
            cache = (
                []
                if any(n == b"cache-control" and b"no-store" in v for n, v in answer.headers)
                else [_PRIVATE]
            )
            await _send(send, answer.status, [*answer.headers, *cache, result, _EXPOSED], bytes(answer.body))
            return
        reason = settlement.get("errorReason")
        if reason != PENDING:
            self._facilitator.take_unsettled(payment.signed)
        body = {"x402Version": payment.version, "error": reason}
        await _tell(send, HTTPStatus.PAYMENT_REQUIRED, [result, _EXPOSED], body)

    async def _ask(self, send: Send, url: str, error: str) -> None:
        """402 with the terms for both versions."""
        required = (b"payment-required", encode(self._offer.required(url, error)))
        await _tell(
            send, HTTPStatus.PAYMENT_REQUIRED, [required, _EXPOSED], self._offer.required_v1(url, error)
        )


def _url(scope: Any, headers: dict[bytes, bytes]) -> str:
    host = headers.get(b"host", b"localhost").decode("latin-1")
    return f"{scope.get('scheme', 'http')}://{host}{quote(scope['path'])}"


async def _tell(send: Send, status: int, headers: Headers, body: dict[str, Any]) -> None:
    """Send a response of this module: JSON that nobody may store."""
    common = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await _send(send, status, [*headers, *common], json.dumps(body, separators=(",", ":")).encode())


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    headers = [(name, value) for name, value in headers if name != b"content-length"]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
