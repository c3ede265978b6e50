"""`GET /metrics` of a worker process whose folder PROMETHEUS_MULTIPROC_DIR no API shares: a container of its own (operations 9)."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

from ves_edge import metrics
from ves_edge.environment import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Handler(BaseHTTPRequestHandler):
    # One scrape is answered at a time: seconds after which a silent peer makes room for the next.
    timeout = 2

    def do_GET(self) -> None:
        """Answer the metrics."""
        if self.path != "/metrics":
            self.send_error(404)
            return
        body = metrics.exposition().encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log no scrapes: BaseHTTPRequestHandler writes a line to standard error for each."""


@contextmanager
def scraped_at(address: tuple[str, int] | None) -> Iterator[None]:
    """Answer scrapes in a thread. Without an address nothing listens. Raises SettingsError if it cannot be bound."""
    if address is None:
        yield
        return
    try:
        server = HTTPServer(address, _Handler)
    except OSError as error:
        raise SettingsError(f"VES_METRICS_BIND: {error}") from error
    with server:
        thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
        thread.start()
        yield
        server.shutdown()
