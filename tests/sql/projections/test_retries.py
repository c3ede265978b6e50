"""What is rejected becomes a dead letter; a retry is applied where it happened, and is replayed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.projection_support import Happened, Store
from tests.sql.support import scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.conftest import Database
    from tests.sql.support import Edge

LETTERS = """
select sequence_number, reason, status, error_message from ves_store.dead_letter_events
where tenant_id = %s and store_id = %s and consumer = 'projection' order by sequence_number"""


@pytest.fixture
def owner(shared: Database) -> Iterator[psycopg.Connection[Any]]:
    """The superuser, each statement a transaction: retries hold the checkpoint's row."""
    with shared.connect() as connection:
        yield connection


@pytest.fixture
def store(edge: Edge, worker: psycopg.Connection[Any]) -> Store:
    return Store(edge, worker)


def letters(owner: psycopg.Connection[Any], store: Store) -> list[tuple[Any, ...]]:
    return owner.execute(LETTERS, store.ids).fetchall()


def retry(owner: psycopg.Connection[Any], store: Store, stream: str, number: int) -> tuple[Any, ...]:
    row = owner.execute(
        "select r.* from ves_int.retry_projection('projection', %s, %s, %s, %s) as r",
        [*store.ids, stream == "legacy", number],
    ).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize("stream", ["ves", "legacy"])
def test_each_rejection_is_a_dead_letter_with_its_reason(
    store: Store, owner: psycopg.Connection[Any], stream: str
) -> None:
    store.after(
        Happened("order.created"),
        Happened("order.confirmed", "none"),
        Happened("inventory.initialized", payload={"quantity": 1}),
        Happened("inventory.reserved", payload={"quantity": 2}),
        Happened("product.created"),
        Happened("product.created"),
        Happened("customer.created"),
        stream=stream,
    )
    assert letters(owner, store) == [
        (1, "schema_validation", "pending", "customer_id is required"),
        (2, "handler_error", "pending", "the entity does not exist"),
        (4, "invariant_violation", "failed", "reserved <= available"),
        (6, "invalid_state_transition", "failed", "exists→created"),
        (7, "handler_error", "pending", "email is required"),
    ]


@pytest.mark.parametrize("stream", ["ves", "legacy"])
def test_a_retry_is_applied_after_what_came_meanwhile(
    store: Store, owner: psycopg.Connection[Any], stream: str
) -> None:
    store.after(
        Happened("inventory.initialized", payload={"quantity": 1}),
        Happened("inventory.reserved", payload={"quantity": 2}),
        stream=stream,
    )
    assert retry(owner, store, stream, 2) == ("invariant_violation", "reserved <= available")
    store.after(
        Happened("inventory.adjusted", payload={"adjustment": 4}), Happened("shipment.created"), stream=stream
    )
    assert retry(owner, store, stream, 2) == (None, None)
    found = owner.execute(
        "select p.version, p.sequence_number, p.entity -> 'quantity_reserved'"
        " from ves.get_projection(%s, %s, 'inventory', '1', %s) as p",
        [*store.ids, stream],
    ).fetchone()
    assert found == (3, 4, 2)


def test_as_of_replays_a_retry_where_it_was(store: Store, owner: psycopg.Connection[Any]) -> None:
    store.after(
        Happened("inventory.initialized", payload={"quantity": 1}),
        Happened("inventory.reserved", payload={"quantity": 2}),
        Happened("inventory.adjusted", payload={"adjustment": 4}),
    )
    retry(owner, store, "legacy", 2)
    store.append(Happened("inventory.reserved", payload={"quantity": 3}))

    def reserved(number: int) -> Any:
        return scalar(
            owner,
            "select (p.entity ->> 'quantity_reserved')::int from ves.project_as_of(%s, %s, 'inventory', '1', %s, 'legacy') as p",
            [*store.ids, number],
        )

    assert [reserved(number) for number in (1, 2, 3, 4)] == [0, 0, 2, 5]


def test_a_stream_with_as_many_dead_letters_as_it_may_have_goes_on(
    store: Store, owner: psycopg.Connection[Any], admin: psycopg.Connection[Any]
) -> None:
    admin.execute("select ves.set_limit('open_dead_letters', 2)")
    try:
        store.after(*(Happened("order.confirmed", str(n)) for n in range(5)), Happened("product.created"))
    finally:
        admin.execute("select ves.set_limit('open_dead_letters', 10000)")
    assert [number for number, *_ in letters(owner, store)] == [1, 2]
    assert len(store.rejections(owner)) == 5
    assert store.entity("product")["version"] == 1
