"""The purchases of a real shop paid on the chain: source file, tables and logs have the same totals for each customer."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from web3 import Web3

from shop.purchases import STORES, read_purchases
from tests.chain.auditing import audit
from tests.chain.system import CHAIN_ID, NETWORK, Ledger, System
from tests.sql.support import Agent
from tests.support.payments import PAYEE, payer_of
from ves.payment_requests import PaymentRequest, encode_rows, judge

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from shop.purchases import Purchase

CENT = 10_000
SAMPLE = 150
CONFIRMATIONS, REORG = 8, 6
MOST_STEPS = 2_000
TOTALS = """
  select payer_address, sum(amount) from ves_store.x402_payment_intents
  where tenant_id = %s and status = 'settled' group by payer_address
"""
OPEN = "select count(*) from ves_store.x402_payment_intents where tenant_id = %s and status <> 'settled'"
STATES = "select status, count(*) from ves_store.chain_transactions group by status"
RECEIPT = """
  select r.* from ves_store.x402_payment_intents as i
  cross join lateral ves.get_payment_receipt(i.tenant_id, i.intent_id) as r
  where i.tenant_id = %s order by i.amount desc limit 1
"""


def address(customer: int) -> str:
    """The customer's account; the local node signs for it."""
    return "0x" + hashlib.sha256(f"customer {customer}".encode()).hexdigest()[:40]


def fund(ledger: Ledger, totals: Counter[str]) -> None:
    """Give each customer twice what they will pay, and let the contract take all of it: a second payment would go through."""
    token, minter = ledger.token, ledger.account.address
    nonce, gas = ledger.w3.eth.get_transaction_count(minter), {"to": token.address, "gas": hex(100_000)}
    accounts = {Web3.to_checksum_address(payer): 2 * total for payer, total in totals.items()}
    mints = [
        gas | {"from": minter, "nonce": hex(nonce + n), "data": token.encode_abi("mint", [account, money])}
        for n, (account, money) in enumerate(accounts.items())
    ]
    approvals = [
        gas | {"from": account, "data": token.encode_abi("approve", [ledger.settlement.address, money])}
        for account, money in accounts.items()
    ]
    ledger.ask("anvil_autoImpersonateAccount", True)
    ledger.automine(on=False)
    ledger.ask_all([("anvil_setBalance", [account, hex(10**18)]) for account in accounts])
    ledger.ask_all([("eth_sendTransaction", [transaction]) for transaction in (*mints, *approvals)])
    while int(ledger.ask("txpool_status")["pending"], 16):
        ledger.mine()
    ledger.automine(on=True)
    ledger.ask("anvil_autoImpersonateAccount", False)
    assert ledger.balances(list(accounts)) == list(accounts.values())
    ledger.mine(REORG + 1)  # so that the reorg does not reach the money


def submit(system: System, agent: Agent, purchases: Iterable[Purchase]) -> None:
    """Bind the customers of a store to its agent, submit a signed intent for each purchase, and batch them all."""
    payer, stream = payer_of(agent), [agent.tenant_id, agent.store_id]
    fixed = {
        "payer_public_key": None, "payee_address": PAYEE, "network": NETWORK, "valid_until": int(time.time()) + 80_000,
    }  # fmt: skip
    requests = [
        msgspec.convert(
            payer.intent(payer_address=address(p.customer), amount=p.cents * CENT, **fixed), PaymentRequest
        )
        for p in purchases
    ]
    with system.database.connect("ves_api") as api, system.database.connect("ves_admin") as admin:
        agent.register(api)
        for bound in {request.payer_address for request in requests}:
            admin.execute("select ves.bind_payer_address(%s, %s, 1, %s)", [stream[0], agent.agent_id, bound])
        for first in range(0, len(requests), 500):
            rows = encode_rows([judge(one, agent.public_key) for one in requests[first : first + 500]])
            api.execute("select ves.append_payment_intents(%s, %s, %s)", [*stream, rows])
        for _ in range(0, len(requests), 1_000):
            api.execute("select ves.create_payment_batch(%s, %s, %s, max_size => 1000)", [*stream, NETWORK])


def on_chain(ledger: Ledger, payers: Iterable[str]) -> Counter[str]:
    """What the contract's logs say was paid by each of these accounts."""
    found: Counter[str] = Counter()
    wanted = set(payers)
    for log in ledger.settlement.events.PaymentSettled().get_logs(from_block=0):
        if log["args"]["payer"].lower() in wanted:
            found[log["args"]["payer"].lower()] += log["args"]["amount"]
    return found


async def settle_with_a_reorg(system: System, tenant_id: uuid.UUID) -> int:
    """Step until everything is settled; once half of the transactions are in blocks, the newest blocks are replaced."""
    worker = system.worker(confirmations=CONFIRMATIONS)
    has_reorged = False
    for _ in range(MOST_STEPS):
        await worker.step()
        [waiting] = system.superuser.execute(OPEN, [tenant_id]).fetchone() or (0,)
        if not waiting:
            break
        states = dict(system.superuser.execute(STATES).fetchall())
        mined = states.get("mined", 0) + states.get("final", 0)
        if not has_reorged and 2 * mined >= sum(states.values()) > 0 and states.get("mined"):
            system.ledger.ask("anvil_reorg", REORG, [])
            has_reorged = True
        system.ledger.mine()
    return worker.counters()["reorgs"]


def receipt_of_the_greatest_payment(system: System, tenant_id: uuid.UUID) -> dict[str, Any]:
    cursor = system.superuser.execute(RECEIPT, [tenant_id])
    row = cursor.fetchone()
    assert row is not None
    assert cursor.description is not None
    found = dict(zip((column.name for column in cursor.description), row, strict=True))
    found["inclusion_proof"] = [node.hex() for node in found["inclusion_proof"]]
    found["nonce"] = int(found["nonce"])
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in found.items()} | {
        "intent_id": str(found["intent_id"]), "tenant_id": "", "store_id": "", "batch_id": str(found["batch_id"]),
    }  # fmt: skip


@pytest.mark.parametrize("limit", [SAMPLE, pytest.param(None, marks=pytest.mark.soak)])
async def test_the_purchases_of_a_shop_are_paid_once_and_the_totals_of_each_customer_are_equal(
    system: System, tmp_path: Path, limit: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Free purchases (8 of 6,919) are no payments."""
    purchases = [p for p in read_purchases(limit) if p.cents]
    totals: Counter[str] = Counter()
    for p in purchases:
        totals[address(p.customer)] += p.cents * CENT
    started = time.monotonic()
    fund(system.ledger, totals)
    funded, tenant_id = time.monotonic(), uuid.uuid4()
    for number in range(len(STORES)):
        own = [p for p in purchases if p.customer % len(STORES) == number]
        submit(system, replace(Agent(), tenant_id=tenant_id), own)
    submitted = time.monotonic()
    reorgs = await settle_with_a_reorg(system, tenant_id)
    settled = time.monotonic()

    assert reorgs > 0, "a block with payments of this shop was replaced"
    assert dict(system.superuser.execute(TOTALS, [tenant_id]).fetchall()) == totals
    assert on_chain(system.ledger, totals) == totals
    assert system.ledger.balances(list(totals)) == list(totals.values()), "half of the money is left"
    receipt = receipt_of_the_greatest_payment(system, tenant_id)
    assert receipt["chain_id"] == CHAIN_ID
    auditor = (system.ledger.url, system.ledger.settlement.address)
    assert audit(*auditor, receipt, tmp_path) == 0
    assert audit(*auditor, receipt | {"amount": receipt["amount"] + 1}, tmp_path) == 1
    with capsys.disabled():
        sent = len(system.outbox())
        print(
            f"\n{len(purchases)} payments of {len(totals)} customers, ${sum(totals.values()) / CENT / 100:,.2f}, {sent} transactions,"
            f" {reorgs} of them replaced by a reorg: funded {funded - started:.0f} s, submitted and batched"
            f" {submitted - funded:.0f} s, settled {settled - submitted:.0f} s"
        )
