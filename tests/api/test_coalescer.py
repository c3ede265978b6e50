"""Which waiting requests are joined into one call."""

from __future__ import annotations

import uuid
from collections import deque
from typing import Any, cast

from ves_api.auth.identity import Epochs
from ves_api.ingest.coalescer import Append, take
from ves_api.ingest.columns import SealedEvents
from ves_api.ingest.verdicts import Verdicts

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
