"""Processes beside a load: senders that keep a pace, subscribers of gRPC streams, a look at the projections' lag."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import grpc.aio
import psycopg

from tests.bench.wire import LoneClient
from ves_api.rpc.gen import v2_pb2 as v2

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.events import Agent
    from tests.bench.wire import Answer

_METHOD = "/stateset.sequencer.v2.Sequencer/StreamEvents"
_OPEN_SECONDS, _SILENT_SECONDS = 60, 30
_LOOK_SECONDS = 0.02
# Of the streams that the projections follow: the age of the oldest event that they have not reached.
_LAG = """
select coalesce(max(extract(epoch from clock_timestamp() - e.sequenced_at)), 0)::double precision
from ves_store.projection_checkpoints as c
join ves_store.ves_events as e
  on e.tenant_id = c.tenant_id and e.store_id = c.store_id and e.sequence_number = c.last_projected_sequence + 1
where c.is_live and c.stream = 'ves' and c.projector = 'order'
"""


class Paced:
    """One connection that sends its requests at fixed times, `per_second` of them; late ones are sent at once."""

    def __init__(self, port: int, requests: Sequence[tuple[int, bytes]], per_second: float) -> None:
        self._client, self._requests, self._per_second = LoneClient(port), requests, per_second

    def run(self) -> list[Answer]:
        """Send everything; each answer has the index that its request came with."""
        answers, started = [], time.monotonic()
        for at, (index, request) in enumerate(self._requests):
            ahead = started + at / self._per_second - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            answers.append(self._client.send(request, index))
        return answers


class Subscribers:
    """Streams of events over one channel, open before the start; `expected` events are read of all together."""

    def __init__(
        self, target: str, key: str, agents: Sequence[Agent], expected: int, *, history: bool = False
    ) -> None:
        self._runner = asyncio.Runner()
        self._expected = expected
        self._runner.run(self._open(target, key, agents, history))

    async def _open(self, target: str, key: str, agents: Sequence[Agent], history: bool) -> None:
        self._channel = grpc.aio.insecure_channel(target, (("grpc.use_local_subchannel_pool", 1),))
        stream = self._channel.unary_stream(
            _METHOD,
            request_serializer=v2.StreamEventsRequest.SerializeToString,
            response_deserializer=v2.SequencedEvent.FromString,
        )
        metadata = (("x-api-key", key),)
        requests = [
            v2.StreamEventsRequest(
                tenant_id=str(agent.tenant_id), store_id=str(agent.store_id), include_history=history
            )
            for agent in agents
        ]
        self._calls: list[Any] = [stream(request, metadata=metadata) for request in requests]
        if not history:
            await asyncio.wait_for(
                asyncio.gather(*(call.initial_metadata() for call in self._calls)), _OPEN_SECONDS
            )

    def run(self) -> list[float]:
        """Seconds from each event's `sequenced_at`, which its transaction reads before it commits, to its arrival.

        RuntimeError for a number that does not follow the one before it, or when nothing comes any more.
        """
        return self._runner.run(self._read())

    async def _read(self) -> list[float]:
        self._late: list[float] = []
        self._whole = asyncio.Event()
        readers = [asyncio.ensure_future(self._follow(call)) for call in self._calls]
        whole = asyncio.ensure_future(self._whole.wait())
        count = -1
        while not self._whole.is_set():
            if count == len(self._late):
                raise RuntimeError(f"{count} of {self._expected} events came")
            count = len(self._late)
            await asyncio.wait([whole, *readers], timeout=_SILENT_SECONDS, return_when="FIRST_COMPLETED")
            for reader in readers:
                if reader.done():
                    reader.result()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        await self._channel.close()
        return self._late

    async def _follow(self, call: Any) -> None:
        number = None
        async for event in call:
            at = event.sequenced_at
            self._late.append(time.time() - at.seconds - at.nanos / 1e9)
            if number is not None and event.sequence_number != number + 1:
                raise RuntimeError(f"{event.sequence_number} came after {number}")
            number = event.sequence_number
            if len(self._late) == self._expected:
                self._whole.set()


def lag_of(url: str, seconds: float) -> Callable[[], list[float]]:
    """The lag of the projections in seconds, looked at every 20 ms for so long."""
    connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)
    connection.execute(_LAG)

    def look() -> list[float]:
        found, ends = [], time.monotonic() + seconds
        while time.monotonic() < ends:
            row = connection.execute(_LAG).fetchone()
            assert row is not None
            found.append(row[0])
            time.sleep(_LOOK_SECONDS)
        return found

    return look
