"""What goes wrong while an agent is offline, against the real server: what docs/offline.md says that it sees and does."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.api.test_outbox import TRUST, outbox_of
from tests.support.processes import BOOTSTRAP_KEY
from ves_client import AgentKey, Outbox, Sequencer, pull, push

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.support import Agent
    from tests.support.processes import Server


@pytest.fixture
def sequencer(server: Server) -> Iterator[Sequencer]:
    with Sequencer(server.url, BOOTSTRAP_KEY) as made:
        yield made


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(days=-400)], ids=["ahead", "behind"])
def test_a_wrong_clock_changes_no_order_and_is_refused_by_nobody(
    agent: Agent, tmp_path: Path, sequencer: Sequencer, off: timedelta
) -> None:
    told = (datetime.now(UTC) + off).isoformat(timespec="microseconds")
    with outbox_of(agent, tmp_path) as outbox:
        ids = [outbox.record("order", "O", "order.created", {}, created_at=told)]
        ids.append(outbox.record("order", "O", "order.paid", {}))
        assert push(outbox, sequencer, TRUST).accepted == 2
        assert [item.event_id for item in outbox.receipts()] == ids
        seen: list[str] = []
        pull(outbox, sequencer, TRUST, on_event=lambda it: seen.append(it.event.created_at))
        assert seen[0] == told


def test_what_was_signed_by_a_key_that_is_revoked_meanwhile_is_held_and_signed_anew(
    agent: Agent, tmp_path: Path, sequencer: Sequencer
) -> None:
    with outbox_of(agent, tmp_path) as outbox:
        outbox.record("order", "O", "order.created", {})
        sequencer.revoke_agent_key(agent.tenant_id, agent.agent_id, agent.key_id)
        assert push(outbox, sequencer, TRUST).refused == 1
    fresh = AgentKey.new(agent.agent_id, agent.key_id + 1)
    sequencer.register_agent_key(agent.tenant_id, agent.agent_id, fresh.key_id, fresh.public_key)
    with Outbox(tmp_path / "shop.db", fresh, agent.tenant_id, agent.store_id) as outbox:
        (held,) = outbox.refused()
        assert held.reason.startswith("agent_key_invalid")
        outbox.replace(held.event_id, held.event)
        assert push(outbox, sequencer, TRUST).accepted == 1
        assert [item.event_id for item in outbox.receipts()] == [held.event_id]


def test_two_devices_with_one_key_lose_and_double_nothing(
    agent: Agent, tmp_path: Path, sequencer: Sequencer
) -> None:
    for device in ("one", "two"):
        (tmp_path / device).mkdir()
        with outbox_of(agent, tmp_path / device) as outbox:
            for n in range(3):
                outbox.record("order", f"O-{n}", "order.created", {"device": device})
            assert push(outbox, sequencer, TRUST).accepted == 3
    for device in ("one", "two"):
        with outbox_of(agent, tmp_path / device) as outbox:
            assert pull(outbox, sequencer, TRUST).events == 6


def test_a_full_disk_refuses_the_record_and_what_was_recorded_is_sent(
    agent: Agent, tmp_path: Path, sequencer: Sequencer
) -> None:
    with outbox_of(agent, tmp_path) as outbox:
        outbox.record("order", "O-1", "order.created", {})
        own = outbox.connect()
        pages = own.execute("pragma page_count").fetchone()[0]
        own.execute(f"pragma max_page_count = {pages}")
        own.execute("begin immediate")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            outbox.record("order", "O-2", "order.created", {"note": "x" * 100_000}, connection=own)
        if own.in_transaction:
            own.execute("rollback")
        own.close()
        assert outbox.status().local == 1
        assert push(outbox, sequencer, TRUST).accepted == 1
