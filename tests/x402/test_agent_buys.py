"""The client of agents pays a stock resource server through our facilitator, as the manual says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.offline import AGENT, STORE, TENANT
from tests.support.cluster import ROOT
from tests.x402.system import PRICE
from tests.x402.test_stock_clients import resource
from ves_client import ClientError, Outbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.x402.system import Shop

__all__ = ["resource"]


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "agent.db", AGENT, TENANT, STORE) as made:
        yield made


def test_the_example_of_the_manual_pays_once(
    resource: str, shop: Shop, outbox: Outbox, tmp_path: Path
) -> None:
    payer = shop.payer(2 * PRICE)
    (tmp_path / "account").write_text(payer.key.hex())
    page = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
    example = next(part for part in page.split("```python\n") if "Payer" in part).split("```", 1)[0]
    names: dict[str, Any] = {
        "token": shop.ledger.token.address,
        "folder": tmp_path,
        "outbox": outbox,
        "resource": resource,
    }
    exec(compile(example, "agents.md", "exec"), names)
    assert (names["answer"].status_code, names["answer"].json()) == (200, {"weather": "fine"})
    assert shop.ledger.balance(shop.payee) == PRICE
    # The stock server does not serve a settled payment again; the agent sends the same one, and nothing more is paid.
    with pytest.raises(ClientError) as refused:
        exec(compile(example, "agents.md", "exec"), names)
    assert refused.value.code == "payment_not_accepted"
    assert refused.value.details["state"] == "paid"
    assert shop.ledger.balance(payer.address) == PRICE
