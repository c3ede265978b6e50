"""What must be true after any amount of trouble. Receipts are checked without asking the server."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tests.fault.load import Ledger, Wire
from tests.support.processes import SEQUENCER_PUBLIC_KEY
from tests.support.waiting import wait_until
from ves import receipts

if TYPE_CHECKING:
    import uuid

    from tests.fault.system import System


def check_receipts(ledger: Ledger) -> None:
    """Each event has a receipt, each receipt verifies, and each stream's numbers are 1..n."""
    assert set(ledger.receipts) == set(ledger.events)
    numbers: dict[uuid.UUID, list[int]] = defaultdict(list)
    for event_id, text in ledger.receipts.items():
        agent, event = ledger.events[event_id]
        receipt = receipts.decode_receipt(text)
        assert receipt.event_id == event_id
        found = receipts.verify_receipt(
            receipt, agent.tenant_id, agent.store_id, event.signing_hash, SEQUENCER_PUBLIC_KEY
        )
        assert found == [], (found, text)
        numbers[agent.store_id].append(receipt.sequence_number)
    for stream in numbers.values():
        assert sorted(stream) == list(range(1, len(stream) + 1))


def check_replays(system: System, ledger: Ledger, at_most: int = 300) -> None:
    """Events sent once more are answered with the receipts that are held, byte for byte."""
    groups: dict[tuple[uuid.UUID, uuid.UUID], list[Any]] = defaultdict(list)
    for agent, event in list(ledger.events.values())[-at_most:]:
        groups[agent.store_id, agent.agent_id].append((agent, event))

    async def replay() -> None:
        wire = Wire(system.api.port)
        for group in groups.values():
            agent = group[0][0]
            status, answer = await wire.post(agent.body(*(event for _, event in group)).encode())
            assert status == 200, answer
            assert b'"eventsAccepted":0,' in answer
            assert ledger.keep(answer) == {event.event_id for _, event in group}
        wire.close()

    asyncio.run(replay())


def check_stored(system: System, ledger: Ledger) -> None:
    """The database holds each event once, with the numbers of the receipts, and verify_stream is clean."""
    with system.connect() as connection:
        rows = connection.execute("select event_id, store_id, sequence_number from ves.events").fetchall()
        held = {
            (event_id, ledger.events[event_id][0].store_id, receipts.decode_receipt(text).sequence_number)
            for event_id, text in ledger.receipts.items()
        }
        assert len(rows) == len(held)
        assert set(rows) == held
        findings = connection.execute(
            "select f.* from ves.list_streams() as s, ves.verify_stream(s.tenant_id, s.store_id) as f"
        ).fetchall()
        assert findings == []


def check_everything_ends(system: System) -> None:
    """The worker stores the receipts and commitments that trouble delayed; ranges are 1..head without a gap."""
    with system.connect() as connection:

        def is_sealed() -> bool:
            row = connection.execute(
                "select (select count(*) from ves.events) = (select count(*) from ves_store.ves_sequencer_receipts)"
                " and not exists (select from ves.list_streams() as s where s.head_sequence <> s.committed_to)"
            ).fetchone()
            return row == (True,)

        wait_until(is_sealed, seconds=60)
        rows = connection.execute(
            "select c.store_id, min(c.sequence_start), sum(c.leaf_count), max(c.sequence_end), count(distinct c.sequence_start)"
            " = count(*) from ves.commitments as c group by c.tenant_id, c.store_id"
        ).fetchall()
        assert all(first == 1 and total == last and unique for _, first, total, last, unique in rows)


def check_all(system: System, ledger: Ledger) -> None:
    check_receipts(ledger)
    check_stored(system, ledger)
    check_replays(system, ledger)
    check_everything_ends(system)
    check_stored(system, ledger)
