"""Which waiting requests are joined into one call."""

from __future__ import annotations

import uuid
from collections import deque
from typing import Any, cast

from ves_api.auth.identity import Epochs
from ves_api.ingest.coalescer import Append, Stream, gather, take
from ves_api.ingest.columns import SealedEvents
from ves_api.ingest.verdicts import Verdicts
from ves_edge.rounds import Rounds

ID = uuid.UUID("5e90e9ce-0000-4000-8000-00000000000f")


def append(*ids: int, size: int = 1) -> Append:
    nothing = [None] * size
    return Append(
        tenant_id=ID,
        store_id=ID,
        events=SealedEvents([cast("Any", None)] * size),
        verdicts=Verdicts(nothing, nothing, None),
        ids=frozenset(ids),
        epochs=Epochs(1, None),
    )


def test_a_call_takes_as_many_requests_as_fit() -> None:
    requests = [append(i, size=400) for i in range(4)]
    queue = deque(requests)
    assert take(queue, 1000, set()) == requests[:2]
    assert list(queue) == requests[2:]


def test_a_request_larger_than_a_call_goes_alone() -> None:
    requests = [append(1, size=5000), append(2)]
    queue = deque(requests)
    assert take(queue, 1000, set()) == requests[:1]
    assert list(queue) == requests[1:]


def test_requests_that_share_an_id_are_not_merged_and_keep_their_order() -> None:
    first, twin, chained, free = append(1), append(1, 2), append(2), append(3)
    queue = deque([first, twin, chained, free])
    assert take(queue, 1000, set()) == [first, free]
    assert list(queue) == [twin, chained]
    assert take(queue, 1000, set()) == [twin]
    assert take(queue, 1000, set()) == [chained]


def streams(ready: Rounds[Stream], tenant_id: uuid.UUID, count: int, size: int = 1) -> list[Stream]:
    """Streams of a tenant, each of which waits with one request."""
    made = []
    for _ in range(count):
        stream = Stream((tenant_id, uuid.uuid4()))
        stream.waiting.append(append(uuid.uuid4().int, size=size))
        ready.add(tenant_id, stream)
        made.append(stream)
    return made


def test_a_tenant_with_hundreds_of_streams_leaves_the_stream_of_another_a_place_in_the_next_call() -> None:
    ready: Rounds[Stream] = Rounds()
    busy = streams(ready, uuid.uuid4(), 200)
    [quiet] = streams(ready, uuid.uuid4(), 1)
    taken, parts = gather(ready)
    assert taken == [busy[0], quiet, *busy[1:63]]
    assert [part.key for part in parts] == [stream.key for stream in taken]
    taken, _ = gather(ready)
    assert taken == busy[63:127]


def test_a_stream_whose_request_does_not_fit_is_the_first_of_the_next_call() -> None:
    ready: Rounds[Stream] = Rounds()
    first, second, third = streams(ready, ID, 3, size=600)
    assert gather(ready)[0] == [first]
    streams(ready, uuid.uuid4(), 1, size=600)
    assert gather(ready)[0] == [second]
    assert third in gather(ready)[0] + gather(ready)[0]
