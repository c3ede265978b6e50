"""Signers of transactions: a key in a private file, or a key service that signs digests over HTTP."""

from __future__ import annotations

import base64
import stat
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_keys.datatypes import PrivateKey, PublicKey, Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError
from web3 import Web3

from ves import json_decode
from ves_edge.bounded import exchange, httpx
from ves_edge.environment import SettingsError

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1
_TIMEOUT_SECS, _ANSWER_BYTES = 10, 65_536


class Signer(Protocol):
    """Signs for one account."""

    async def public_key(self) -> PublicKey:
        """Return the account's public key."""

    async def sign(self, digest: bytes) -> Signature:
        """Return the recoverable signature of 32 bytes."""


class KeySigner:
    """Holds a key: 64 hex digits, `0x` optional. Raises ValueError for anything else."""

    def __init__(self, digits: str) -> None:
        self._key = PrivateKey(bytes.fromhex(digits.strip().removeprefix("0x")))

    async def public_key(self) -> PublicKey:
        """Return the account's public key."""
        return self._key.public_key

    async def sign(self, digest: bytes) -> Signature:
        """Return the recoverable signature of 32 bytes."""
        return self._key.sign_msg_hash(digest)


class FileSigner(KeySigner):
    """Holds the key of a file, which must be closed to group and others."""

    def __init__(self, path: Path) -> None:
        try:
            is_open = path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
            super().__init__(path.read_text(encoding="ascii"))
        except (OSError, ValueError, ValidationError) as error:
            raise SettingsError(f"{path}: holds no secp256k1 key ({type(error).__name__})") from None
        if is_open:
            raise SettingsError(f"{path}: may be read by others; its mode must be 0600")


class KeyService:
    """Asks a key management service, whose key never leaves it.

    `GET {url}/public-key` answers `{"PublicKey"}`, `POST {url}/sign` takes `{"Message", "MessageType": "DIGEST",
    "SigningAlgorithm": "ECDSA_SHA_256"}` and answers `{"Signature"}`; keys and signatures are DER in base64.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._known: PublicKey | None = None

    async def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECS) as client:
            status, content = await exchange(
                client, method, f"{self._url}/{path}", limit=_ANSWER_BYTES, seconds=_TIMEOUT_SECS, json=body
            )
        if not httpx.codes.is_success(status):
            raise httpx.HTTPError(f"the key service answers status {status}")
        return json_decode.decode(content, type=dict[str, Any])

    async def public_key(self) -> PublicKey:
        """Return the account's public key, asked for once."""
        if self._known is None:
            found = await self._ask("GET", "public-key")
            key = load_der_public_key(base64.b64decode(found["PublicKey"]))
            if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256k1":
                raise SettingsError(f"{self._url}: the key of the key service is not of secp256k1")
            point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            self._known = PublicKey(point[1:])
        return self._known

    async def sign(self, digest: bytes) -> Signature:
        """Return the recoverable signature of 32 bytes; services give neither the parity nor always the lower s."""
        expected = await self.public_key()
        body = {
            "Message": base64.b64encode(digest).decode("ascii"),
            "MessageType": "DIGEST",
            "SigningAlgorithm": "ECDSA_SHA_256",
        }
        found = await self._ask("POST", "sign", body)
        r, s = decode_dss_signature(base64.b64decode(found["Signature"]))
        s = min(s, _ORDER - s)
        for parity in (0, 1):
            signature = Signature(vrs=(parity, r, s))
            try:
                if signature.recover_public_key_from_msg_hash(digest) == expected:
                    return signature
            except BadSignature:
                continue
        raise RuntimeError("the key service signed with another key")


def choose_signer(key_file: str, service_url: str, key: str = "") -> Signer:
    """Return the signer that the settings of one worker name. SettingsError when its key is unusable."""
    if key:
        try:
            return KeySigner(key)
        except (ValueError, ValidationError):
            raise SettingsError("SEQUENCER_PRIVATE_KEY: is no secp256k1 key") from None
    return FileSigner(Path(key_file)) if key_file else KeyService(service_url)


async def sign_transaction(signer: Signer, members: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return raw bytes and hash of a transaction of type 2 (EIP-1559)."""
    unsigned = TypedTransaction.from_dict({"type": 2, **members})
    v, r, s = (await signer.sign(unsigned.hash())).vrs
    raw = TypedTransaction.from_dict({"type": 2, **members, "v": v, "r": r, "s": s}).encode()
    return raw, bytes(Web3.keccak(raw))
