"""A node that forwards to the real one and changes what it says, or says nothing."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Lie = Callable[[dict[str, Any], Callable[[], dict[str, Any]]], dict[str, Any] | Iterator[bytes] | None]


@contextmanager
def liar(upstream: str, lie: Lie) -> Iterator[str]:
    """Run the node; `lie` gets a request and what asks the real node, and returns the answer, None to hang up.

    An iterator is sent piece by piece, as a body without a length.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))

            def truth() -> dict[str, Any]:
                request = urllib.request.Request(upstream, body, {"content-type": "application/json"})
                with urllib.request.urlopen(request) as answer:
                    found: dict[str, Any] = json.load(answer)
                    return found

            told = lie(json.loads(body), truth)
            if told is None:
                self.close_connection = True
                return
            pieces = [json.dumps(told).encode()] if isinstance(told, dict) else told
            self.send_response(200)
            self.send_header("content-type", "application/json")
            if isinstance(pieces, list):
                self.send_header("content-length", str(len(pieces[0])))
            else:
                self.close_connection = True
            self.end_headers()
            with contextlib.suppress(OSError):  # the client has read enough
                for piece in pieces:
                    self.wfile.write(piece)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
