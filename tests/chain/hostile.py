"""A token that does one thing wrong (HostileToken.sol), on the chain of a test module."""

from __future__ import annotations

import json
import subprocess
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from tests.chain.system import NETWORK, UNIT
from ves_contracts import deploy
from ves_contracts.build import FORGE, ROOM

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from tests.chain.system import Payments, System

_SOURCE = Path(__file__).with_name("HostileToken.sol")
Fault = IntEnum(
    "Fault", ["NONE", "TAKES_A_FEE", "MOVES_NOTHING", "SAYS_USED", "SAYS_UNUSED", "REVERTS_WITH_TOO_MUCH"], start=0
)  # fmt: skip


@cache
def _compiled() -> dict[str, Any]:
    if not FORGE.exists():
        pytest.skip("the compiler is not installed (make tools)")
    given = {
        "language": "Solidity",
        "sources": {"token": {"content": _SOURCE.read_text(encoding="utf-8")}},
        "settings": {"evmVersion": "cancun", "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}}},
    }
    ran = subprocess.run(
        [ROOM / "bin" / "solc", "--standard-json"], input=json.dumps(given), capture_output=True, text=True, check=True
    )  # fmt: skip
    found: dict[str, Any] = json.loads(ran.stdout)["contracts"]["token"]["HostileToken"]
    return found


class Hostile:
    """The token as asset `usdt` of the network, and payments in it."""

    def __init__(self, system: System) -> None:
        self.system, self.ledger, made = system, system.ledger, _compiled()
        code: Any = self.ledger.w3.eth.contract(abi=made["abi"], bytecode=made["evm"]["bytecode"]["object"])
        address = deploy.send(self.ledger.w3, self.ledger.account, code.constructor())["contractAddress"]
        self.contract: Any = self.ledger.w3.eth.contract(address=address, abi=made["abi"])
        allowed = self.ledger.settlement.functions.configureAsset(address, True, 1, 2**128 - 1, 2**128 - 1)
        self.ledger.send(allowed)
        with system.database.connect("ves_admin") as admin:
            admin.execute("select ves.set_payment_token(%s, 'usdt', %s)", [NETWORK, address])

    def be(self, fault: Fault) -> None:
        self.ledger.send(self.contract.functions.set(int(fault)))

    def block(self, payee: str) -> None:
        """Refuse a payee from now on, without a transaction."""
        self.ledger.ask("anvil_setStorageAt", self.contract.address, "0x0", "0x" + payee[2:].rjust(64, "0"))

    def pay(self, kind: str, count: int, *, money: int | None = None) -> tuple[LocalAccount, Payments]:
        """Payments of one unit each, of a new payer."""
        payer: LocalAccount = Account.create()
        self.ledger.send(
            self.contract.functions.mint(payer.address, count * UNIT if money is None else money)
        )
        if kind == "settlement":
            return payer, self.system.pay(count, payer=payer.address, asset="usdt")
        return payer, self.system.authorize(count, payer=payer, token=self.contract.address)

    def balance(self, account: str) -> int:
        return int(self.contract.functions.balanceOf(account).call())
