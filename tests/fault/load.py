"""Writers that abort, repeat and regroup their requests, and keep every receipt they were ever given."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.api.support import INGEST
from tests.support.processes import BOOTSTRAP_KEY

if TYPE_CHECKING:
    from tests.sql.support import Agent, Event

WRITERS = 16
ANSWER_SECONDS = 30.0
RECONNECT_SECONDS = 0.05
_RECEIPT = re.compile(rb'\{[^{}]*"eventId":"([0-9a-f-]{36})"[^{}]*\}')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class LostAnswerError(Exception):
    """The answer did not come; whether the request was carried out is unknown."""


class Wire:
    """One HTTP/1.1 connection, opened when needed to one of some ports."""

    def __init__(self, *ports: int) -> None:
        self.ports = ports
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, body: bytes, *, cut: float = 1.0) -> asyncio.StreamReader:
        """Send a request, or only the first part of it."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", random.choice(self.ports))
        reader, writer = self._streams
        head = (
            f"POST {INGEST} HTTP/1.1\r\nhost: test\r\nx-api-key: {BOOTSTRAP_KEY}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode()
        whole = head + body
        writer.write(whole[: int(len(whole) * cut)])
        await writer.drain()
        return reader

    async def post(self, body: bytes) -> tuple[int, bytes]:
        """(status, body) of the answer. Raises LostAnswerError."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader = await self.send(body)
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                assert length is not None, head
                return int(head.split(b" ", 2)[1]), await reader.readexactly(int(length[1]))
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.close()
            raise LostAnswerError(repr(error)) from None

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


@dataclass
class Ledger:
    """What all writers know: each event sent, each receipt held, as bytes."""

    events: dict[uuid.UUID, tuple[Agent, Event]] = field(default_factory=dict)
    receipts: dict[uuid.UUID, bytes] = field(default_factory=dict)
    answers: int = 0
    aborts: int = 0
    repeats: int = 0
    losses: int = 0
    refusals: dict[int, int] = field(default_factory=dict)

    def keep(self, body: bytes) -> set[uuid.UUID]:
        """Take the receipts of an answer; a receipt held already must be the same bytes."""
        given = {uuid.UUID(match[1].decode()): match[0] for match in _RECEIPT.finditer(body)}
        for event_id, text in given.items():
            held = self.receipts.setdefault(event_id, text)
            assert held == text, (held, text)
        return set(given)


@dataclass
class Writer:
    """One agent that writes to some streams until told to stop, then settles what it does not know.

    `pause`: seconds between two requests.
    """

    ports: tuple[int, ...]
    agents: list[Agent]
    ledger: Ledger
    rate: random.Random
    fault_rate: float = 0.3
    batch: int = 5
    pause: float = 0.0
    pending: dict[int, list[Event]] = field(default_factory=dict)

    async def run(self, deadline: float) -> None:
        wire = Wire(*self.ports)
        try:
            while time.monotonic() < deadline:
                at = self.rate.randrange(len(self.agents))
                await self._step(wire, at, self._choose(at))
                await asyncio.sleep(self.pause)
            await self._settle(wire)
        finally:
            wire.close()

    def _choose(self, at: int) -> list[Event]:
        """Some events of unknown outcome, regrouped, and some new ones."""
        agent, waiting = self.agents[at], self.pending.setdefault(at, [])
        fresh = [
            agent.event(
                json.dumps({"n": self.rate.random(), "customer_id": "c"}),
                command_id=uuid.uuid4() if self.rate.random() < 0.3 else None,
            )
            for _ in range(self.rate.randint(1, self.batch))
        ]
        for event in fresh:
            self.ledger.events[event.event_id] = (agent, event)
        waiting += fresh
        self.rate.shuffle(waiting)
        return waiting[: self.rate.randint(1, 2 * self.batch)]

    async def _step(self, wire: Wire, at: int, events: list[Event]) -> None:
        body = self.agents[at].body(*events).encode()
        chance = self.rate.random()
        if chance < self.fault_rate / 2:
            await self._abort(wire, body)
            return
        if await self._ask(wire, at, events, body) and chance < self.fault_rate:
            self.ledger.repeats += 1
            await self._ask(wire, at, events, body)

    async def _abort(self, wire: Wire, body: bytes) -> None:
        """Close the connection in the middle of the request, or after it and before the answer."""
        self.ledger.aborts += 1
        try:
            await wire.send(body, cut=self.rate.choice([0.5, 1.0, 1.0, 1.0]))
            await asyncio.sleep(self.rate.choice([0.0, 0.0, 0.005]))
        except OSError:
            self.ledger.losses += 1
            await asyncio.sleep(RECONNECT_SECONDS)
        wire.close()

    async def _ask(self, wire: Wire, at: int, events: list[Event], body: bytes) -> bool:
        try:
            status, answer = await wire.post(body)
        except LostAnswerError:
            self.ledger.losses += 1
            await asyncio.sleep(RECONNECT_SECONDS)
            return False
        if status != 200:
            assert status in {503, 504}, (status, answer)
            self.ledger.refusals[status] = self.ledger.refusals.get(status, 0) + 1
            await asyncio.sleep(RECONNECT_SECONDS)
            return False
        self.ledger.answers += 1
        assert b'"rejections"' not in answer, answer
        given = self.ledger.keep(answer)
        assert given == {event.event_id for event in events}
        self.pending[at] = [event for event in self.pending.get(at, ()) if event.event_id not in given]
        return True

    async def _settle(self, wire: Wire) -> None:
        """Send what is unknown until all of it is known."""
        limit = time.monotonic() + ANSWER_SECONDS
        for at, events in list(self.pending.items()):
            while self.pending[at]:
                assert time.monotonic() < limit, f"no answer for {len(events)} events"
                some = self.pending[at][:100]
                await self._ask(wire, at, some, self.agents[at].body(*some).encode())


async def load(writers: list[Writer], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        for writer in writers:
            group.create_task(writer.run(deadline))
