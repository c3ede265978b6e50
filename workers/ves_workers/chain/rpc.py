"""Several nodes of one chain: deadlines, a circuit breaker for each, and quorum for reads that decide (chain 8)."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from operator import index
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
from pybreaker import CircuitBreaker, CircuitBreakerError, CircuitBreakerListener
from web3 import AsyncHTTPProvider, AsyncWeb3, Web3
from web3.exceptions import (
    BadResponseFormat,
    ContractLogicError,
    RequestTimedOut,
    Web3Exception,
    Web3RPCError,
)
from web3.middleware import ExtraDataToPOAMiddleware

from ves_edge import metrics
from ves_workers.runtime.loop import MOST_CAUSE, OutsideError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence

    from web3.types import RPCEndpoint, RPCResponse

T = TypeVar("T")
# What says nothing about the chain: the node was not reached, or its answer is no JSON-RPC.
TRANSPORT = (
    aiohttp.ClientError,
    OSError,
    TimeoutError,
    RequestTimedOut,
    BadResponseFormat,
    json.JSONDecodeError,
)
_HEADERS = {"content-type": "application/json", "accept-encoding": "identity"}
# Several times the receipt of a transaction of 200 payments.
_MOST_BYTES = 16 * 1024 * 1024
_MOST_NUMBER = 2**63 - 1
_FAILURES = 5
_OPEN_SECS = 60
_PROBES = 2


class UnavailableError(OutsideError):
    """Too few nodes answered; the message has each node's cause."""


class DisagreementError(OutsideError):
    """Enough nodes answered, and no answer was given by a quorum."""


class CircuitMetrics(CircuitBreakerListener):
    """Tells the metrics what a breaker does (operations 9)."""

    def success(self, cb: CircuitBreaker) -> None:
        """Count a call that succeeded."""
        metrics.count_circuit(str(cb.name), "successes")

    def failure(self, cb: CircuitBreaker, exc: BaseException) -> None:
        """Count a call that failed."""
        del exc
        metrics.count_circuit(str(cb.name), "failures")

    def state_change(self, cb: CircuitBreaker, old_state: Any, new_state: Any) -> None:
        """Tell the new state."""
        del old_state
        metrics.set_circuit(str(cb.name), new_state.name)


class _Provider(AsyncHTTPProvider):
    """Keeps its connections open and bounds what it reads; web3's own connects anew for each request."""

    def __init__(self, url: str, timeout_secs: float) -> None:
        super().__init__(url)
        self._url, self._timeout = url, aiohttp.ClientTimeout(total=timeout_secs)
        self._session: aiohttp.ClientSession | None = None

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Return a node's answer. Raises one of TRANSPORT."""
        if self._session is None:
            # Nothing is expanded, so that a short answer stays short.
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                headers=_HEADERS,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        body, data = bytearray(), self.encode_rpc_request(method, params)
        async with self._session.post(self._url, data=data, allow_redirects=False) as answer:
            answer.raise_for_status()
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise aiohttp.ClientPayloadError(f"an answer of more than {_MOST_BYTES} bytes")
        return self.decode_rpc_response(bytes(body))

    async def disconnect(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


class Node:
    """One endpoint. Its breaker counts transport faults only: an error that the node answers is an answer."""

    def __init__(self, url: str, name: str, timeout_secs: float) -> None:
        self._provider = _Provider(url, timeout_secs)
        self._w3 = AsyncWeb3(self._provider)
        self._w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
        self._timeout = timeout_secs
        self.name = name
        self.breaker = CircuitBreaker(
            fail_max=_FAILURES,
            reset_timeout=_OPEN_SECS,
            success_threshold=_PROBES,
            exclude=[lambda error: not isinstance(error, TRANSPORT)],
            listeners=[CircuitMetrics()],
            name=self.name,
            throw_new_error_on_trip=False,
        )
        metrics.set_circuit(self.name, "closed")

    async def ask(self, call: Callable[[AsyncWeb3[Any]], Awaitable[T]]) -> T:
        """Return the answer of a call. Raises UnavailableError with the cause for a transport fault or what is no answer."""
        try:
            with self.breaker.calling():
                async with asyncio.timeout(self._timeout):
                    return await call(self._w3)
        except CircuitBreakerError as error:
            metrics.count_circuit(self.name, "rejections")
            raise UnavailableError(f"{self.name}: its circuit breaker is open") from error
        except TRANSPORT as error:
            raise UnavailableError(f"{self.name}: {type(error).__name__}: {error}") from error
        except Web3Exception:
            raise
        except Exception as error:  # web3 raises many types for results of another shape than the method has
            raise UnavailableError(
                f"{self.name}: answers nonsense: {type(error).__name__}: {error}"
            ) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._provider.disconnect()


class Chain:
    """The nodes together; `circuits` and a number name their circuit breakers."""

    def __init__(
        self,
        urls: Sequence[str],
        chain_id: int,
        quorum: int,
        timeout_secs: float,
        circuits: str = "chain_rpc",
    ) -> None:
        self.nodes = [Node(url, f"{circuits}_{number}", timeout_secs) for number, url in enumerate(urls, 1)]
        self.chain_id, self.quorum = chain_id, quorum

    async def _all(self, call: Callable[[AsyncWeb3[Any]], Awaitable[T]]) -> list[T | BaseException]:
        return await asyncio.gather(*(self._right(node, call) for node in self.nodes), return_exceptions=True)

    async def _right(self, node: Node, call: Callable[[AsyncWeb3[Any]], Awaitable[T]]) -> T:
        """Ask a node that serves the right chain; another one's answers count for nothing."""
        found = await node.ask(lambda w3: w3.eth.chain_id)
        if found != self.chain_id:
            raise UnavailableError(f"{node.name}: serves chain {found}, not {self.chain_id}")
        return await node.ask(call)

    async def agreed(
        self, call: Callable[[AsyncWeb3[Any]], Awaitable[T]], key: Callable[[T], Hashable] = repr
    ) -> T:
        """Return what a quorum of nodes answers alike by `key`. Raises UnavailableError or DisagreementError."""

        async def keyed(w3: AsyncWeb3[Any]) -> tuple[Hashable, T]:
            answer = await call(w3)
            return key(answer), answer

        answers = await self._all(keyed)
        given = [answer for answer in answers if not isinstance(answer, BaseException)]
        if len(given) < self.quorum:
            raise UnavailableError("; ".join(str(a) for a in answers if isinstance(a, BaseException)))
        (most, count), *_ = Counter(found for found, _ in given).most_common(1)
        if count < self.quorum:
            raise DisagreementError(f"{len(given)} nodes answered, {count} of them alike")
        return next(answer for found, answer in given if found == most)

    async def read(self, contract: str, data: bytes, block: int | None = None) -> bytes:
        """Return what a quorum of nodes has a contract answer, at the newest block or at the one named.

        Raises UnavailableError also for no bytes: what a node answers that has no code at the address, or not that state.
        """
        call: Any = {"to": Web3.to_checksum_address(contract), "data": data}
        found = await self.agreed(lambda w3: w3.eth.call(call, "latest" if block is None else block))
        if not found:
            raise UnavailableError(f"no contract answers at {contract}")
        return bytes(found)

    async def reached(self, call: Callable[[AsyncWeb3[Any]], Awaitable[int]]) -> int:
        """Return the greatest number that a quorum of nodes has reached, such as the head's.

        Raises UnavailableError, or the Web3Exception that a quorum answers, such as a revert.
        """

        async def number(w3: AsyncWeb3[Any]) -> int:
            return whole(await call(w3))

        answers = await self._all(number)
        given = sorted((a for a in answers if not isinstance(a, BaseException)), reverse=True)
        if len(given) < self.quorum:
            refusals = [answer for answer in answers if isinstance(answer, Web3Exception)]
            if len(refusals) >= self.quorum:
                raise refusals[0]
            raise UnavailableError("; ".join(str(a) for a in answers if isinstance(a, BaseException)))
        return given[self.quorum - 1]

    async def any(self, call: Callable[[AsyncWeb3[Any]], Awaitable[T]]) -> T:
        """Return the answer of the first node that answers; for reads that decide nothing.

        Raises UnavailableError, or the ContractLogicError of a call that reverts.
        """
        causes = []
        for node in self.nodes:
            try:
                return await self._right(node, call)
            except ContractLogicError:
                raise
            except (UnavailableError, Web3Exception) as error:
                causes.append(str(error))
        raise UnavailableError("; ".join(causes))

    async def send(self, raw: bytes) -> list[str]:
        """Give raw bytes to every node; return the refusals of those that did not take them, none if one took them.

        A node that has the transaction already has taken it. Raises UnavailableError when no node answered.
        """
        answers = await self._all(lambda w3: w3.eth.send_raw_transaction(raw))
        refusals = [_message(answer) for answer in answers if isinstance(answer, Web3RPCError)]
        unavailable = [str(answer) for answer in answers if isinstance(answer, UnavailableError)]
        if any(not isinstance(a, BaseException) or _is_known(a) for a in answers):
            return []
        if not refusals:
            raise UnavailableError("; ".join(unavailable))
        return refusals

    async def close(self) -> None:
        """Close the connections."""
        for node in self.nodes:
            await node.close()


def whole(found: object) -> int:
    """Return a number that a node answers and that the database has room for. Raises an error for anything else."""
    if isinstance(found, bool) or not 0 <= index(found) <= _MOST_NUMBER:  # type: ignore[arg-type]
        raise ValueError(f"{found!r} is no number of a chain")
    return index(found)  # type: ignore[arg-type]


def _message(error: Web3RPCError) -> str:
    return str((error.rpc_response or {}).get("error", {}).get("message", error))[:MOST_CAUSE]


def _is_known(answer: object) -> bool:
    if not isinstance(answer, Web3RPCError):
        return False
    return any(
        word in _message(answer).lower()
        for word in ("already known", "already imported", "known transaction")
    )
