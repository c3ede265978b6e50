"""Puts signed events into a database the way the API does, without the API: straight through ves.ingest_events."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tests.sql.support import Agent, Edge, scalar
from tests.support.processes import SEQUENCER_SEED
from ves import ed25519

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.sql.support import Event


class Feeder:
    """One agent that writes to any stream of one tenant; receipts are left unstored."""

    def __init__(self, database: Database, *, seed: bytes | None = SEQUENCER_SEED) -> None:
        self.agent = Agent()
        self.connection = database.connect("ves_api")
        self.public_key = ed25519.public_key(seed) if seed else None
        self.edge = Edge.open(self.connection, seed)
        self.agent.register(self.connection)
        # Any credential tells the current epoch.
        key_hash = uuid.uuid4().hex * 2
        with database.connect("ves_admin") as operator:
            operator.execute("select ves.create_api_key(%s, %s)", [key_hash, self.tenant_id])
        self.auth_epoch = scalar(
            self.connection, "select a.auth_epoch from ves.authenticate(%s) as a", [key_hash]
        )

    @property
    def tenant_id(self) -> uuid.UUID:
        return self.agent.tenant_id

    def sign(self, store_id: uuid.UUID, count: int) -> list[Event]:
        return self.agent.in_store(store_id).events(count)

    def feed(self, store_id: uuid.UUID, count: int) -> tuple[int, int]:
        """Sign and append `count` events; the numbers they got."""
        return self.append(store_id, self.sign(store_id, count))

    def append(self, store_id: uuid.UUID, signed: list[Event]) -> tuple[int, int]:
        answer = self.edge.ingest(self.agent.in_store(store_id), *signed, auth_epoch=self.auth_epoch)
        assert set(answer.kinds) == {"accepted"}, answer
        assert answer.first is not None
        assert answer.last is not None
        return answer.first, answer.last


def commitments(database: Database) -> list[tuple[Any, ...]]:
    """(tenant, store, start, end, prev root, new root) of every commitment, by stream and start."""
    with database.connect() as connection:
        return connection.execute(
            "select tenant_id, store_id, sequence_start, sequence_end, prev_state_root, new_state_root"
            " from ves.commitments order by tenant_id, store_id, sequence_start"
        ).fetchall()


def assert_gapless(database: Database, heads: dict[uuid.UUID, int]) -> None:
    """Every stream is committed 1..head, each number once, and the state roots form one chain."""
    chains: dict[uuid.UUID, tuple[int, bytes]] = {}
    for _, store_id, start, end, before, after in commitments(database):
        next_start, root = chains.get(store_id, (1, bytes(32)))
        assert start == next_start
        assert bytes(before) == root
        chains[store_id] = (end + 1, bytes(after))
    assert {store_id: end - 1 for store_id, (end, _) in chains.items()} == heads
