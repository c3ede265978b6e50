"""Messages of a SyncStream that count against no rate limit are taken at a pace."""

from __future__ import annotations

import pytest

from ves_api.rpc.watcher import FREE_MESSAGES, TenantFeed


def test_acknowledgements_of_a_tenant_wait_for_their_turn_when_a_second_is_used_up() -> None:
    feed, now = TenantFeed(), 1000.0
    at_once = [feed.take_turn(now) for _ in range(FREE_MESSAGES)]
    assert max(at_once) < 0.5 / FREE_MESSAGES
    waits = [feed.take_turn(now) for _ in range(2 * FREE_MESSAGES)]
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(2)
    assert feed.take_turn(now + 3600) == 0, "a pause gives one second of them, not an hour"
    assert [feed.take_turn(now + 3600) > 0 for _ in range(FREE_MESSAGES + 1)][-1]
