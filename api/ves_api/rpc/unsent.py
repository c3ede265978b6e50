"""Messages that were given to the library and that their peers have not taken: bounded memory (grpc-api 1).

The library keeps such a message until the peer opens its flow-control window or its connection ends, and offers no way
to drop it. So a message is refused before it is given away.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_edge.errors import ApiError

if TYPE_CHECKING:
    import uuid

    import grpc

# Smaller messages cost no more than the call itself.
_COUNTED_BYTES = 4096
# A peer that reads takes a message in milliseconds; the bytes of one that does not count against its tenant.
_STUCK_SECONDS = 1.0
_STUCK_BYTES = 32 * 1024 * 1024
# Of a tenant, stuck or not: one tenant cannot take the whole of the process within a second.
_TENANT_BYTES = 64 * 1024 * 1024
_MOST_BYTES = 256 * 1024 * 1024


@dataclass(slots=True, eq=False)
class Sending:
    """A message that the library keeps until its peer takes it."""

    tenant_id: uuid.UUID
    size: int
    since: float
    is_stuck: bool = False
    is_done: bool = False


class Unsent:
    """Owned by one event loop."""

    def __init__(self) -> None:
        self._young: deque[Sending] = deque()
        self._stuck: Counter[uuid.UUID] = Counter()
        self._held: Counter[uuid.UUID] = Counter()

    def answer(self, tenant_id: uuid.UUID, size: int, call: grpc.aio.ServicerContext) -> None:
        """Count the response of a unary call until the call has ended. Raises overloaded."""
        sending = self.begin(tenant_id, size)
        if sending is not None:
            call.add_done_callback(lambda _: self.end(sending))

    def begin(self, tenant_id: uuid.UUID, size: int) -> Sending | None:
        """Count a message of a stream until `end`; None for one that is too small to count. Raises overloaded."""
        if size < _COUNTED_BYTES:
            return None
        now = time.monotonic()
        self._age(now - _STUCK_SECONDS)
        if (
            self._stuck[tenant_id] + size > _STUCK_BYTES
            or self._held[tenant_id] + size > _TENANT_BYTES
            or self._held.total() + size > _MOST_BYTES
        ):
            raise ApiError("overloaded", "Clients do not take what was sent to them", retry_after=1)
        sending = Sending(tenant_id, size, now)
        self._young.append(sending)
        self._held[tenant_id] += size
        return sending

    def _age(self, limit: float) -> None:
        while self._young and self._young[0].since < limit:
            sending = self._young.popleft()
            if not sending.is_done:
                sending.is_stuck = True
                self._stuck[sending.tenant_id] += sending.size

    def end(self, sending: Sending | None) -> None:
        """Count a message no more."""
        if sending is None or sending.is_done:
            return
        sending.is_done = True
        for counter in (self._held, self._stuck) if sending.is_stuck else (self._held,):
            counter[sending.tenant_id] -= sending.size
            if not counter[sending.tenant_id]:
                del counter[sending.tenant_id]
