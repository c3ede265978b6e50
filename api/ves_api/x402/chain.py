"""Reads of the chain that a verdict needs, over JSON-RPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from ves import json_decode
from ves_contracts import eip712
from ves_edge.bounded import exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ves_edge.chain import ChainNodes

_SECONDS, _MOST_BYTES = 3.0, 1024 * 1024
_REVERTED = 3  # the code of JSON-RPC for a call that reverts, as nodes of the EVM have it
_HASH_BYTES = 32


class ChainUnreachableError(Exception):
    """No endpoint gave an answer for the expected chain."""


class ChainReads:
    """Calls at the newest block, several in one request; the endpoints are tried in order.

    A verdict is advice, so one endpoint's word suffices: what is settled is judged from logs, by the chain worker.
    """

    def __init__(self, nodes: ChainNodes) -> None:
        self.chain_id = nodes.chain_id
        self._urls = nodes.urls
        self._client = httpx.AsyncClient(timeout=_SECONDS)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def call(self, *calls: tuple[str, bytes], sender: str | None = None) -> list[bytes | None]:
        """Results of calls (address, data) of contracts; None for one that reverts. Raises ChainUnreachableError."""
        transactions = [{"to": to, "data": "0x" + data.hex()} for to, data in calls]
        if sender is not None:
            transactions = [{**transaction, "from": sender} for transaction in transactions]
        return await self._ask([("eth_call", [transaction, "latest"]) for transaction in transactions])

    async def has_code(self, address: str) -> bool:
        """Whether a contract is at the address. Raises ChainUnreachableError."""
        [answer] = await self._ask([("eth_getCode", [address, "latest"])])
        return bool(answer)

    async def _ask(self, calls: Sequence[tuple[str, list[Any]]]) -> list[bytes | None]:
        # The chain id is asked for with every request: an endpoint may be replaced by one of another chain.
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate([("eth_chainId", []), *calls])
        ]
        for url in self._urls:
            try:
                status, content = await exchange(
                    self._client, "POST", url, limit=_MOST_BYTES, seconds=_SECONDS, json=body
                )
                if not httpx.codes.is_success(status):
                    continue
                answers = {one.id: one for one in _decode(content)}
                if int(answers[0].result or "", 16) == self.chain_id:
                    return [_result(answers[number]) for number in range(1, len(body))]
            except _NO_ANSWER:
                continue
        raise ChainUnreachableError


class _Error(msgspec.Struct):
    code: int | None = None
    message: str | None = None


class _Answer(msgspec.Struct):
    """An answer of JSON-RPC."""

    id: int
    result: str | None = None
    error: _Error | None = None


_decode = json_decode.decoder(list[_Answer])
# What no node of the EVM says: it is asked no further, and the next one is.
_NO_ANSWER = (httpx.HTTPError, TimeoutError, ValueError, KeyError, msgspec.DecodeError, RecursionError)


def _result(answer: _Answer) -> bytes | None:
    """The bytes of a result; None for a call that reverts. Raises ValueError for what is neither."""
    if answer.result is not None:
        return bytes.fromhex(answer.result.removeprefix("0x"))
    error = answer.error or _Error()
    if error.code == _REVERTED or "revert" in (error.message or "").lower():
        return None
    raise ValueError("neither a result nor a revert")


# Selectors of the token's functions (x402 B4) and of getAssetConfig (chain 4).
_WITH_PARTS = bytes.fromhex("e3ee160e")
_WITH_BYTES = bytes.fromhex("cf092995")
_STATE = bytes.fromhex("e94a0102")
_BALANCE = bytes.fromhex("70a08231")
_NAME = bytes.fromhex("06fdde03")
_VERSION = bytes.fromhex("54fd4d50")
_ASSET_CONFIG = bytes.fromhex("6ec3ab67")


def _word(value: int | bytes | str) -> bytes:
    if isinstance(value, str):
        value = int(value, 16)
    return value.to_bytes(_HASH_BYTES, "big") if isinstance(value, int) else value.ljust(_HASH_BYTES, b"\0")


def transfer_call(transfer: eip712.Transfer, signature: bytes) -> bytes:
    """The call that PaymentSettlement makes: a signature of 65 bytes in three parts, any other one as bytes."""
    head = b"".join(
        _word(value)
        for value in (
            transfer.payer,
            transfer.payee,
            transfer.value,
            transfer.valid_after,
            transfer.valid_before,
            transfer.nonce,
        )
    )
    if len(signature) == eip712.SIGNATURE_BYTES:
        return _WITH_PARTS + head + _word(signature[64]) + signature[:64]
    padded = signature.ljust(-(-len(signature) // _HASH_BYTES) * _HASH_BYTES, b"\0")
    return _WITH_BYTES + head + _word(len(head) + _HASH_BYTES) + _word(len(signature)) + padded


def state_call(payer: str, nonce: bytes) -> bytes:
    """authorizationState(address,bytes32)."""
    return _STATE + _word(payer) + nonce


def balance_call(account: str) -> bytes:
    """balanceOf(address)."""
    return _BALANCE + _word(account)


def asset_call(token: str) -> bytes:
    """getAssetConfig(address) of the settlement contract."""
    return _ASSET_CONFIG + _word(token)


NAME_CALL, VERSION_CALL = _NAME, _VERSION


def read_number(result: bytes | None, place: int = 0) -> int | None:
    """A word of a result as a number; None where there is none."""
    word = (result or b"")[_HASH_BYTES * place : _HASH_BYTES * (place + 1)]
    return int.from_bytes(word, "big") if len(word) == _HASH_BYTES else None


def read_text(result: bytes | None) -> str | None:
    """A string that a function returned; None where there is none."""
    length = read_number(result, 1)
    if result is None or length is None:
        return None
    return result[2 * _HASH_BYTES :][:length].decode("utf-8", "replace")
