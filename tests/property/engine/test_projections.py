"""Any events give the state and the rejections of the model, in any batches; a replay gives the same bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.property.engine.projection_model import KNOWN, Model
from tests.sql.projection_support import Happened, Store
from tests.sql.support import scalar

if TYPE_CHECKING:
    import psycopg

    from tests.sql.support import Edge

BOUNDED = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
EXTRA = ["order.refunded", "order.submitted", "product.archived", "return.rejected", "shipment.created"]
EVENT_TYPES = [f"{kind}.{action}" for kind, actions in sorted(KNOWN.items()) for action in sorted(actions)]
numbers = st.sampled_from([0, 1, 2, 3, 10, -1, -2, -11, 2**32, 2**63 - 1, -(2**63), 2**63]) | st.integers(
    -20, 20
)
junk = st.none() | st.booleans() | st.just("x") | st.just([1]) | st.just({"a": 1.5}) | st.just(2.5)
amounts = st.sampled_from([0, 1, 19.95, -3.5, 1e20])
item = st.fixed_dictionaries(
    {"product_id": st.just("p"), "quantity": st.sampled_from([0, 1, 2**32 - 1])},
    optional={"unit_price": amounts | junk, "condition": st.just("new") | junk},
)
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(["quantity", "adjustment", "reorder_point"], numbers | junk),
    **dict.fromkeys(["total_amount", "price", "refund_amount"], amounts | junk),
    **dict.fromkeys(["sku", "name", "description", "phone", "reason", "currency"], st.just("t") | junk),
    **dict.fromkeys(["attributes", "metadata", "address", "shipping_address"], junk),
    **dict.fromkeys(["line_items", "items"], st.lists(item | junk, max_size=3) | junk),
}
# mostly there, so that most creations are accepted
NEEDED = {
    name: st.just("id") | st.just("id") | st.just("id") | junk
    for name in ("customer_id", "order_id", "email")
}
payloads = st.fixed_dictionaries(NEEDED, optional=MEMBERS)
events = st.builds(
    Happened,
    st.sampled_from(EVENT_TYPES) | st.sampled_from(EVENT_TYPES) | st.sampled_from(EXTRA),
    st.sampled_from(["1", "1", "2", "a:b"]),
    (payloads | payloads | junk).map(json.dumps),
    st.none() | st.none() | st.none() | st.integers(0, 3),
)
# runs over one entity reach the later steps
runs = st.lists(events, min_size=1, max_size=30)


def found(store: Store, owner: psycopg.Connection[Any]) -> dict[tuple[str, str], tuple[Any, int]]:
    rows = owner.execute(
        "select projector, entity_id, state, version from ves_store.projections where tenant_id = %s and store_id = %s",
        store.ids,
    ).fetchall()
    return {(projector, entity_id): (state, version) for projector, entity_id, state, version in rows}


def as_json(value: Any) -> Any:
    """Numbers as jsonb compares them: 1e20 and 100000000000000000000 are one."""
    return json.loads(json.dumps(value), parse_float=float, parse_int=float)


@BOUNDED
@given(history=runs, sizes=st.lists(st.integers(1, 7), min_size=1, max_size=4))
def test_any_events_give_the_state_and_the_rejections_of_the_model(
    edge: Edge,
    worker: psycopg.Connection[Any],
    admin: psycopg.Connection[Any],
    owner: psycopg.Connection[Any],
    history: list[Happened],
    sizes: list[int],
) -> None:
    store, model = Store(edge, worker), Model()
    # ingest has a rule of its own for base versions (operations 5.3); here they are the projector's
    store.append(*(Happened(e.event_type, e.entity_id, e.payload) for e in history))
    owner.execute("set local session_replication_role to replica")
    for number, event in enumerate(history, 1):
        owner.execute(
            "update ves_store.events set base_version = %s where tenant_id = %s and sequence_number = %s",
            [event.base_version, store.ids[0], number],
        )
        model.apply(
            event.projector, event.entity_id, event.event_type, json.loads(event.payload), event.base_version
        )
    owner.commit()
    done, turn = 0, 0
    while done < len(history):
        seen, _, error = store.project(max_events=sizes[turn % len(sizes)])
        assert error is None
        done, turn = done + seen, turn + 1
    expected = {key: (as_json(state), model.versions[key]) for key, state in model.entities.items()}
    assert {
        key: (as_json(state), version) for key, (state, version) in found(store, owner).items()
    } == expected
    assert store.rejections(owner) == model.rejections
    bytes_of = (
        "select md5(string_agg(format('%%s %%s %%s %%s %%s', p.projector, p.entity_id, p.version, p.sequence_number,"
        " p.state), ',' order by p.projector, p.entity_id)) from ves_store.projections as p"
        " where p.tenant_id = %s and p.store_id = %s"
    )
    before = scalar(owner, bytes_of, store.ids)
    owner.commit()
    for projector in KNOWN:
        phase = ""
        while phase != "done":
            phase = scalar(
                admin,
                "select r.phase from ves.rebuild_projection(%s, %s, %s, 'legacy', %s) as r",
                [*store.ids, projector, sizes[0]],
            )
    assert scalar(owner, bytes_of, store.ids) == before
    owner.commit()
