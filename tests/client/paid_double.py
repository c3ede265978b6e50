"""A resource server that sells by x402 version 2 and settles in memory: a token accepts each nonce once."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NETWORK = "eip155:84532"
ASSET = "0x" + "a5" * 20
PAYEE = "0x" + "b6" * 20
PRICE = 10_000


@dataclass
class Seller:
    """`nonces` are those of the payments that were made, `requests` counts them all; `sent` has method, type and body.

    `fault` decides for each paid request: "lose" closes the connection before the payment is made, "lose answer" after it,
    "refuse" asks for a payment again. `header` replaces the offer's; None: the offer is in the body. A payment that was made is served again.
    """

    nonces: list[str] = field(default_factory=list)
    requests: int = 0
    sent: list[tuple[str, str | None, bytes]] = field(default_factory=list)
    resource: bytes = b"rain"
    header: str | None = ""
    offer: dict[str, Any] = field(default_factory=dict)
    fault: Callable[[Seller], str | None] = lambda _: None
    url: str = ""

    def accepts(self) -> dict[str, Any]:
        return {
            "scheme": "exact",
            "network": NETWORK,
            "asset": ASSET,
            "amount": str(PRICE),
            "payTo": PAYEE,
            "maxTimeoutSeconds": 60,
            "extra": {"name": "TestUSD", "version": "2"},
            **self.offer,
        }

    def asking(self) -> str:
        document = {
            "x402Version": 2,
            "error": "pay",
            "resource": {"url": self.url},
            "accepts": [self.accepts()],
        }
        return base64.b64encode(json.dumps(document).encode()).decode()

    def pay(self, header: str) -> tuple[int, dict[str, str]] | None:
        """Status and headers for a payment; None closes the connection."""
        authorization = json.loads(base64.b64decode(header))["payload"]["authorization"]
        fault = self.fault(self)
        if fault == "lose":
            return None
        if fault == "refuse":
            return 402, {"payment-required": self.asking()}
        if authorization["nonce"] not in self.nonces:
            self.nonces.append(authorization["nonce"])
        return None if fault == "lose answer" else (200, {"payment-response": "e30="})


@contextmanager
def selling(seller: Seller) -> Iterator[Seller]:
    """Serve a seller on a port of the loopback interface; `/free` costs nothing."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seller.requests += 1
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            seller.sent.append((self.command, self.headers.get("content-type"), body))
            header = self.headers.get("payment-signature")
            told: tuple[int, dict[str, str]] | None = (200, {})
            if header is not None:
                told = seller.pay(header)
            elif self.path != "/free":
                header = seller.asking() if seller.header == "" else seller.header
                told = 402, {} if header is None else {"payment-required": header}
            if told is None:
                self.close_connection = True
                return
            self.send_response(told[0])
            for name, text in {"content-length": str(len(seller.resource)), **told[1]}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(seller.resource)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    seller.url = f"http://127.0.0.1:{server.server_address[1]}/weather"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield seller
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
