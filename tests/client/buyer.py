"""An agent that buys in a process that is killed before its n-th SQL statement."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from eth_account import Account

from tests.cli.offline import AGENT, STORE, TENANT
from tests.client.paid_double import ASSET, NETWORK, PRICE
from tests.client.victim import die_at
from ves_client import ClientError, Outbox
from ves_client.purchases import Budget, Payer


def buy(folder: Path, url: str, statement: int) -> None:
    """Buy one resource; the answer may be lost."""
    die_at(statement)
    account = Account.from_key(bytes(range(1, 33)))
    with (
        Outbox(folder / "shop.db", AGENT, TENANT, STORE) as outbox,
        Payer(outbox, account, Budget(NETWORK, ASSET, PRICE, PRICE)) as payer,
        suppress(ClientError),
    ):
        payer.buy(url, purchase_id="1")
