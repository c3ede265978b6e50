"""Paid routes of a Litestar application (`ves_paywall`): stock clients pay them, and one payment is served once."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from litestar import Litestar, get
from litestar.middleware import DefineMiddleware
from litestar.response import Response

from tests.support.cluster import ROOT
from tests.support.processes import BOOTSTRAP_KEY, Server, Worker, free_port
from tests.x402.stock import buy, buy_by_npm, selling
from tests.x402.system import CHAIN_ID, PRICE, Shop
from ves_paywall import Facilitator, Offer, Paywall, Terms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

USED = "invalid_exact_evm_nonce_already_used"


def terms(shop: Shop) -> Terms:
    return Terms(CHAIN_ID, shop.ledger.token.address, PRICE, shop.payee, "TestUSD", "2")


@pytest.fixture
def example(shop: Shop, facilitator: Server, worker: Worker, tmp_path: Path) -> Iterator[str]:
    """The URL of the paid route of examples/paid."""
    assert worker.is_running()
    port = str(free_port())
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("api/client", "examples")),
        "FACILITATOR_URL": f"{facilitator.url}/x402",
        "FACILITATOR_KEY": BOOTSTRAP_KEY,
        "CHAIN_ID": str(CHAIN_ID),
        "TOKEN": shop.ledger.token.address,
        "TOKEN_NAME": "TestUSD",
        "TOKEN_VERSION": "2",
        "PAY_TO": shop.payee,
    }
    command = [sys.executable, "-m", "uvicorn", "paid.weather:app", "--port", port]
    with selling(command, f"http://127.0.0.1:{port}/weather", tmp_path, env) as url:
        yield url


def test_terms_are_read_without_an_http_client() -> None:
    program = "import sys; import ves_paywall.terms; print('httpx' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


async def test_a_stock_client_of_pypi_pays_a_litestar_route(example: str, shop: Shop) -> None:
    answer = await buy(example, shop.payer())
    assert (answer.status_code, answer.json()) == (200, {"weather": "fine"})
    assert answer.headers["cache-control"] == "private"
    assert shop.ledger.balance(shop.payee) == PRICE
    async with httpx.AsyncClient() as client:
        free = await client.get(example.removesuffix("/weather"))
    assert (free.status_code, free.json()) == (200, {"paid": "/weather"})


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("library", ["fetch", "axios"])
def test_a_stock_client_of_npm_pays_a_litestar_route(
    example: str, shop: Shop, library: str, version: str
) -> None:
    answer = buy_by_npm(library, version, example, shop.payer())
    assert (answer["status"], answer["body"]) == (200, {"weather": "fine"})
    assert answer["settlement"]["success"] is True
    assert shop.ledger.balance(shop.payee) == PRICE


class Kiosk:
    """A Litestar application in this process: it counts what its handler serves."""

    def __init__(self, facilitator: Facilitator, offer: Offer, status: int = 200) -> None:
        self.served = 0

        @get("/", middleware=[DefineMiddleware(Paywall, offer=offer, facilitator=facilitator)])
        async def handler() -> Response[dict[str, int]]:
            self.served += 1
            await asyncio.sleep(0)
            return Response({"serving": self.served}, status_code=status)

        app = Litestar([handler], openapi_config=None)
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        self.client = httpx.AsyncClient(transport=transport, base_url="http://kiosk")

    async def get(self, payment: dict[str, Any], header: str = "PAYMENT-SIGNATURE") -> httpx.Response:
        encoded = base64.b64encode(json.dumps(payment).encode()).decode()
        return await self.client.get("/", headers={header: encoded})


def told(answer: httpx.Response, header: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(base64.b64decode(answer.headers[header]))
    return value


@pytest.fixture
async def ours(facilitator: Server) -> AsyncIterator[Facilitator]:
    made = Facilitator(f"{facilitator.url}/x402", {"x-api-key": BOOTSTRAP_KEY})
    yield made
    await made.close()


def payment_of(shop: Shop) -> dict[str, Any]:
    """What a client sends for the terms of `shop`."""
    payment: dict[str, Any] = shop.payment(shop.payer())["paymentPayload"]
    payment["accepted"] = terms(shop).requirement()
    return payment


async def test_a_payment_that_is_sent_ten_times_at_once_is_served_once(
    ours: Facilitator, shop: Shop, worker: Worker
) -> None:
    assert worker.is_running()
    kiosk, payment = Kiosk(ours, Offer((terms(shop),))), payment_of(shop)
    answers = await asyncio.gather(*(kiosk.get(payment) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [402] * 9
    assert kiosk.served == 1
    again = await kiosk.get(payment)
    assert (again.status_code, told(again, "payment-required")["error"]) == (402, USED)
    assert shop.ledger.balance(shop.payee) == PRICE


async def test_two_processes_that_serve_one_payment_deliver_it_once(
    facilitator: Server, shop: Shop, worker: Worker
) -> None:
    """Both have verified before either settles: the facilitator decides by the delivery that each names."""
    assert worker.is_running()
    both = [Facilitator(f"{facilitator.url}/x402", {"x-api-key": BOOTSTRAP_KEY}) for _ in range(2)]
    payment, verified = payment_of(shop), asyncio.Barrier(2)
    for one in both:
        verify = one.verify

        async def together(request: Any, verify: Any = verify) -> dict[str, Any]:
            verdict: dict[str, Any] = await verify(request)
            await verified.wait()
            return verdict

        one.verify = together  # type: ignore[method-assign]
    answers = await asyncio.gather(*(Kiosk(one, Offer((terms(shop),))).get(payment) for one in both))
    assert sorted(answer.status_code for answer in answers) == [200, 402]
    [refused] = [answer for answer in answers if answer.status_code == 402]
    assert told(refused, "payment-response")["errorReason"] == USED
    assert shop.ledger.balance(shop.payee) == PRICE
    for one in both:
        await one.close()


async def test_an_error_of_the_handler_costs_nothing(ours: Facilitator, shop: Shop) -> None:
    kiosk, payment = Kiosk(ours, Offer((terms(shop),)), status=503), payment_of(shop)
    answer = await kiosk.get(payment)
    assert (answer.status_code, answer.json()) == (503, {"serving": 1})
    assert "payment-response" not in answer.headers
    request = {"x402Version": 2, "paymentPayload": payment, "paymentRequirements": payment["accepted"]}
    assert shop.ask("verify", request)["isValid"] is True


class Scripted(Facilitator):
    """Verifies everything, and answers settlements from a list; None is an answer that got lost."""

    def __init__(self, *settlements: dict[str, Any] | None) -> None:
        self.requests: list[dict[str, Any]] = []
        self.left = list(settlements)
        self.verdict: dict[str, Any] = {"isValid": True}
        self.told: bytes | None = None
        super().__init__("http://facilitator")
        self._client = httpx.AsyncClient(
            base_url="http://facilitator", transport=httpx.MockTransport(self.answer)
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.told is not None:
            return _response(self.told)
        if request.url.path == "/verify":
            return _response(json.dumps(self.verdict).encode())
        self.requests.append(json.loads(request.content))
        settlement = self.left.pop(0)
        return httpx.Response(503) if settlement is None else _response(json.dumps(settlement).encode())


def _response(body: bytes) -> httpx.Response:
    """As it comes from a connection: not read yet."""
    return httpx.Response(200, stream=httpx.ByteStream(body))


PENDING = {
    "success": False,
    "errorReason": "settlement_pending",
    "transaction": "0x12",
    "network": "eip155:84532",
}
DONE = {"success": True, "transaction": "0x12", "network": "eip155:84532", "payer": "0x1"}
FAILED = {
    "success": False,
    "errorReason": "transaction_failed",
    "transaction": "0x12",
    "network": "eip155:84532",
}


async def test_an_unknown_outcome_is_pending_and_the_payment_sent_again_gets_the_response_that_was_made(
    shop: Shop,
) -> None:
    facilitator = Scripted(PENDING, None, None, PENDING, DONE)
    kiosk, payment = Kiosk(facilitator, Offer((terms(shop),))), payment_of(shop)
    for _ in range(2):
        pending = await kiosk.get(payment)
        assert pending.status_code == 402
        assert told(pending, "payment-response") == PENDING
        assert "payment-required" not in pending.headers, "nothing asks the client to pay again"
    served = await kiosk.get(payment)
    assert (served.status_code, served.json()) == (200, {"serving": 1})
    assert told(served, "payment-response") == DONE
    assert kiosk.served == 1
    assert len(facilitator.requests) == 5
    assert all(request == facilitator.requests[0] for request in facilitator.requests), "identical bodies"


async def test_what_the_chain_shows_of_a_payment_does_not_spoil_the_response_that_is_kept_for_it(
    shop: Shop,
) -> None:
    """Payer and nonce are public as soon as the transaction is; the signature of another account is not the payer's."""
    facilitator = Scripted(PENDING, PENDING, DONE)
    kiosk, payment = Kiosk(facilitator, Offer((terms(shop),))), payment_of(shop)
    assert (await kiosk.get(payment)).status_code == 402
    facilitator.verdict = {"isValid": False, "invalidReason": USED}
    forged = payment | {"payload": payment["payload"] | {"signature": "0x" + "11" * 65}}
    assert told(await kiosk.get(forged), "payment-required")["error"] == USED
    assert len(facilitator.requests) == 2, "a forged payment is never settled"
    served = await kiosk.get(payment)
    assert (served.status_code, served.json()) == (200, {"serving": 1})


async def test_a_forged_payment_that_is_being_verified_does_not_keep_the_payers_own_out(shop: Shop) -> None:
    facilitator = Scripted(DONE)
    kiosk, payment = Kiosk(facilitator, Offer((terms(shop),))), payment_of(shop)
    forged = payment | {"payload": payment["payload"] | {"signature": "0x" + "11" * 65}}
    verify, asked, may_end = facilitator.verify, asyncio.Event(), asyncio.Event()

    async def slowly(request: Any) -> dict[str, Any]:
        if request["paymentPayload"]["payload"] == forged["payload"]:
            asked.set()
            await may_end.wait()
            return {"isValid": False, "invalidReason": "invalid_exact_evm_payload_signature"}
        return await verify(request)

    facilitator.verify = slowly  # type: ignore[method-assign,assignment]
    waiting = asyncio.create_task(kiosk.get(forged))
    await asked.wait()
    assert (await kiosk.get(payment)).status_code == 200
    may_end.set()
    assert (await waiting).status_code == 402


async def test_a_payment_that_was_verified_before_it_was_served_is_not_served_again(shop: Shop) -> None:
    """A facilitator may be slow to answer one verification; another spelling of a signature is the same payment."""
    facilitator = Scripted(DONE, DONE)
    kiosk, payment = Kiosk(facilitator, Offer((terms(shop),))), payment_of(shop)
    respelled = payment | {
        "payload": payment["payload"] | {"signature": payment["payload"]["signature"].upper()}
    }
    verify, asked, may_end = facilitator.verify, asyncio.Event(), asyncio.Event()

    async def slowly(request: Any) -> dict[str, Any]:
        verdict: dict[str, Any] = await verify(request)
        if request["paymentPayload"]["payload"] == respelled["payload"]:
            asked.set()
            await may_end.wait()
        return verdict

    facilitator.verify = slowly  # type: ignore[method-assign]
    waiting = asyncio.create_task(kiosk.get(respelled))
    await asked.wait()
    assert (await kiosk.get(payment)).status_code == 200
    may_end.set()
    assert told(await waiting, "payment-required")["error"] == USED
    assert kiosk.served == 1


async def test_a_failed_settlement_delivers_nothing(shop: Shop) -> None:
    facilitator = Scripted(FAILED, DONE)
    kiosk, payment = Kiosk(facilitator, Offer((terms(shop),))), payment_of(shop)
    answer = await kiosk.get(payment)
    assert (answer.status_code, told(answer, "payment-response")) == (402, FAILED)
    assert "serving" not in answer.text
    second = await kiosk.get(payment)
    assert second.json() == {"serving": 2}, "the handler runs again: the first response is gone"


async def test_a_facilitator_that_cannot_be_asked_is_a_502_before_anything_is_served(shop: Shop) -> None:
    facilitator = Facilitator("http://127.0.0.1:9")
    kiosk = Kiosk(facilitator, Offer((terms(shop),)))
    assert (await kiosk.get(payment_of(shop))).status_code == 502
    assert kiosk.served == 0
    await facilitator.close()


@pytest.mark.parametrize(
    "body", [b" " * 2**20 + b"{}", b'{"a":' * 501 + b"1" + b"}" * 501, b"[]", b"\xff", b""], ids=len
)
async def test_an_answer_that_is_too_long_too_deep_or_none_is_no_verdict(shop: Shop, body: bytes) -> None:
    facilitator = Scripted()
    facilitator.told = body
    kiosk = Kiosk(facilitator, Offer((terms(shop),)))
    assert (await kiosk.get(payment_of(shop))).status_code == 502
    assert kiosk.served == 0


async def test_the_facilitator_is_told_the_resource_and_declaration_of_this_server(shop: Shop) -> None:
    """Whatever the client has copied, so that catalogues list what the seller declares (x402 B5)."""
    declared = {"info": {"input": {"type": "http", "method": "GET"}}}
    extensions = {"bazaar": declared, "payment-identifier": {"info": {"required": False}}}
    mine = Offer((terms(shop),), description="fine", url="http://kiosk/", extensions=extensions)
    own = {"url": "http://kiosk/", "description": "fine", "mimeType": "application/json"}
    named = {"payment-identifier": {"info": {"required": False, "id": "p" * 16}}}
    for sent, told_of in (
        ({}, {"bazaar": declared}),
        ({"extensions": "none"}, {"bazaar": declared}),
        (
            {"resource": {"url": "http://evil/"}, "extensions": named | {"bazaar": {}}},
            named | {"bazaar": declared},
        ),
    ):
        facilitator = Scripted(DONE)
        assert (await Kiosk(facilitator, mine).get(payment_of(shop) | sent)).status_code == 200
        payload = facilitator.requests[0]["paymentPayload"]
        assert (payload["resource"], payload["extensions"]) == (own, told_of)
    plain = Scripted(DONE)
    await Kiosk(plain, Offer((terms(shop),))).get(payment_of(shop) | {"extensions": named})
    assert plain.requests[0]["paymentPayload"]["extensions"] == named


@pytest.mark.parametrize("header", ["PAYMENT-SIGNATURE", "X-PAYMENT"])
@pytest.mark.parametrize("value", ["", "!", "e30=", "W10=", base64.b64encode(b"[" * 5_000).decode()])
async def test_a_malformed_payment_is_a_400(shop: Shop, header: str, value: str) -> None:
    kiosk = Kiosk(Scripted(), Offer((terms(shop),)))
    answer = await kiosk.client.get("/", headers={header: value})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_payload")


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "1e400", '"\\ud800"', "[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900]
)
async def test_what_a_facilitator_could_not_be_sent_is_a_400(shop: Shop, value: str) -> None:
    kiosk, payment = Kiosk(Scripted(DONE), Offer((terms(shop),))), payment_of(shop)
    text = json.dumps(payment | {"extensions": "here"}).replace('"here"', value)
    header = {"PAYMENT-SIGNATURE": base64.b64encode(text.encode()).decode()}
    answer = await kiosk.client.get("/", headers=header)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_payload")
    assert kiosk.served == 0


async def test_a_payment_for_other_terms_is_refused_and_the_own_terms_are_told(shop: Shop) -> None:
    kiosk, payment = Kiosk(Scripted(), Offer((terms(shop),))), payment_of(shop)
    payment["accepted"]["amount"] = "1"
    answer = await kiosk.get(payment)
    assert answer.status_code == 402
    assert told(answer, "payment-required")["accepts"] == [terms(shop).requirement()]
    assert answer.json()["accepts"][0]["maxAmountRequired"] == str(PRICE)
    assert answer.headers["cache-control"] == "no-store"
    assert kiosk.served == 0


async def test_a_preflight_is_not_charged(shop: Shop) -> None:
    kiosk = Kiosk(Scripted(), Offer((terms(shop),)))
    assert (await kiosk.client.options("/")).status_code == 204
