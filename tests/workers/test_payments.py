"""The payments worker: batches what is due and expires what is late, by the settings of the original."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.support import Agent, scalar
from tests.support.payments import payment_rows
from tests.support.waiting import wait_until
from ves_edge.environment import Environment
from ves_workers.settings.payments import PaymentSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database


def submit(database: Database, agent: Agent, count: int, **members: Any) -> None:
    with database.connect("ves_api") as connection:
        rows = payment_rows(agent, count, **members)
        connection.execute(
            "select ves.append_payment_intents(%s, %s, %s)", [agent.tenant_id, agent.store_id, rows]
        )


def batches(database: Database) -> int:
    with database.connect() as connection:
        count: int = scalar(connection, "select count(*) from ves_store.x402_payment_batches")
        return count


def test_the_process_batches_by_itself(database: Database, start: Callable[..., Any]) -> None:
    submit(database, Agent(), 3)
    submit(database, Agent(), 2, network="base")
    process = start(
        "payments",
        X402_BATCH_INTERVAL_SECS="1",
        X402_BATCH_MAX_SIZE="2",
        X402_BATCH_NETWORKS="base, set_chain",
    )
    wait_until(lambda: batches(database) == 3, "two batches of one network and one of the other")
    assert process.stop() == 0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, PaymentSettings()),
        (
            {"X402_BATCH_MIN_SIZE": "50", "X402_BATCH_MAX_SIZE": "20"},
            PaymentSettings(min_size=50, max_size=50),
        ),
        ({"X402_BATCH_MAX_SIZE": "5000"}, PaymentSettings(max_size=1000)),
        ({"X402_BATCH_MIN_SIZE": "junk", "X402_BATCH_INTERVAL_SECS": "0"}, PaymentSettings(interval_secs=1)),
        ({"X402_BATCH_NETWORKS": "mars,base, arc"}, PaymentSettings(networks=("base", "arc"))),
        ({"X402_BATCH_NETWORKS": "mars"}, PaymentSettings()),
        ({"VES_PAYMENT_BATCH_MAX_VALUE": "7"}, PaymentSettings(max_value=7)),
    ],
)
def test_settings_are_read_as_the_original_reads_them(
    given: dict[str, str], expected: PaymentSettings
) -> None:
    assert PaymentSettings.from_environment(Environment(given)) == expected
