"""An OpenTimestamps calendar and a block explorer in one process, for tests: `python -m tests.support.calendar FILE`.

It writes its port into FILE. `POST /test/mine` puts all digests into a block of a chain of its own, `POST /test/lie` takes the
name of a lie that it tells from then on.
"""

from __future__ import annotations

import sys
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
from opentimestamps.core.op import OpAppend, OpSHA256
from opentimestamps.core.serialize import BytesSerializationContext
from opentimestamps.core.timestamp import Timestamp, make_merkle_tree

FIRST_HEIGHT = 700_000


def serialized(timestamp: Any) -> bytes:
    context = BytesSerializationContext()
    timestamp.serialize(context)
    return bytes(context.getbytes())


class Calendar:
    def __init__(self) -> None:
        self.url, self.lie = "", ""
        self.waiting: list[Any] = []
        self.known: dict[str, bytes] = {}
        self.headers: list[bytes] = []
        self.asked = 0

    def promise(self, digest: bytes) -> bytes:
        """Add a nonce as real calendars do, so that what is asked for later is another digest."""
        first = Timestamp(digest)
        last = first.ops.add(OpAppend(bytes([len(self.waiting)]) * 8)).ops.add(OpSHA256())
        self.waiting.append(Timestamp(last.msg))
        uri = "http://169.254.169.254/latest" if self.lie == "metadata" else self.url
        last.attestations.add(PendingAttestation(uri))
        if self.lie == "claims":
            last.attestations.add(BitcoinBlockHeaderAttestation(FIRST_HEIGHT))
        if self.lie == "promises":
            last.ops.add(OpSHA256()).attestations.add(PendingAttestation(uri))
        for _ in range(300 if self.lie == "deep" else 0):
            last = last.ops.add(OpSHA256())
        if self.lie == "deep":
            last.attestations.add(PendingAttestation(uri))
        return serialized(first)

    def mine(self) -> None:
        if not self.waiting:
            return
        leaves, self.waiting = self.waiting, []
        top = make_merkle_tree(leaves)
        root = bytes(32) if self.lie == "other_block" else top.msg
        previous = sha256(sha256(self.headers[-1]).digest()).digest() if self.headers else bytes(32)
        self.headers.append(
            b"\x01\0\0\0" + previous + root + (1_700_000_000).to_bytes(4, "little") + bytes(8)
        )
        top.attestations.add(BitcoinBlockHeaderAttestation(FIRST_HEIGHT + len(self.headers) - 1))
        for leaf in leaves:
            self.known[leaf.msg.hex()] = serialized(leaf)

    def block(self, height: int) -> bytes | None:
        place = height - FIRST_HEIGHT
        return self.headers[place] if 0 <= place < len(self.headers) else None

    def hash(self, header: bytes) -> str:
        return sha256(sha256(header).digest()).digest()[::-1].hex()


CALENDAR = Calendar()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        if self.path == "/test/lie":
            CALENDAR.lie = body.decode()
            self.answer(200, b"")
        elif self.path == "/test/mine":
            CALENDAR.mine()
            self.answer(200, b"")
        elif self.path == "/digest" and not self.misbehave():
            self.answer(200, CALENDAR.promise(body))

    def do_GET(self) -> None:
        kind, _, rest = self.path[1:].partition("/")
        if kind == "timestamp":
            CALENDAR.asked += 1
            found = CALENDAR.known.get(rest)
            if not self.misbehave():
                self.answer(404 if found is None else 200, found or b"Pending confirmation")
        elif kind == "block-height":
            header = CALENDAR.block(int(rest))
            self.answer(
                404 if header is None else 200, b"" if header is None else CALENDAR.hash(header).encode()
            )
        elif kind == "block":
            wanted = rest.partition("/")[0]
            found = next((header for header in CALENDAR.headers if CALENDAR.hash(header) == wanted), None)
            if CALENDAR.lie == "other_header" and found:
                found = found[:-1] + b"x"
            self.answer(404 if found is None else 200, (found or b"").hex().encode())
        elif self.path == "/test/asked":
            self.answer(200, str(CALENDAR.asked).encode())
        else:
            self.answer(404, b"")

    def misbehave(self) -> bool:
        """Tell the lies that any request may meet; whether one was told."""
        if CALENDAR.lie == "junk":
            self.answer(200, b"\xf0\x08junk junk junk")
        elif CALENDAR.lie == "empty":
            self.answer(200, b"")
        elif CALENDAR.lie == "error":
            self.answer(500, b"sorry")
        elif CALENDAR.lie == "redirect":
            self.answer(307, b"", location="http://169.254.169.254/latest/meta-data")
        elif CALENDAR.lie == "long":
            self.answer(200, b"\x00" * 100_000)
        elif CALENDAR.lie == "endless":
            self.trickle(b"\x08", 0)
        elif CALENDAR.lie == "slow":
            self.trickle(b"\x08", 0.05)
        else:
            return False
        return True

    def trickle(self, piece: bytes, pause: float) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(piece if pause else piece * 1000)
                self.wfile.flush()
                time.sleep(pause)
        except OSError:
            return

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


def main(path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    port = server.server_address[1]
    CALENDAR.url = f"http://127.0.0.1:{port}"
    path.with_suffix(".new").write_text(str(port), encoding="ascii")
    path.with_suffix(".new").replace(path)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
