"""A batch of settleable intents and the calls of a chain worker that holds the lease."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, Edge, scalar
from tests.support.payments import payment_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Database

PAYER = "0x" + "ab" * 20
MARK = "select ves.mark_settlement(%s, %s, %s, %s, %s, %s, tx_hash => %s)"
SETTLE = "select ves.settle_payments(%s, %s, %s, %s, %s, 7, 21000, %s::uuid[], %s::uuid[], %s::text[])"


class Settling:
    """A batch of settleable intents, and the calls of a chain worker that holds the lease."""

    def __init__(
        self, worker: psycopg.Connection[Any], superuser: psycopg.Connection[Any], agent: Agent
    ) -> None:
        self.worker, self.superuser, self.tenant_id = worker, superuser, agent.tenant_id
        self.token = scalar(worker, "select ves.claim_lease('x402_settlement', 'test', 600)")
        self.batch_id: uuid.UUID = uuid.UUID(int=0)

    def batch(self, edge: Edge, agent: Agent, count: int, **members: Any) -> None:
        rows = payment_rows(agent, count, payer_address=PAYER, payer_public_key=None, **members)
        stream = [agent.tenant_id, agent.store_id]
        edge.connection.execute("select ves.append_payment_intents(%s, %s, %s)", [*stream, rows])
        self.batch_id = scalar(
            edge.connection,
            "select batch_id from ves.create_payment_batch(%s, %s, 'set_chain', max_size => 1000)",
            stream,
        )

    def plan(self, **rules: Any) -> int:
        named = "".join(f", {name} => %({name})s" for name in rules)
        found: int = scalar(
            self.worker,
            f"select ves.plan_settlements(%(token)s, 84532001{named})",
            {"token": self.token, **rules},
        )
        return found

    def members(self, part: int) -> list[uuid.UUID]:
        rows = self.worker.execute(
            "select intent_id from ves.list_settlement_payments(%s, %s, %s)",
            [self.tenant_id, self.batch_id, part],
        ).fetchall()
        return [intent for (intent,) in rows]

    def mark(self, part: int, before: str, after: str, tx: str | None = None) -> bool:
        given = [self.token, self.tenant_id, self.batch_id, part, before, after, tx]
        return bool(scalar(self.worker, MARK, given))

    def settle(
        self,
        part: int,
        tx: str,
        settled: list[uuid.UUID],
        failed: list[uuid.UUID],
        reason: str = "Transfer failed",
    ) -> bool:
        given = [self.token, self.tenant_id, self.batch_id, part, tx, settled, failed, [reason] * len(failed)]
        return bool(scalar(self.worker, SETTLE, given))

    def statuses(self) -> tuple[str, list[str]]:
        """The state of the batch and those of its intents."""
        rows = self.superuser.execute(
            "select status from ves_store.x402_payment_intents where batch_id = %s order by sequence_number",
            [self.batch_id],
        ).fetchall()
        state = "select status from ves_store.x402_payment_batches where batch_id = %s"
        return scalar(self.superuser, state, [self.batch_id]), [status for (status,) in rows]

    def findings(self, agent: Agent) -> list[Any]:
        return self.superuser.execute(
            "select * from ves.verify_stream_totals(%s, %s)", [agent.tenant_id, agent.store_id]
        ).fetchall()


@pytest.fixture
def settling(
    edge: Edge,
    admin: psycopg.Connection[Any],
    worker: psycopg.Connection[Any],
    shared: Database,
    agent: Agent,
) -> Iterator[Settling]:
    admin.execute("select ves.set_settlement_contract('set_chain', '0x' || repeat('cd', 20))")
    admin.execute("select ves.bind_payer_address(%s, %s, 1, %s)", [agent.tenant_id, agent.agent_id, PAYER])
    with shared.connect() as superuser:
        made = Settling(worker, superuser, agent)
        yield made
        worker.execute("select ves.release_lease('x402_settlement', %s)", [made.token])
    admin.execute("select ves.set_settlement_contract('set_chain', null)")


def refused(code: str, call: Callable[[], Any]) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        call()
    assert refusal.value.sqlstate == code


def tx() -> str:
    return "0x" + uuid.uuid4().hex * 2
