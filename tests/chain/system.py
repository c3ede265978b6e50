"""A database, a local chain with the contracts, payers with money, and a settlement worker that tests step by hand."""

from __future__ import annotations

import contextlib
import secrets
import time
import uuid
from dataclasses import dataclass, replace
from itertools import cycle
from typing import TYPE_CHECKING, Any, LiteralString, TypeAlias

import httpx
from eth_account import Account
from web3 import Web3

from tests.chain.stepping import Stepping
from tests.sql.support import Agent, scalar
from tests.support.anvil import ANCHORER_KEY, SETTLER_KEY
from tests.support.payments import payment_rows
from tests.support.waiting import wait_until
from ves_contracts import deploy, eip712
from ves_workers.chain.rpc import Chain
from ves_workers.chain.settlement import SettlementWorker
from ves_workers.runtime.database import WorkerDatabase
from ves_workers.settings.chain import ChainSettings
from ves_workers.settings.process import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from eth_account.signers.local import LocalAccount
    from eth_typing import ChecksumAddress
    from psycopg import Connection

    from tests.conftest import Database

CHAIN_ID, NETWORK = 84_532_002, "set_chain_testnet"
CONFIRMATIONS, MOST_CONFIRMATIONS = 3, 13
UNIT = 1_000_000


class Ledger:
    """The chain of one test module: contracts, and the levers of the local node."""

    def __init__(self, url: str, account: LocalAccount, folder: Path) -> None:
        self.url, self.account = url, account
        self.w3 = Web3(Web3.HTTPProvider(url))
        self.settler: LocalAccount = Account.from_key(SETTLER_KEY)
        self.anchorer: LocalAccount = Account.from_key(ANCHORER_KEY)
        plan = deploy.Plan(account.address, self.anchorer.address, self.settler.address, test_token=6)
        self.addresses = deploy.deploy(self.w3, account, plan, folder / "addresses.json")
        self.token: Any = deploy.contract(self.w3, "TestToken", self.addresses["token"])
        self.settlement: Any = deploy.contract(self.w3, "PaymentSettlement", self.addresses["settlement"])
        anchor = deploy.contract(self.w3, "StateSetAnchor", self.addresses["anchor"]).functions
        self.send(anchor.grantRole(anchor.ANCHORER_ROLE().call(), account.address))  # a second anchorer

    def ask(self, method: str, *parameters: Any) -> Any:
        answer: Any = self.w3.provider.make_request(method, list(parameters))  # type: ignore[arg-type]
        assert "error" not in answer, answer
        return answer["result"]

    def ask_all(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """The results of many calls in few requests; the node may run those of a request in any order."""
        results = []
        for first in range(0, len(calls), 200):
            body = [
                {"jsonrpc": "2.0", "id": n, "method": method, "params": parameters}
                for n, (method, parameters) in enumerate(calls[first : first + 200])
            ]
            answers = httpx.post(self.url, json=body, timeout=120).json()
            results += [answer["result"] for answer in sorted(answers, key=lambda answer: answer["id"])]
        return results

    def balances(self, accounts: Sequence[str]) -> list[int]:
        """What each account has."""
        reads = [
            {
                "to": self.token.address,
                "data": self.token.encode_abi("balanceOf", [Web3.to_checksum_address(a)]),
            }
            for a in accounts
        ]
        return [int(word, 16) for word in self.ask_all([("eth_call", [read, "latest"]) for read in reads])]

    def send(self, call: Any) -> None:
        deploy.send(self.w3, self.account, call)

    def mine(self, count: int = 1) -> None:
        self.ask("anvil_mine", hex(count))

    def use_nonce(self, account: LocalAccount) -> bytes:
        """Put a transaction into a block of which the outbox knows nothing; its raw bytes."""
        signed = account.sign_transaction(
            {
                "chainId": self.w3.eth.chain_id, "nonce": self.w3.eth.get_transaction_count(account.address),
                "to": account.address, "value": 0, "gas": 21_000, "maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9,
            }
        )  # fmt: skip
        tx_hash = self.w3.eth.send_raw_transaction(signed.raw_transaction)
        self.mine()
        self.w3.eth.wait_for_transaction_receipt(tx_hash)
        return bytes(signed.raw_transaction)

    def make_final(self, account: LocalAccount) -> None:
        """Mine until what the account sent is final; no further, as the node keeps the state of every block."""
        count, address = self.w3.eth.get_transaction_count, account.address
        while count(address, max(0, self.w3.eth.block_number - MOST_CONFIRMATIONS + 1)) < count(address):
            self.mine()

    def automine(self, *, on: bool) -> None:
        self.ask("evm_setAutomine", on)

    def payer(self, money: int, allowance: int) -> str:
        """A new account that has money and approved the settlement contract."""
        made = Account.create()
        self.ask("anvil_setBalance", made.address, hex(10**18))
        if money:
            self.send(self.token.functions.mint(made.address, money))
        if allowance:
            self.approve(made, allowance)
        return str(made.address)

    def other_token(self, decimals: int) -> Any:
        """One more token that the settlement contract pays in any amount."""
        made = deploy.contract(self.w3, "TestToken").constructor(
            "TestUSD", "TUSD", decimals, self.account.address
        )
        address = deploy.send(self.w3, self.account, made)["contractAddress"]
        assert address is not None
        self.send(self.settlement.functions.configureAsset(address, True, 1, 2**128 - 1, 2**128 - 1))
        return deploy.contract(self.w3, "TestToken", address)

    def approve(self, payer: LocalAccount, allowance: int) -> None:
        """Let the settlement contract take the payer's money."""
        deploy.send(self.w3, payer, self.token.functions.approve(self.settlement.address, allowance))

    def balance(self, address: str) -> int:
        return int(self.token.functions.balanceOf(Web3.to_checksum_address(address)).call())


@dataclass
class Payments:
    """A batch of one payer; every payment has a payee of its own. `view` are the states in order, `state` what they come to."""

    payees: list[str]
    ids: list[uuid.UUID]
    view: LiteralString
    state: LiteralString


Pay: TypeAlias = "Callable[[int], Payments]"

_BATCH = """select b.status from ves_store.x402_payment_batches as b where b.batch_id = any(%s)"""
_INTENTS = """
  select i.status, i.failure from ves_store.x402_payment_intents as i where i.batch_id = any(%s) order by i.sequence_number
"""
_EXACT_BATCH = """
  select case when bool_and(p.status in ('settled', 'failed')) then 'settled' else 'batched' end
  from ves_store.x402_exact_payments as p where p.payment_id = any(%s)
"""
_EXACT = """
  select p.status, p.reason
  from unnest(%s::uuid[]) with ordinality as g (payment_id, place)
  join ves_store.x402_exact_payments as p on p.payment_id = g.payment_id order by g.place
"""


class System(Stepping[SettlementWorker]):
    """What a test steps: `settings` are changed before the first worker is made."""

    kind = SettlementWorker

    def __init__(self, database: Database, ledger: Ledger, key_file: Path) -> None:
        super().__init__(database, ledger)
        ledger.make_final(ledger.settler)
        self.settings = ChainSettings(
            urls=(ledger.url,),
            chain_id=CHAIN_ID,
            confirmations=CONFIRMATIONS,
            poll_ms=0,
            timeout_secs=5,
            stuck_secs=3600,
            settler_key_file=str(key_file),
        )
        with database.connect("ves_admin") as admin:
            for call, value in (
                ("select ves.set_settlement_contract(%s, %s)", [NETWORK, ledger.settlement.address]),
                ("select ves.set_payment_token(%s, 'usdc', %s)", [NETWORK, ledger.token.address]),
            ):
                admin.execute(call, value)

    def pay(
        self, count: int, *, payer: str | None = None, assets: Sequence[str] = ("usdc",), **members: Any
    ) -> Payments:
        """Submit payments of one unit, batched; of `assets` in turns."""
        agent = Agent()
        payer = payer or self.ledger.payer(count * UNIT, count * UNIT)
        payees = [Account.create().address for _ in range(count)]
        stream = [agent.tenant_id, agent.store_id]
        with self.database.connect("ves_api") as api, self.database.connect("ves_admin") as admin:
            agent.register(api)
            admin.execute(
                "select ves.bind_payer_address(%s, %s, 1, %s)",
                [agent.tenant_id, agent.agent_id, payer.lower()],
            )
            fixed = {
                "payer_address": payer, "payer_public_key": None, "network": NETWORK, "amount": UNIT,
                "valid_until": int(time.time()) + 80_000, **members,
            }  # fmt: skip
            for payee, asset in zip(payees, cycle(assets), strict=False):
                rows = payment_rows(agent, 1, payee_address=payee, **{"asset": asset, **fixed})
                api.execute("select ves.append_payment_intents(%s, %s, %s)", [*stream, rows])
            batch = "select batch_id from ves.create_payment_batch(%s, %s, %s, max_size => 1000)"
            return Payments(payees, [scalar(api, batch, [*stream, NETWORK])], _INTENTS, _BATCH)

    def authorize(
        self,
        count: int,
        *,
        payer: LocalAccount | None = None,
        money: int | None = None,
        lasts: int = 80_000,
        token: ChecksumAddress | None = None,
    ) -> Payments:
        """Record EIP-3009 payments of one unit, as the facilitator does; they are due for a batch. `lasts` is in seconds."""
        if payer is None:
            payer = Account.create()
            money = count * UNIT if money is None else money
            self.ledger.send(self.ledger.token.functions.mint(payer.address, money))
        payees = [Account.create().address for _ in range(count)]
        tenant_id, domain = (
            uuid.uuid4(),
            eip712.Token("TestUSD", "2", CHAIN_ID, token or self.ledger.token.address),
        )
        with self.database.connect("ves_api") as api:
            ends = int(time.time()) + lasts
            ids = [self._record(api, tenant_id, domain, payer, payee, ends) for payee in payees]
        due = "select clock_timestamp() - max(created_at) > '250 ms' from ves_store.x402_exact_payments"
        wait_until(lambda: scalar(self.superuser, due), "the payments are due")
        return Payments(payees, ids, _EXACT, _EXACT_BATCH)

    def _record(
        self,
        api: Connection,
        tenant_id: uuid.UUID,
        token: eip712.Token,
        payer: LocalAccount,
        payee: str,
        ends: int,
    ) -> uuid.UUID:
        transfer = eip712.Transfer(payer.address, payee, UNIT, 0, ends, secrets.token_bytes(32))
        data = eip712.transfer_data(token, transfer)
        recorded: uuid.UUID = scalar(
            api,
            "select payment_id from ves.record_exact_payment(%s, %s, %s, %s, %s, %s, %s, '0', %s, %s, %s, %s)",
            [
                tenant_id, CHAIN_ID, self.ledger.settlement.address, token.address, payer.address, payee, str(UNIT), str(ends),
                transfer.nonce, bytes(payer.sign_typed_data(*data.values()).signature), eip712.digest(data),
            ],
        )  # fmt: skip
        return recorded

    def worker(
        self, database: Callable[[Settings], WorkerDatabase] | None = None, **changes: Any
    ) -> SettlementWorker:
        return self.start(replace(self.settings, **changes), database)

    async def settle(self, worker: SettlementWorker, payments: Payments) -> None:
        await self.drive(worker, lambda: self.batch(payments) in {"settled", "failed"})

    def batch(self, payments: Payments) -> str:
        """The state of the batch; of EIP-3009 payments `settled` once each has its outcome."""
        state: str = scalar(self.superuser, payments.state, [payments.ids])
        return state

    def intents(self, payments: Payments) -> list[tuple[str, str | None]]:
        """State and failure of each payment, in order."""
        return self.superuser.execute(payments.view, [payments.ids]).fetchall()

    def states(self) -> list[str]:
        """States of the newest transaction, in order."""
        rows = self.superuser.execute(
            "select to_status from ves_store.chain_transaction_log where transaction_id ="
            " (select max(transaction_id) from ves_store.chain_transactions) order by entry_id"
        ).fetchall()
        return [state for (state,) in rows]

    def received(self, payments: Payments) -> list[int]:
        """What each payee has on the chain."""
        return self.ledger.balances(payments.payees)

    def assert_paid_once(self, payments: Payments) -> None:
        """Database and chain agree: each payee has exactly one unit."""
        assert self.intents(payments) == [("settled", None)] * len(payments.payees)
        assert self.received(payments) == [UNIT] * len(payments.payees)
        assert self.batch(payments) == "settled"


@contextlib.contextmanager
def crash_while_sending(*, after: bool) -> Any:
    """Let every broadcast end in a crash, before or after the nodes have the bytes."""
    send = Chain.send

    async def crashing(chain: Chain, raw: bytes) -> list[str]:
        if after:
            await send(chain, raw)
        raise Crash

    Chain.send = crashing  # type: ignore[method-assign]
    try:
        yield
    finally:
        Chain.send = send  # type: ignore[method-assign]


class Crash(BaseException):
    """The process dies here: nothing of the worker runs after it."""
