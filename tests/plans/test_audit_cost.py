"""What goes through a whole history costs in proportion to it, whatever the planner knows of the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import cloned
from tests.plans.calls import STREAM
from tests.plans.explain import Recorder
from tests.plans.statistics import forget_statistics
from tests.plans.test_cost_per_call import Measured
from tests.sql.support import Agent, Edge
from tests.support.payments import payment_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cluster import Cluster

FEW, TIMES = 300, 4
HISTORIES = ((FEW, FEW), (FEW, TIMES * FEW), (TIMES * FEW, TIMES * FEW))  # streams, events of the long one
# Sorts and trees grow a little faster than what they hold.
GROWTH, SLACK = 1.3 * TIMES, 500
PAYMENTS = "%(payer_tenant_id)s, %(payment_store_id)s"
# Functions that tests/plans/calls.py excuses because they go through the history.
CALLS = {
    "verify_stream": f"select * from ves.verify_stream({STREAM})",
    "a range of verify_stream": f"select * from ves.verify_stream({STREAM}, 2, %(events)s - 1)",
    "verify_stream of payments": f"select * from ves.verify_stream({PAYMENTS})",
    "verify_stream_totals": f"select * from ves.verify_stream_totals({STREAM})",
    "verify_state_roots": f"select * from ves.verify_state_roots({STREAM})",
    "verify_audit": "select * from ves.verify_audit()",
    "list_commitments": f"select * from ves.list_commitments({STREAM})",
    "list_legacy_commitments": f"select * from ves.list_legacy_commitments({STREAM})",
    "find_entity_version": f"select * from ves.find_entity_version({STREAM}, 'order', '5', 1)",
    "rebuild_key_usage": "select ves.rebuild_key_usage(%(tenant_id)s)",
    "list_key_rotation_policies": "select * from ves.list_key_rotation_policies(%(tenant_id)s)",
    "list_key_rotations_due": "select * from ves.list_key_rotations_due(%(tenant_id)s)",
}
OF_A_STREAM = CALLS.keys() - {
    "verify_audit",
    "list_key_rotation_policies",
    "list_key_rotations_due",
    "rebuild_key_usage",
}
APPEND = f"select ves.append_payment_intents({PAYMENTS}, %(rows)s)"
BATCH = f"select ves.create_payment_batch({PAYMENTS}, 'set_chain', max_size => 5)"


Costs = dict[tuple[str, str], list[int]]


@pytest.fixture(scope="module")
def costs(engine: Cluster) -> Iterator[Costs]:
    """Rows and pages of each call, with and without statistics, in each history."""
    found: Costs = {}
    with cloned(engine, "t") as database, database.connect("ves_api") as api, database.connect() as superuser:
        payer, paid = Agent(), 0
        payer.register(api)
        measured = Measured(superuser, Edge.open(api))
        recorder = Recorder(superuser)
        for streams, events in HISTORIES:
            measured.grow(streams=streams, events=events)
            names = measured.names | {"events": events, "payer_tenant_id": payer.tenant_id}
            for _ in range(paid, events, FEW):
                superuser.execute(APPEND, names | {"rows": payment_rows(payer, FEW)})
                for _ in range(FEW // 5):
                    superuser.execute(BATCH, names)
            paid = events
            for knowledge in ("analyzed", "never analyzed"):
                superuser.execute("vacuum analyze")
                if knowledge == "never analyzed":
                    forget_statistics(superuser)
                for name, call in CALLS.items():
                    with superuser.transaction(force_rollback=True):
                        ran = recorder.record(lambda call=call, names=names: superuser.execute(call, names))
                    cost = sum(statement.rows for statement in ran) + ran[-1].buffers
                    found.setdefault((name, knowledge), []).append(cost)
        yield found


def test_the_cost_of_an_audit_grows_with_the_history_and_not_with_its_square(costs: Costs) -> None:
    grown = {call: (few, many) for call, (few, many, _) in costs.items()}
    assert {call: (few, many) for call, (few, many) in grown.items() if many > GROWTH * few + SLACK} == {}


def test_the_audit_of_a_stream_costs_nothing_for_other_streams(costs: Costs) -> None:
    alone = {call: (few, many) for call, (_, few, many) in costs.items() if call[0] in OF_A_STREAM}
    assert {call: (few, many) for call, (few, many) in alone.items() if many > 1.1 * few + SLACK} == {}
