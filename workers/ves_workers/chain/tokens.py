"""Reads of token contracts, with a circuit breaker for each: one that does not answer is asked once a minute."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pybreaker import CircuitBreaker, CircuitBreakerError

from ves_edge import metrics
from ves_workers.chain.rpc import CircuitMetrics, DisagreementError, UnavailableError

if TYPE_CHECKING:
    from ves_workers.chain.rpc import Chain

_FAILURES = 3
# An outcome is told within two minutes of an answer.
_OPEN_SECS = 60


class Tokens(CircuitMetrics):
    """The token contracts of one chain."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._breakers: dict[str, CircuitBreaker] = {}
        self._opened: dict[str, float] = {}

    def silent(self) -> list[str]:
        """Return the tokens, in lower case, that are not asked now."""
        now = time.monotonic()
        return [token for token, opened in self._opened.items() if now - opened < _OPEN_SECS]

    async def read(self, token: str, data: bytes, block: int | None = None) -> bytes:
        """Return what a token answers, as `Chain.read`. Raises UnavailableError, DisagreementError."""
        breaker = self._breaker(token.lower())
        try:
            with breaker.calling():
                return await self._chain.read(token, data, block)
        except CircuitBreakerError as error:
            metrics.count_circuit(str(breaker.name), "rejections")
            raise UnavailableError(
                f"token {token} did not answer; it is asked again within a minute"
            ) from error

    def state_change(self, cb: CircuitBreaker, old_state: Any, new_state: Any) -> None:
        """Remember since when a token is not asked."""
        super().state_change(cb, old_state, new_state)
        token = str(cb.name).removeprefix("token_")
        if new_state.name == "open":
            self._opened[token] = time.monotonic()
        else:
            self._opened.pop(token, None)

    def _breaker(self, token: str) -> CircuitBreaker:
        found = self._breakers.get(token)
        if found is None:
            found = self._breakers[token] = CircuitBreaker(
                fail_max=_FAILURES,
                reset_timeout=_OPEN_SECS,
                exclude=[DisagreementError],
                listeners=[self],
                name=f"token_{token}",
                throw_new_error_on_trip=False,
            )
            metrics.set_circuit(str(found.name), "closed")
        return found
