"""How many of which anchors must have a commitment before it counts as anchored."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, Edge, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

NIL = uuid.UUID(int=0)
POLICY = "select ves.set_anchor_policy(%s, %s)"


class Place:
    """A database of its own with a stream, as administrator and worker."""

    def __init__(self, database: Database) -> None:
        self.superuser, self.admin = database.connect(), database.connect("ves_admin")
        self.api, self.worker = database.connect("ves_api"), database.connect("ves_worker")
        self.agent = Agent()
        self.agent.register(self.api)
        Edge.open(self.api).ingest(self.agent, *self.agent.events(9))
        self.committed = 0
        self.token = scalar(self.worker, "select ves.claim_lease('timestamps', 'test', 600)")

    def commit(self) -> uuid.UUID:
        self.committed += 1
        given = [self.agent.tenant_id, self.agent.store_id, self.committed, self.committed]
        made: uuid.UUID = scalar(
            self.api, "select batch_id from ves.create_commitment(%s, %s, %s, %s)", given
        )
        return made

    def on_chain(self, batch: uuid.UUID) -> None:
        self.admin.execute("select ves.record_anchor(%s, %s, 1, 1)", [batch, uuid.uuid4().bytes * 2])

    def submit(self, *batches: uuid.UUID) -> uuid.UUID:
        paths = [b"\x08"] * len(batches)
        given = [self.token, bytes(32), b"proof", list(batches), paths]
        made: uuid.UUID = scalar(self.worker, "select ves.store_timestamp(%s, %s, %s, %s, %s, 0)", given)
        return made

    def move(self, row: uuid.UUID, status: str, *block: Any) -> None:
        given = [self.token, row, status, *(block or (None, None))]
        self.worker.execute("select ves.move_timestamp(%s, %s, %s, 60, %s, %s)", given)

    def in_bitcoin(self, *batches: uuid.UUID) -> None:
        self.move(self.submit(*batches), "anchored", b"whole", 700)

    def state(self, batch: uuid.UUID) -> tuple[int, int, bool]:
        """Required, anchored, and whether that is enough."""
        row = self.admin.execute(
            "select required, anchored, is_anchored from ves.anchor_states where batch_id = %s", [batch]
        ).fetchone()
        assert row is not None
        return row

    def unmet(self) -> int:
        return int(scalar(self.worker, "select commitments from ves.count_unmet_anchors()"))

    def anchors(self, batch: uuid.UUID) -> dict[str, tuple[bool, str]]:
        rows = self.api.execute(
            "select anchor, is_counted, status from ves.list_anchors(%s, %s)", [self.agent.tenant_id, batch]
        )
        return {anchor: (is_counted, status) for anchor, is_counted, status in rows.fetchall()}

    def close(self) -> None:
        for connection in (self.superuser, self.admin, self.api, self.worker):
            connection.close()


@pytest.fixture
def place(database: Database) -> Iterator[Place]:
    made = Place(database)
    yield made
    made.close()


def test_one_anchor_the_chain_is_demanded_until_somebody_says_otherwise(place: Place) -> None:
    assert place.api.execute("select * from ves.get_anchor_policy()").fetchall() == [(["chain"], 1)]
    first, second = place.commit(), place.commit()
    assert place.anchors(first) == {"chain": (True, "pending")}
    assert (place.state(first), place.unmet()) == ((1, 0, False), 2)
    place.on_chain(first)
    assert (place.state(first), place.state(second), place.unmet()) == ((1, 1, True), (1, 0, False), 1)


@pytest.mark.parametrize("required", [1, 2])
def test_of_two_anchors_as_many_as_the_policy_demands_are_enough(place: Place, required: int) -> None:
    place.admin.execute(POLICY, [["opentimestamps", "chain"], required])
    none, chain, bitcoin, both = (place.commit() for _ in range(4))
    place.on_chain(chain)
    place.on_chain(both)
    place.in_bitcoin(bitcoin, both)
    expected = {none: 0, chain: 1, bitcoin: 1, both: 2}
    for batch, anchored in expected.items():
        assert place.state(batch) == (required, anchored, anchored >= required)
    assert place.unmet() == sum(anchored < required for anchored in expected.values())


def test_commitments_that_exist_wait_for_an_anchor_that_is_new_and_keep_what_they_have(place: Place) -> None:
    old = place.commit()
    place.on_chain(old)
    assert scalar(place.admin, POLICY, [["chain", "opentimestamps"], 2]) == 1
    assert scalar(place.admin, POLICY, [["chain", "opentimestamps"], 2]) == 0
    new = place.commit()
    assert place.anchors(old) == {"chain": (True, "anchored"), "opentimestamps": (True, "pending")}
    assert place.anchors(new) == {"chain": (True, "pending"), "opentimestamps": (True, "pending")}
    place.in_bitcoin(old)
    place.admin.execute(POLICY, [["opentimestamps"], 1])
    assert place.anchors(old) == {"chain": (False, "anchored"), "opentimestamps": (True, "anchored")}
    assert (place.state(old), place.state(new)) == ((1, 1, True), (1, 0, False))
    assert place.anchors(place.commit())["chain"] == (False, "pending"), "a separate service may still anchor"


@pytest.mark.parametrize(
    ("anchors", "required"),
    [
        ([], 1),
        (["chain"], 0),
        (["chain"], 2),
        (["chain", "chain"], 2),
        (["moon"], 1),
        (["chain"], None),
        (None, 1),
    ],
)
def test_a_policy_that_nothing_could_meet_is_refused(place: Place, anchors: Any, required: Any) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        place.admin.execute("select ves.set_anchor_policy(%s::text[], %s)", [anchors, required])
    assert refusal.value.sqlstate == "VE007"
    assert place.api.execute("select * from ves.get_anchor_policy()").fetchall() == [(["chain"], 1)]


def test_a_policy_waits_for_a_commitment_that_is_being_made_and_misses_none(
    place: Place, database: Database
) -> None:
    with database.connect("ves_api") as making:
        making.autocommit = False
        given = [place.agent.tenant_id, place.agent.store_id]
        batch = scalar(making, "select batch_id from ves.create_commitment(%s, %s, 1, 1)", given)
        place.admin.execute("set lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            place.admin.execute(POLICY, [["chain", "opentimestamps"], 1])
        making.commit()
    place.admin.execute(POLICY, [["chain", "opentimestamps"], 1])
    assert set(place.anchors(batch)) == {"chain", "opentimestamps"}


def test_a_digest_is_stored_once_for_commitments_that_wait_and_an_expired_one_frees_them(
    place: Place,
) -> None:
    place.admin.execute(POLICY, [["chain", "opentimestamps"], 1])
    first, second = place.commit(), place.commit()
    row = place.submit(first)
    for batches in ((first,), (first, second), (uuid.uuid4(),)):
        with pytest.raises(psycopg.Error) as refusal:
            place.submit(*batches)
        assert refusal.value.sqlstate == "VE722"
    place.move(row, "submitted")
    assert place.worker.execute("select * from ves.list_due_timestamps()").fetchall() == [], "due in a minute"
    place.move(row, "expired")
    assert place.anchors(first)["opentimestamps"] == (True, "pending")
    place.move(row, "anchored", b"whole", 700)
    assert place.anchors(first)["opentimestamps"] == (True, "pending"), "an expired digest stays so"
    place.in_bitcoin(first, second)
    got = place.api.execute(
        "select status, proof_path, proof, block_height from ves.get_timestamp(%s, %s)", [NIL, second]
    )
    assert got.fetchall() == [("anchored", b"\x08", b"whole", 700)]


def test_a_worker_without_the_lease_and_arrays_of_other_lengths_are_refused(place: Place) -> None:
    place.admin.execute(POLICY, [["chain", "opentimestamps"], 1])
    batch = place.commit()
    call = "select ves.store_timestamp(%s, sha256(''), 'p', %s, %s, 0)"
    for given, code in (
        ([place.token + 1, [batch], [b""]], "VE406"),
        ([place.token, [batch], [b"", b""]], "VE502"),
    ):
        with pytest.raises(psycopg.Error) as refusal:
            place.worker.execute(call, given)
        assert refusal.value.sqlstate == code
    row = place.submit(batch)
    for given, code in (
        ([place.token + 1, row, "expired", None, None], "VE406"),
        ([place.token, row, "anchored", b"whole", None], "VE007"),
        ([place.token, row, "submitted", b"whole", 7], "VE007"),
        ([place.token, row, "gone", None, None], "VE007"),
    ):
        with pytest.raises(psycopg.Error) as refusal:
            place.worker.execute("select ves.move_timestamp(%s, %s, %s, 60, %s, %s)", given)
        assert refusal.value.sqlstate == code
    assert place.anchors(batch)["opentimestamps"] == (True, "submitted")
