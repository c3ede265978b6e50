"""Reads of the chain that a verdict needs, over JSON-RPC."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from ves import json_decode
from ves_contracts import eip712
from ves_edge.bounded import exchange, httpx
from ves_edge.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ves_edge.chain import ChainNodes

# The code of a contract, the longest answer that a stranger can choose, has 48 KiB as text.
_SECONDS, _MOST_BYTES, _MOST_QUESTIONS = 3.0, 8 * 1024 * 1024, 100
# One more than one, so that a slow answer does not hold up the next request; more would make requests smaller.
_REQUESTS = 2
_JSON = {"content-type": "application/json"}
_CHAIN_ID = ("eth_chainId", b"[]")
# The gas that the contract's GAS_PER_PAYMENT leaves the token, and what a call and its bytes cost before that: a payer that
# is a contract runs code of its choice in our call.
_TRANSFER_GAS, _CALL_GAS, _BYTE_GAS = 350_000, 21_000, 16
_REVERTED = 3  # the code of JSON-RPC for a call that reverts, as nodes of the EVM have it
_HASH_BYTES = 32
_Question = tuple[str, bytes]  # a method, and its parameters as JSON
_encode = msgspec.json.encode


class ChainUnreachableError(Exception):
    """No endpoint gave an answer for the expected chain."""


class ChainReads:
    """Reads of the newest block. Owned by one event loop; the endpoints are tried in order.

    Questions that arrive while two requests are under way share the next one, which asks a question that several have once. Its
    places go round over the tenants (`turn`): one with thousands of questions delays another by a request.
    A verdict is advice, so one endpoint's word suffices: what is settled is judged from logs, by the chain worker.
    """

    def __init__(self, nodes: ChainNodes) -> None:
        self.chain_id = nodes.chain_id
        self._urls = nodes.urls
        self._client = httpx.AsyncClient(timeout=_SECONDS)
        self._waiting: Rounds[_Asked] = Rounds()
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Close the connections; what still waits fails."""
        for task in self._tasks:
            task.cancel()
        await self._client.aclose()

    async def call(
        self, *calls: tuple[str, bytes], turn: Hashable, sender: str | None = None
    ) -> list[bytes | None]:
        """Results of calls (address, data) of contracts; None for one that reverts, or needs more gas than a payment may. Raises ChainUnreachableError."""
        origin = {} if sender is None else {"from": sender}
        return await self._ask(
            [
                (
                    "eth_call",
                    _encode([{**origin, "to": to, "gas": _gas(data), "data": "0x" + data.hex()}, "latest"]),
                )
                for to, data in calls
            ],
            turn,
        )

    async def has_code(self, address: str, *, turn: Hashable) -> bool:
        """Whether a contract is at the address. Raises ChainUnreachableError."""
        [answer] = await self._ask([("eth_getCode", _encode([address, "latest"]))], turn)
        return bool(answer)

    async def _ask(self, questions: list[_Question], turn: Hashable) -> list[bytes | None]:
        asked = _Asked(questions, asyncio.get_running_loop().create_future())
        self._waiting.add(turn, asked)
        self._start()
        return await asked.answer

    def _start(self) -> None:
        while self._waiting and len(self._tasks) < _REQUESTS:
            task = asyncio.get_running_loop().create_task(self._serve(self._take()))
            self._tasks.add(task)
            task.add_done_callback(self._finished)

    def _take(self) -> list[_Asked]:
        """The callers of the next request: one of each tenant, again and again, while there are places for their questions."""
        taken: list[_Asked] = []
        count = 0
        while (following := self._waiting.take()) is not None:
            turn, asked = following
            count += len(asked.questions)
            if taken and count > _MOST_QUESTIONS:
                self._waiting.put_back(turn, asked)
                break
            taken.append(asked)
        return taken

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._start()

    async def _serve(self, taken: list[_Asked]) -> None:
        """Answer by the first endpoint that does, for each caller: what one asks never decides for another."""
        try:
            for url in self._urls:
                taken = [asked for asked in taken if not asked.answer.done()]
                if not taken:
                    break
                with contextlib.suppress(*_NO_ANSWER):
                    await self._exchange(url, taken)
        finally:
            for asked in taken:
                if not asked.answer.done():
                    asked.answer.set_exception(ChainUnreachableError())

    async def _exchange(self, url: str, taken: list[_Asked]) -> None:
        numbers: dict[_Question, int] = {}
        for asked in taken:
            for question in asked.questions:
                numbers.setdefault(question, len(numbers) + 1)
        # The chain id is asked for with every request: an endpoint may be replaced by one of another chain.
        body = _encode(
            [
                {"jsonrpc": "2.0", "id": number, "method": method, "params": msgspec.Raw(parameters)}
                for (method, parameters), number in [(_CHAIN_ID, 0), *numbers.items()]
            ]
        )
        status, content = await exchange(
            self._client, "POST", url, limit=_MOST_BYTES, seconds=_SECONDS, headers=_JSON, content=body
        )
        if not httpx.codes.is_success(status):
            return
        answers = {one.id: one for one in _decode(content)}
        if int(answers[0].result or "", 16) != self.chain_id:
            return
        for asked in taken:
            with contextlib.suppress(ValueError, KeyError):
                found = [_result(answers[numbers[question]]) for question in asked.questions]
                if not asked.answer.done():
                    asked.answer.set_result(found)


@dataclass(slots=True, eq=False)
class _Asked:
    """Questions of one caller."""

    questions: list[_Question]
    answer: asyncio.Future[list[bytes | None]]


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


def _gas(data: bytes) -> str:
    return hex(_TRANSFER_GAS + _CALL_GAS + _BYTE_GAS * len(data))


def _result(answer: _Answer) -> bytes | None:
    """The bytes of a result; None for a call that reverts. Raises ValueError for what is neither."""
    if answer.result is not None:
        return bytes.fromhex(answer.result.removeprefix("0x"))
    error = answer.error or _Error()
    message = (error.message or "").lower().replace(" ", "")
    if error.code == _REVERTED or "revert" in message or "outofgas" in message:
        return None
    raise ValueError("neither a result nor a revert")


# Selectors of the token's functions (x402 B4), of getAssetConfig (chain 4) and of paused.
_WITH_PARTS = bytes.fromhex("e3ee160e")
_WITH_BYTES = bytes.fromhex("cf092995")
_STATE = bytes.fromhex("e94a0102")
_BALANCE = bytes.fromhex("70a08231")
_NAME = bytes.fromhex("06fdde03")
_VERSION = bytes.fromhex("54fd4d50")
_ASSET_CONFIG = bytes.fromhex("6ec3ab67")
_PAUSED = bytes.fromhex("5c975abb")


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


NAME_CALL, VERSION_CALL, PAUSED_CALL = _NAME, _VERSION, _PAUSED


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
