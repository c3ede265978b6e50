"""What a streaming call sends of a page: the wanted events, and work for no other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ves_api.operations.ves_events import EventFilter
from ves_api.rpc import streams
from ves_api.rpc.pages import Entry
from ves_api.rpc.streams import EVERY, Delivery
from ves_api.rpc.watcher import OpenCall

HEAD = 20


class Pages:
    """Pages of five events, every fourth of which is a return; notes which were encoded."""

    def __init__(self) -> None:
        self.encoded: list[int] = []

    async def read(self, _tenant: object, _store: object, after: int) -> list[Entry]:
        return [Entry(_event(number)) for number in range(after + 1, after + 6)]

    def read_ahead(self, *_: object) -> None:
        pass

    def encode(self, _tenant: object, _store: object, entries: list[Entry]) -> None:
        for entry in entries:
            self.encoded.append(entry.event.sequence_number)
            entry.message = b"%d" % entry.event.sequence_number


def _event(number: int) -> Any:
    kind = "order" if number % 4 else "return"
    return SimpleNamespace(
        sequence_number=number, entity_type=kind, entity_id="1", event_type="x", source_agent_id=None
    )


async def _delivered(
    wanted: EventFilter, peer: Any = None, pages: Pages | None = None
) -> tuple[list[int], list[int], int]:
    """Numbers that were encoded and sent up to the head, and the position after that."""
    sent: list[int] = []
    pages, opened = pages or Pages(), OpenCall(*[None] * 3)  # type: ignore[arg-type]

    async def send(message: bytes) -> None:
        sent.append(int(message))
        if peer is not None:
            peer(opened, sent)

    call: Any = SimpleNamespace(streams=SimpleNamespace(pages=pages), open=opened, send=send)
    delivery = Delivery(call, (None, None), 0, wanted)
    await delivery.catch_up(HEAD)
    return pages.encoded, sent, delivery.position


async def test_events_that_a_call_does_not_want_are_not_encoded() -> None:
    returns = [4, 8, 12, 16, 20]
    assert await _delivered(EventFilter(entity_types=frozenset(["return"]))) == (returns, returns, HEAD)
    assert await _delivered(EventFilter(entity_types=frozenset(["customer"]))) == ([], [], HEAD)


async def test_a_page_is_encoded_some_events_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_ENCODED_EVENTS", 2)
    pages, ahead = Pages(), []

    def take(_: object, sent: list[int]) -> None:
        ahead.append(len(pages.encoded) - len(sent))

    assert await _delivered(EVERY, take, pages) == ([*range(1, HEAD + 1)], [*range(1, HEAD + 1)], HEAD)
    assert ahead == [1, 0, 1, 0, 0] * (HEAD // 5)


async def test_a_page_that_was_taken_from_a_slow_peer_is_read_again_after_what_was_sent() -> None:
    def take_once(opened: Any, sent: list[int]) -> None:
        if sent[-1] in (3, 8):
            opened.page = None

    _, sent, position = await _delivered(EVERY, take_once)
    assert sent == [*range(1, position + 1)]
    assert position >= HEAD
