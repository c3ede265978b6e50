"""What each event does to its entity, and what is rejected with which reason (operations 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.projection_support import Happened, Store

if TYPE_CHECKING:
    import psycopg

    from tests.sql.support import Edge

I64_MAX = 2**63 - 1
ORDER = Happened("order.created", payload={"customer_id": "c"})
STOCK = Happened("inventory.initialized", payload={"quantity": 10})
CUSTOMER = Happened("customer.created", payload={"email": "a@example.org"})
RETURN = Happened("return.requested", payload={"order_id": "o", "customer_id": "c"})
PRODUCT = Happened("product.created")


@pytest.fixture
def store(edge: Edge, worker: psycopg.Connection[Any]) -> Store:
    return Store(edge, worker)


def test_an_order_has_the_defaults_of_what_is_missing_or_of_the_wrong_type(store: Store) -> None:
    payload = {"customer_id": "c", "total_amount": "5", "currency": 7, "line_items": {}}
    assert store.after(Happened("order.created", payload=payload)).entity("order") == {
        "order_id": "1",
        "customer_id": "c",
        "status": "pending",
        "total_amount": 0,
        "currency": "USD",
        "line_items": [],
        "shipping_address": None,
        "version": 1,
    }


@pytest.mark.parametrize("stream", ["ves", "legacy"])
def test_an_order_keeps_what_it_was_given_in_either_stream(store: Store, stream: str) -> None:
    item = {"product_id": "p", "quantity": 2, "unit_price": 9.5}
    payload = {
        "customer_id": "c",
        "total_amount": 19.0,
        "currency": "EUR",
        "line_items": [{**item, "colour": "red"}],
        "shipping_address": {"city": "Bern"},
    }
    store.after(Happened("order.created", payload=payload), stream=stream)
    assert store.entity("order", stream=stream) == {
        "order_id": "1",
        "status": "pending",
        "version": 1,
        **payload,
        "line_items": [item],
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"product_id": "p", "quantity": -1, "unit_price": 1},
        {"product_id": "p", "quantity": 2**32, "unit_price": 1},
        {"product_id": "p", "quantity": 1},
        {"quantity": 1, "unit_price": 1},
        "item",
    ],
)
def test_one_wrong_line_item_makes_the_list_empty(store: Store, wrong: Any) -> None:
    items = [{"product_id": "p", "quantity": 1, "unit_price": 1}, wrong]
    store.after(Happened("order.created", payload={"customer_id": "c", "line_items": items}))
    assert store.entity("order")["line_items"] == []


def test_an_order_goes_one_step_at_a_time(store: Store) -> None:
    steps = ("confirmed", "processing", "shipped", "delivered")
    store.after(ORDER, *(Happened(f"order.{step}") for step in steps))
    assert store.entity("order")["status"] == "delivered"
    assert store.entity("order")["version"] == 5


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([ORDER, Happened("order.shipped")], "Pending→Shipped"),
        ([ORDER, Happened("order.confirmed"), Happened("order.confirmed")], "Confirmed→Confirmed"),
        ([ORDER, ORDER], "exists→created"),
        ([RETURN, Happened("return.received")], "Requested→Received"),
        ([RETURN, Happened("return.refunded"), Happened("return.approved")], "Refunded→Approved"),
        ([RETURN, RETURN], "exists→created"),
        ([STOCK, STOCK], "exists→created"),
        ([PRODUCT, PRODUCT], "exists→created"),
        ([CUSTOMER, CUSTOMER], "exists→created"),
    ],
)
def test_a_step_that_is_none_is_rejected_by_its_name(
    store: Store, owner: psycopg.Connection[Any], events: list[Happened], message: str
) -> None:
    store.after(*events)
    assert store.rejections(owner) == [(len(events), "INVALID_STATE_TRANSITION", message)]
    assert store.entity(events[0].projector)["version"] == len(events) - 1


def test_a_delivered_order_cannot_be_cancelled_every_other_one_can(
    store: Store, owner: psycopg.Connection[Any]
) -> None:
    cancel = Happened("order.cancelled")
    steps = [Happened(f"order.{step}") for step in ("confirmed", "processing", "shipped", "delivered")]
    store.after(ORDER, *steps, cancel)
    assert store.rejections(owner) == [(6, "INVALID_STATE_TRANSITION", "Delivered→Cancelled")]
    for count in range(4):
        entity_id = f"until {count}"
        store.after(
            *(Happened(e.event_type, entity_id, e.payload) for e in [ORDER, *steps[:count], cancel, cancel])
        )
        assert store.entity("order", entity_id)["status"] == "cancelled"
        assert store.entity("order", entity_id)["version"] == count + 3


@pytest.mark.parametrize(
    "event",
    [
        Happened("order.confirmed"),
        Happened("inventory.adjusted", payload={"adjustment": 1}),
        Happened("product.updated"),
        Happened("customer.address_added"),
        Happened("return.completed"),
    ],
)
def test_an_update_of_what_does_not_exist_is_rejected(
    store: Store, owner: psycopg.Connection[Any], event: Happened
) -> None:
    store.after(event)
    assert [reason for _, reason, _ in store.rejections(owner)] == ["ENTITY_NOT_FOUND"]


@pytest.mark.parametrize(
    ("event", "reason", "message"),
    [
        (Happened("order.created"), "PAYLOAD_INVALID", "customer_id is required"),
        (Happened("order.created", payload=[1]), "PAYLOAD_INVALID", "customer_id is required"),
        (Happened("customer.created", payload={"email": 1}), "HANDLER_ERROR", "email is required"),
        (Happened("return.requested", payload={"customer_id": "c"}), "HANDLER_ERROR", "order_id is required"),
        (Happened("return.requested", payload={"order_id": "o"}), "HANDLER_ERROR", "customer_id is required"),
        (
            Happened("product.created", payload='{"name":"\\u0000"}'),
            "HANDLER_ERROR",
            "unsupported Unicode escape sequence",
        ),
        (
            Happened("product.created", payload='{"price":1e-9000}'),
            "PAYLOAD_INVALID",
            "a number has an exponent below -99",
        ),
        (
            Happened("product.created", payload='{"attributes":[' + "1e300," * 5000 + "1]}"),
            "PAYLOAD_INVALID",
            "the state would have more than 1 MiB",
        ),
    ],
)
def test_an_event_that_cannot_be_applied_is_rejected_and_the_next_one_goes_on(
    store: Store, owner: psycopg.Connection[Any], event: Happened, reason: str, message: str
) -> None:
    store.after(event, Happened("product.created", "next"))
    assert store.rejections(owner) == [(1, reason, message)]
    assert store.entity("product", "next")["version"] == 1


def test_text_that_looks_like_a_tiny_number_is_only_text(store: Store) -> None:
    store.after(Happened("product.created", payload={"name": '"7e-123', "sku": "1e-999\\"}))
    assert store.entity("product")["sku"] == "1e-999\\"


def stock(store: Store, **expected: int) -> None:
    found = store.entity("inventory")
    assert {name: found[name] for name in expected} == expected


def test_an_inventory_counts_what_is_on_hand_reserved_and_available(store: Store) -> None:
    store.after(STOCK)
    stock(store, quantity_on_hand=10, quantity_reserved=0, quantity_available=10, reorder_point=10, version=1)
    store.after(Happened("inventory.reserved", payload={"quantity": 4}))
    stock(store, quantity_on_hand=10, quantity_reserved=4, quantity_available=6, version=2)
    store.after(Happened("inventory.fulfilled", payload={"quantity": 3}))
    stock(store, quantity_on_hand=7, quantity_reserved=1, quantity_available=6, version=3)
    store.after(Happened("inventory.released", payload={"quantity": 5}))
    stock(store, quantity_on_hand=7, quantity_reserved=0, quantity_available=7, version=4)
    store.after(Happened("inventory.adjusted", payload={"adjustment": -7}))
    stock(store, quantity_on_hand=0, quantity_reserved=0, quantity_available=0, version=5)


@pytest.mark.parametrize(
    ("entity_id", "product_id", "location_id"),
    [("p", "p", "default"), ("p:l", "p", "l"), ("p:l:m", "p:l:m", "default"), (":", "", "")],
)
def test_the_id_of_an_inventory_names_product_and_location(
    store: Store, entity_id: str, product_id: str, location_id: str
) -> None:
    store.after(Happened("inventory.initialized", entity_id))
    found = store.entity("inventory", entity_id)
    assert (found["product_id"], found["location_id"]) == (product_id, location_id)


def test_an_adjustment_below_what_is_reserved_makes_available_negative(store: Store) -> None:
    store.after(STOCK, Happened("inventory.reserved", payload={"quantity": 8}))
    store.after(Happened("inventory.adjusted", payload={"adjustment": -5}))
    stock(store, quantity_on_hand=5, quantity_reserved=8, quantity_available=-3)


@pytest.mark.parametrize(
    ("events", "reason", "message"),
    [
        (
            [Happened("inventory.adjusted", payload={"adjustment": -11})],
            "INVARIANT_VIOLATION",
            "quantity_on_hand >= 0",
        ),
        (
            [Happened("inventory.fulfilled", payload={"quantity": 11})],
            "INVARIANT_VIOLATION",
            "quantity_on_hand >= 0",
        ),
        (
            [Happened("inventory.reserved", payload={"quantity": 11})],
            "INVARIANT_VIOLATION",
            "reserved <= available",
        ),
        (
            [Happened("inventory.reserved", payload={"quantity": I64_MAX})],
            "INVARIANT_VIOLATION",
            "reserved <= available",
        ),
        (
            [Happened("inventory.adjusted", payload={"adjustment": I64_MAX})],
            "INVARIANT_VIOLATION",
            "quantity_on_hand arithmetic within i64 range",
        ),
        (
            [Happened("inventory.reserved", payload={"quantity": -1})],
            "PAYLOAD_INVALID",
            "quantity must not be negative",
        ),
        (
            [Happened("inventory.released", payload={"quantity": -1})],
            "PAYLOAD_INVALID",
            "quantity must not be negative",
        ),
        (
            [Happened("inventory.fulfilled", payload={"quantity": -1})],
            "PAYLOAD_INVALID",
            "quantity must not be negative",
        ),
    ],
)
def test_an_invariant_of_inventories_is_told_by_its_name(
    store: Store, owner: psycopg.Connection[Any], events: list[Happened], reason: str, message: str
) -> None:
    store.after(STOCK, *events)
    assert store.rejections(owner) == [(2, reason, message)]
    stock(store, quantity_on_hand=10, quantity_reserved=0, quantity_available=10, version=1)


def test_available_has_its_range_too(store: Store, owner: psycopg.Connection[Any]) -> None:
    store.after(
        Happened("inventory.initialized", payload={"quantity": -(2**63)}),
        Happened("inventory.adjusted", payload={"adjustment": -1}),
    )
    assert store.rejections(owner) == [
        (2, "INVARIANT_VIOLATION", "quantity_on_hand arithmetic within i64 range")
    ]


def test_a_product_is_made_changed_and_switched(store: Store) -> None:
    store.after(
        Happened("product.created", payload={"sku": "s", "name": "n", "description": "d", "price": 1.5})
    )
    change = {
        "sku": "other",
        "currency": "EUR",
        "name": 5,
        "description": 5,
        "price": 2,
        "attributes": {"a": 1},
    }
    store.after(Happened("product.updated", payload=change), Happened("product.deactivated"))
    assert store.entity("product") == {
        "product_id": "1",
        "sku": "s",
        "name": "n",
        "description": None,
        "price": 2,
        "currency": "USD",
        "active": False,
        "attributes": {"a": 1},
        "version": 3,
    }
    assert store.after(Happened("product.activated")).entity("product")["active"] is True


def test_a_customer_is_made_changed_and_gets_addresses(store: Store) -> None:
    store.after(
        Happened("customer.created", payload={"email": "a", "name": "n", "phone": "p", "metadata": {"m": 1}}),
        Happened("customer.updated", payload={"email": "b", "phone": 1, "metadata": {}}),
        Happened("customer.address_added", payload={"address": {"city": "Bern"}}),
        Happened("customer.address_added"),
        Happened("customer.registered"),
    )
    assert store.entity("customer") == {
        "customer_id": "1",
        "email": "b",
        "name": "n",
        "phone": None,
        "addresses": [{"city": "Bern"}],
        "metadata": {},
        "active": True,
        "version": 4,
    }


def test_a_return_may_be_refunded_and_completed_from_any_status(
    store: Store, owner: psycopg.Connection[Any]
) -> None:
    item = {"product_id": "p", "quantity": 1, "condition": None}
    payload = {
        "order_id": "o",
        "customer_id": "c",
        "reason": "r",
        "items": [{"product_id": "p", "quantity": 1}],
    }
    store.after(Happened("return.requested", payload=payload))
    assert store.entity("return") == {
        "return_id": "1",
        "status": "requested",
        "refund_amount": None,
        "version": 1,
        **payload,
        "items": [item],
    }
    store.after(
        Happened("return.completed"),
        Happened("return.refunded", payload={"refund_amount": 3.5}),
        Happened("return.rejected"),
        Happened("return.completed"),
    )
    assert store.rejections(owner) == []
    found = store.entity("return")
    assert (found["status"], found["refund_amount"], found["version"]) == ("completed", 3.5, 4)


@pytest.mark.parametrize(
    "event",
    [
        Happened("order.refunded"),
        Happened("x402_payment.refunded"),
        Happened("x402_batch.rejected"),
        Happened("order.created", entity_type="product", payload={"customer_id": "c"}),
        Happened("shipment.created"),
    ],
)
def test_an_event_that_no_projector_has_changes_nothing(
    store: Store, owner: psycopg.Connection[Any], event: Happened
) -> None:
    assert store.after(event).rejections(owner) == []
    assert store.entities(event.projector) == {}


def test_a_base_version_is_compared_with_the_version_of_the_projection(
    store: Store, owner: psycopg.Connection[Any]
) -> None:
    """Ingest counts accepted events, the projection applied ones: they drift apart (operations 5.3)."""
    skipped = Happened("order.submitted")
    store.append(ORDER, skipped, stream="ves")
    store.append(Happened("order.confirmed", base_version=2), stream="ves")
    store.project("ves")
    assert store.rejections(owner) == [(3, "VERSION_CONFLICT", "expected version 2, actual 1")]
    assert owner.execute(
        "select expected_version, actual_version from ves_store.rejected_events_log where tenant_id = %s",
        [store.agent.tenant_id],
    ).fetchall() == [(2, 1)]
