"""A node of the default chain that gives every call of a contract the same answer."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from ves_edge.chain import DEFAULT_CHAIN_ID

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def stub_node(answer: str) -> Iterator[str]:
    """Run the node; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            told = [
                {
                    "jsonrpc": "2.0",
                    "id": one["id"],
                    "result": hex(DEFAULT_CHAIN_ID) if one["method"] == "eth_chainId" else answer,
                }
                for one in asked
            ]
            content = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
