"""Payments that burn gas on the chain hold up no others, and cost the operator few reverted transactions."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from eth_account import Account

from tests.chain.system import UNIT
from tests.chain.using import use
from tests.sql.support import scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.chain.system import Ledger, Pay, Payments, System

# Instructions of the EVM: the second argument of a call, a constant address, equal, or, and, and "is this no simulation":
# nodes estimate gas at a gas price of zero, a transaction in a block has a price.
_PAYEE, _ADDRESS, _EQUAL, _OR, _AND, _IS_ON_CHAIN = "602435", "73", "14", "17", "16", "3a1515"
# A block for one payment that burns its gas and several others.
SMALL_BLOCK = 1_700_000


def _wrapper(condition: str, copy: str) -> str:
    """Code that burns all gas of a call under a condition and else does what the code at another address does."""
    forward = "365f5f375f5f365f73" + copy[2:] + "5af43d5f5f3e"
    jump_bytes = 4
    fail = len(condition + forward) // 2 + 2 * jump_bytes
    succeed, burn = fail + 3, fail + 7
    return f"0x{condition}61{burn:04x}57{forward}61{succeed:04x}57" + "3d5ffd" + "5b3d5ff3" + "5bfe"


@contextlib.contextmanager
def burning(ledger: Ledger, contract: str, condition: str) -> Iterator[None]:
    """Let calls of a contract burn all their gas under a condition."""
    code = "0x" + bytes(ledger.w3.eth.get_code(contract)).hex()  # type: ignore[arg-type]
    copy = Account.create().address
    ledger.ask("anvil_setCode", copy, code)
    ledger.ask("anvil_setCode", contract, _wrapper(condition, copy))
    try:
        yield
    finally:
        ledger.ask("anvil_setCode", contract, code)


def to_any(payees: Sequence[str]) -> str:
    """Whether the transfer is to one of these."""
    tests = [_PAYEE + _ADDRESS + payee[2:] + _EQUAL for payee in payees]
    return tests[0] + "".join(test + _OR for test in tests[1:])


async def assert_others_are_paid(system: System, payments: Payments, poisoned: Sequence[int]) -> None:
    await system.drive(system.worker(), lambda: all(is_over(state) for state, _ in system.intents(payments)))
    for place, (told, has) in enumerate(
        zip(system.intents(payments), system.received(payments), strict=True)
    ):
        if place in poisoned:
            assert (told[0], has) == ("failed", 0)
            assert told[1] in {"Transfer failed", "transaction_failed"}
        else:
            assert (told, has) == (("settled", None), UNIT)


def is_over(state: str) -> bool:
    return state in {"settled", "failed"}


async def test_a_call_that_needs_more_gas_than_a_block_has_is_divided_until_it_fits(
    system: System, pay: Pay
) -> None:
    """Never signed before it fits: no transaction reverts."""
    payments, poisoned = pay(12), [1, 4, 5, 10]
    limit = int(system.ledger.w3.eth.get_block("latest")["gasLimit"])
    system.ledger.ask("evm_setBlockGasLimit", hex(SMALL_BLOCK))
    try:
        with burning(
            system.ledger, system.ledger.token.address, to_any([payments.payees[n] for n in poisoned])
        ):
            await assert_others_are_paid(system, payments, poisoned)
    finally:
        system.ledger.ask("evm_setBlockGasLimit", hex(limit))
    states = [state for state, *_ in system.outbox()]
    assert states[0] == "replaced"
    assert set(states) == {"replaced", "final"}
    signed = (
        "select count(*) from ves_store.chain_transactions where status = 'replaced' and nonce is not null"
    )
    assert scalar(system.superuser, signed) == 0


async def test_payments_that_are_cheap_until_they_are_mined_revert_a_bounded_number_of_calls(
    system: System, pay: Pay
) -> None:
    payments, poisoned = pay(8), [0, 3, 4, 6]
    condition = to_any([payments.payees[n] for n in poisoned]) + _IS_ON_CHAIN + _AND
    with burning(system.ledger, system.ledger.token.address, condition):
        await assert_others_are_paid(system, payments, poisoned)
    states = [state for state, *_ in system.outbox()]
    assert states[0] == "failed"
    assert states.count("failed") <= 1 + 2 + 4, "of a call of 8, of its halves and of theirs"


async def test_a_payment_whose_call_reverts_though_it_is_alone_fails_at_the_third_time(
    system: System, pay: Pay
) -> None:
    payments = pay(1)
    with burning(system.ledger, system.ledger.settlement.address, _IS_ON_CHAIN):
        await system.drive(system.worker(), lambda: is_over(system.intents(payments)[0][0]))
        ((state, reason),) = system.intents(payments)
        assert (state, reason) in [("failed", "Transaction reverted"), ("failed", "transaction_failed")]
    assert [state for state, *_ in system.outbox()] == ["failed"] * 3
    for _ in range(3):
        await system.workers[-1].step()
    assert len(system.outbox()) == 3
    assert system.received(payments) == [0]


@pytest.mark.parametrize("pays", [True, False], ids=["the payee", "somebody else"])
async def test_an_authorization_that_its_payer_uses_while_our_call_reverts_is_told_by_its_logs(
    system: System, *, pays: bool
) -> None:
    """At the third revert, and in a later block: the revert is final before that use is."""
    payer = Account.create()
    system.ledger.send(system.ledger.token.functions.mint(payer.address, UNIT))
    payments = system.authorize(1, payer=payer)
    with burning(system.ledger, system.ledger.settlement.address, _IS_ON_CHAIN):
        worker = system.worker()
        await system.drive(
            worker, lambda: [state for state, *_ in system.outbox()] == ["failed", "failed", "mined"]
        )
        tx_hash = use(system, payments, payer, None if pays else Account.create().address)
        await system.drive(worker, lambda: is_over(system.intents(payments)[0][0]))
    told = "select tx_hash from ves_store.x402_exact_payments where payment_id = any(%s)"
    if pays:
        assert system.intents(payments) == [("settled", None)]
        assert scalar(system.superuser, told, [payments.ids]) == tx_hash
    else:
        assert system.intents(payments) == [("failed", "transaction_failed")]
    assert system.received(payments) == [UNIT if pays else 0]
    assert [state for state, *_ in system.outbox()] == ["failed"] * 3


async def test_one_payment_that_needs_too_much_gas_waits_for_a_larger_block(system: System, pay: Pay) -> None:
    """The contract limits the gas of a payment, so this is the node's doing, and the payment is not to blame."""
    payments = pay(1)
    worker = system.worker()
    limit = int(system.ledger.w3.eth.get_block("latest")["gasLimit"])
    system.ledger.ask("evm_setBlockGasLimit", hex(300_000))
    try:
        for _ in range(4):
            await worker.step()
            ((state, attempts, reason),) = system.outbox()
            assert (state, attempts) == ("planned", 0)
            assert "gas" in str(reason).lower()
    finally:
        system.ledger.ask("evm_setBlockGasLimit", hex(limit))
    await system.settle(worker, payments)
    system.assert_paid_once(payments)
