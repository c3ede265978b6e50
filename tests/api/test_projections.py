"""Projections are read with the number that they reflect, by those who may read the stream."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Agent, assert_error

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database

PATH = "/api/v1/projections"


@pytest.fixture
def shop(admin: httpx.Client, agent: Agent, api_database: Database) -> Agent:
    """An agent whose VES stream has two projected orders."""
    orders = [
        agent.event(
            {"customer_id": f"c-{n}", "total_amount": 19.95},
            entity_type="order",
            entity_id=f"o-{n}",
            event_type="order.created",
        )
        for n in (1, 2)
    ]
    confirmed = agent.event({}, entity_type="order", entity_id="o-1", event_type="order.confirmed")
    agent.ingest(admin, *orders, confirmed)
    with api_database.connect("ves_worker") as worker:
        worker.execute(
            "select ves.project_events('projection', array[%s], array[%s])", [agent.tenant_id, agent.store_id]
        )
    return agent


def query(agent: Agent, **more: Any) -> dict[str, str]:
    return {
        "tenant_id": str(agent.tenant_id),
        "store_id": str(agent.store_id),
        **{k: str(v) for k, v in more.items()},
    }


def test_an_entity_is_read_with_the_number_that_it_reflects(admin: httpx.Client, shop: Agent) -> None:
    answer = admin.get(f"{PATH}/order/o-1", params=query(shop))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    entity = found.pop("entity")
    assert found == {
        "entity_type": "order",
        "entity_id": "o-1",
        "stream": "ves",
        "version": 2,
        "sequence_number": 3,
        "projected_to": 3,
    }
    assert (entity["order_id"], entity["status"], entity["total_amount"]) == ("o-1", "confirmed", 19.95)


def test_entities_come_in_pages_by_id(admin: httpx.Client, shop: Agent) -> None:
    first = admin.get(f"{PATH}/order", params=query(shop, limit=1)).json()
    assert [p["entity_id"] for p in first["projections"]] == ["o-1"]
    rest = admin.get(f"{PATH}/order", params=query(shop, after="o-1")).json()
    assert [p["entity_id"] for p in rest["projections"]] == ["o-2"]
    assert admin.get(f"{PATH}/order", params=query(shop, stream="legacy")).json() == {
        "projections": [],
        "count": 0,
    }


def test_checkpoints_say_how_far_each_projector_has_come(admin: httpx.Client, shop: Agent) -> None:
    found = admin.get(PATH, params=query(shop)).json()["checkpoints"]
    own = ["customer", "inventory", "order", "product", "return", "x402_batch", "x402_payment"]
    assert [c["projector"] for c in found] == own
    assert {(c["stream"], c["last_projected_sequence"], c["head_sequence"]) for c in found} == {("ves", 3, 3)}


def test_an_entity_that_nobody_made_is_not_found(admin: httpx.Client, shop: Agent) -> None:
    for path in ("order/none", "payment/o-1"):
        assert_error(admin.get(f"{PATH}/{path}", params=query(shop)), 404, "RESOURCE_NOT_FOUND")


def test_the_longest_lists_end_before_they_are_large(
    admin: httpx.Client, agent: Agent, api_database: Database
) -> None:
    large = json.dumps("x" * 900_000)
    with api_database.connect() as connection:
        connection.execute(
            "insert into ves_store.projection_checkpoints (tenant_id, store_id, stream, projector)"
            " values (%s, %s, 'ves', 'product')",
            [agent.tenant_id, agent.store_id],
        )
        connection.execute(
            "insert into ves_store.projections select %s, %s, 'ves', 'product', 1, n::text, 1, 1, now(), now(),"
            " jsonb_build_object('attributes', %s::jsonb) from generate_series(1, 9) as n",
            [agent.tenant_id, agent.store_id, large],
        )
    assert admin.get(f"{PATH}/product", params=query(agent)).json()["count"] == 5
