"""Paying for a 402 resource by the public x402 standard (x402 part B); needs the extra `x402`.

The signed payment is in the outbox file before it is sent. After a crash or a lost answer the same bytes are sent again, and
the token accepts their nonce once: a purchase is never paid twice.
"""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx
import msgspec
import orjson
from eth_account import Account
from x402 import x402ClientSync
from x402.client_base import SpendControls
from x402.http.x402_http_client import x402HTTPClientSync
from x402.mechanisms.evm.exact import register_exact_evm_client
from x402.schemas import PaymentError

from ves.json_decode import require_safe_depth
from ves_client.bounded import AnswerTooLargeError, BoundedClient
from ves_client.errors import ClientError, Exit, usage
from ves_client.outbox_rows import now
from ves_client.sequencer import ANSWER_LIMIT

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from ves_client.outbox import Outbox

COLUMNS = "purchase_id, url, state, asset, amount, payee, valid_before, header, value, payment"
OFFER_LIMIT = 1024 * 1024  # bytes of an offer in a body that are parsed
# An authorization that a server lets be valid for years could be settled in years, and `release` would wait for them.
LONGEST_SECONDS = 86_400
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent for a resource."""

    url: str
    method: str = "GET"
    content_type: str | None = None
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent: one asset (contract address) on one network as offers spell it (`eip155:8453`).

    Amounts are in the asset's smallest unit. `total` limits the sum of all payments in it that are in the outbox file,
    those included whose outcome is not known.
    """

    network: str
    asset: str
    per_payment: int
    total: int

    @property
    def currency(self) -> str:
        """Name network and asset in one text."""
        return f"{self.network}/{self.asset.lower()}"


class Purchase(msgspec.Struct, frozen=True):
    """A payment as it is in the file.

    `state` is `sent` until the resource has come, then `paid`; `released` after `Payer.release`. `header` and `value` are
    sent with each repeat, with the same method and body; `payment` is what the resource server told about the settlement.
    `valid_before` is in Unix seconds: the token does not accept the payment from then on.
    """

    purchase_id: str
    url: str
    state: str
    asset: str
    amount: int
    payee: str
    valid_before: int
    header: str
    value: str
    payment: str | None
    method: str = "GET"
    content_type: str | None = None
    body: bytes | None = None

    @property
    def request(self) -> Request:
        """Return what is sent for the resource."""
        return Request(self.url, self.method, self.content_type, self.body)


def load_account(path: Path, passphrase: bytes | None = None) -> Any:
    """Read an Ethereum account: a private key in hex, or an encrypted keystore file. Exit code 2 if it is neither."""
    try:
        text = path.read_text(encoding="ascii").strip()
        if text.startswith("{"):
            return Account.from_key(Account.decrypt(orjson.loads(text), (passphrase or b"").decode()))
        return Account.from_key(text)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise usage(f"{path} is not an Ethereum account: {type(error).__name__}") from None


class Payer:
    """Buys resources from one account within a budget. Several processes may use one file.

    The requests of a `buy` end within `timeout` seconds together. An answer may have `limit` bytes.
    """

    def __init__(
        self,
        outbox: Outbox,
        account: Any,
        budget: Budget,
        *,
        timeout: float = 90.0,
        limit: int = ANSWER_LIMIT,
    ) -> None:
        self._outbox = outbox
        self._budget = budget
        self._timeout = timeout
        self._limit = limit
        self._http = BoundedClient(keep_alive=False)
        client = register_exact_evm_client(x402ClientSync(), account)
        cap = {
            "network": budget.network,
            "asset": budget.asset,
            "max_amount_per_payment": str(budget.per_payment),
        }
        client.set_spend_controls(SpendControls(allowed_assets=[cap]))  # type: ignore[list-item]
        self._x402 = x402HTTPClientSync(client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def buy(
        self,
        url: str,
        *,
        purchase_id: str,
        method: str = "GET",
        body: bytes | None = None,
        content_type: str | None = None,
    ) -> httpx.Response:
        """Request a resource, and pay for it if it costs something; a repeat under the same id sends the same bytes.

        The request is stored with its payment: one that costs nothing is sent again by a repeat. ClientError: exit code 4
        if the offer is beyond the budget (`over_budget`; nothing is signed or sent), the server does not accept the
        payment (`payment_not_accepted`: it may have been made all the same) or the answer is too long
        (`answer_too_large`; a repeat with a greater limit pays nothing more), 3 if there is no answer in time, 2 if the
        purchase is of another request.
        """
        request = Request(url, method, content_type, body)
        if method not in METHODS:
            raise usage(f"{method!r} is none of {', '.join(sorted(METHODS))}")
        ends = time.monotonic() + self._timeout
        purchase = self.find(purchase_id)
        if purchase is None:
            answer = self._send(request, {}, ends)
            if answer.status_code != httpx.codes.PAYMENT_REQUIRED:
                return answer
            purchase = self._record(purchase_id, request, answer)
        if purchase.request != request:
            raise usage(f"purchase {purchase_id} is of another request: {purchase.method} {purchase.url}")
        answer = self._send(request, {purchase.header: purchase.value}, ends)
        told = answer.headers.get("payment-response") or answer.headers.get("x-payment-response")
        if answer.status_code == httpx.codes.PAYMENT_REQUIRED:
            details = {
                "purchase_id": purchase_id,
                "state": purchase.state,
                "valid_before": purchase.valid_before,
            }
            raise ClientError(
                Exit.REFUSED, "payment_not_accepted", "the server asks for a payment again", details
            )
        if answer.is_success:
            with self._outbox.transaction() as connection:
                connection.execute(
                    "update ves_purchases set state = 'paid', payment = coalesce(?, payment)"
                    " where purchase_id = ? and state = 'sent'",
                    (told, purchase_id),
                )
        return answer

    def find(self, purchase_id: str) -> Purchase | None:
        """Return a purchase that was not released."""
        with self._outbox.transaction() as connection:
            return _find(connection, purchase_id)

    def release(self, purchase_id: str) -> None:
        """Let the next `buy` under this id sign another payment; the earlier one still counts in the budget.

        Exit code 2 before its `valid_before`: until then it may still be settled.
        """
        with self._outbox.transaction() as connection:
            purchase = _find(connection, purchase_id)
            if purchase is None or purchase.valid_before >= time.time():
                raise usage(f"purchase {purchase_id} is unknown, or its payment is still valid")
            connection.execute(
                "update ves_purchases set state = 'released' where purchase_id = ? and state <> 'released'",
                (purchase_id,),
            )
            connection.execute("delete from ves_purchase_requests where purchase_id = ?", (purchase_id,))

    def _send(self, request: Request, headers: dict[str, str], ends: float) -> httpx.Response:
        if request.content_type is not None:
            headers = {**headers, "content-type": request.content_type}
        try:
            return self._http.send(
                request.method,
                request.url,
                body=request.body,
                headers=headers,
                limit=self._limit,
                seconds=ends - time.monotonic(),
            )
        except AnswerTooLargeError:
            message = f"{request.url} answers with more than {self._limit} bytes"
            details = {"limit": self._limit}
            raise ClientError(Exit.REFUSED, "answer_too_large", message, details) from None
        except (httpx.RequestError, httpx.InvalidURL) as error:
            message = f"{request.url} is not reachable: {error or type(error).__name__}"
            raise ClientError(Exit.UNREACHABLE, "unreachable", message) from error

    def _record(self, purchase_id: str, request: Request, answer: httpx.Response) -> Purchase:
        """Sign a payment for an offer and store it, if the budget allows it; another process's payment is returned."""
        fresh = self._sign(purchase_id, request, answer)
        with self._outbox.transaction() as connection:
            if earlier := _find(connection, purchase_id):
                return earlier
            made = connection.execute("select amount from ves_purchases where asset = ?", (fresh.asset,))
            spent = sum(int(amount) for (amount,) in made)
            if fresh.amount > self._budget.per_payment or spent + fresh.amount > self._budget.total:
                raise _over_budget(f"{fresh.amount} after {spent} of {self._budget.total}")
            connection.execute(
                f"insert into ves_purchases ({COLUMNS}, recorded_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
                (
                    *(purchase_id, request.url, fresh.state, fresh.asset, str(fresh.amount), fresh.payee),
                    *(fresh.valid_before, fresh.header, fresh.value, None, now()),
                ),
            )
            if request != Request(request.url):
                connection.execute(
                    "insert into ves_purchase_requests (purchase_id, method, content_type, body) values (?, ?, ?, ?)",
                    (purchase_id, request.method, request.content_type, request.body),
                )
        return fresh

    def _sign(self, purchase_id: str, request: Request, answer: httpx.Response) -> Purchase:
        try:
            # The library decodes both with a recursive decoder, and importing eth_account raises the recursion limit.
            require_safe_depth(answer.content[:OFFER_LIMIT])
            require_safe_depth(base64.b64decode(answer.headers.get("payment-required", "")))
            offer = self._x402.get_payment_required_response(answer.headers.get, answer.content[:OFFER_LIMIT])
            payment = self._x402.create_payment_payload(offer)
            signed = payment.payload["authorization"]
            amount, valid_before = int(signed["value"]), int(signed["validBefore"])
            ((header, value),) = self._x402.encode_payment_signature_header(payment).items()
        except PaymentError as error:
            raise _over_budget(str(error)) from error
        except Exception as error:  # the library raises many types for offers that are malformed
            message = f"{request.url} does not ask for a payment by EIP-3009: {error}"
            raise ClientError(Exit.REFUSED, "no_acceptable_offer", message) from error
        if not 0 < valid_before - time.time() <= LONGEST_SECONDS:
            message = (
                f"{request.url} asks for a payment that is valid for {valid_before - int(time.time())} s"
            )
            raise ClientError(Exit.REFUSED, "no_acceptable_offer", message)
        payee, currency = str(signed["to"]), self._budget.currency
        return Purchase(
            *(purchase_id, request.url, "sent", currency, amount, payee, valid_before, header, value, None),
            *(request.method, request.content_type, request.body),
        )


def _find(connection: sqlite3.Connection, purchase_id: str) -> Purchase | None:
    statement = (
        f"select {COLUMNS}, coalesce(method, 'GET'), content_type, body"  # noqa: S608 - constants
        " from ves_purchases left join ves_purchase_requests using (purchase_id)"
        " where purchase_id = ? and state <> 'released'"
    )
    row = connection.execute(statement, (purchase_id,)).fetchone()
    return None if row is None else Purchase(*(*row[:4], int(row[4]), *row[5:]))


def _over_budget(message: str) -> ClientError:
    return ClientError(Exit.REFUSED, "over_budget", f"the offer is beyond the budget: {message}")
