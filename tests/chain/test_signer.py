"""Keys: a file that is closed to others, or a key service, here a fake of its HTTP interface."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eth_account import Account
from web3 import Web3

from tests.support.anvil import SETTLER_KEY
from ves_edge.environment import SettingsError
from ves_workers.chain.signer import FileSigner, KeyService, sign_transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALL = {
    "chainId": 7,
    "nonce": 0,
    "to": Web3.to_checksum_address("0x" + "ab" * 20),
    "value": 0,
    "data": b"\x01",
    "gas": 21_000,
    "maxFeePerGas": 2,
    "maxPriorityFeePerGas": 1,
}
HALF_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 // 2


def service(
    key: ec.EllipticCurvePrivateKey, told: ec.EllipticCurvePrivateKey
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self, content: dict[str, str]) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def do_GET(self) -> None:
            der = told.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            self.answer({"PublicKey": base64.b64encode(der).decode()})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            assert (asked["MessageType"], asked["SigningAlgorithm"]) == ("DIGEST", "ECDSA_SHA_256")
            signature = key.sign(base64.b64decode(asked["Message"]), ec.ECDSA(Prehashed(hashes.SHA256())))
            self.answer({"Signature": base64.b64encode(signature).decode()})

        def log_message(self, *_: Any) -> None:
            return

    return Handler


def run(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/keys/settler/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def key_service() -> Iterator[str]:
    key = ec.generate_private_key(ec.SECP256K1())
    yield from run(service(key, key))


@pytest.fixture
def changed_key_service() -> Iterator[str]:
    yield from run(service(ec.generate_private_key(ec.SECP256K1()), ec.generate_private_key(ec.SECP256K1())))


async def test_a_key_service_signs_transactions_that_recover_to_its_account(key_service: str) -> None:
    signer = KeyService(key_service)
    address = (await signer.public_key()).to_checksum_address()
    for nonce in range(8):
        raw, _ = await sign_transaction(signer, CALL | {"nonce": nonce})
        assert Account.recover_transaction(raw) == address
        assert (await signer.sign(bytes([nonce]) * 32)).s <= HALF_ORDER, "nodes refuse the greater s (EIP-2)"


async def test_a_service_that_signs_with_another_key_is_refused(changed_key_service: str) -> None:
    with pytest.raises(RuntimeError, match="another key"):
        await KeyService(changed_key_service).sign(bytes(32))


async def test_a_key_file_signs_as_the_library_does(key_file: Path) -> None:
    raw, tx_hash = await sign_transaction(FileSigner(key_file), CALL)
    expected = Account.from_key(SETTLER_KEY).sign_transaction({"type": 2, **CALL})
    assert (raw, tx_hash) == (bytes(expected.raw_transaction), bytes(expected.hash))


def test_a_key_file_that_others_may_read_or_that_holds_no_key_is_refused(key_file: Path) -> None:
    key_file.chmod(0o640)
    with pytest.raises(SettingsError, match="0600"):
        FileSigner(key_file)
    key_file.chmod(0o600)
    key_file.write_text("no key")
    with pytest.raises(SettingsError, match="no secp256k1 key"):
        FileSigner(key_file)
