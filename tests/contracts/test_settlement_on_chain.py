"""Batches as transactions: what they cost, and what the logs say."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.logs import DISCARD

from ves_contracts import deploy

COUNT = 100
MOST_GAS = 7_600_000
VALUE = 1_000_000
TYPES = {
    "TransferWithAuthorization": [
        {"name": "from", "type": "address"},
        {"name": "to", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "validAfter", "type": "uint256"},
        {"name": "validBefore", "type": "uint256"},
        {"name": "nonce", "type": "bytes32"},
    ]
}


@pytest.fixture(scope="module")
def settlement(w3: Web3, addresses: dict[str, Any]) -> Any:
    return deploy.contract(w3, "PaymentSettlement", addresses["settlement"])


@pytest.fixture(scope="module")
def token(w3: Web3, addresses: dict[str, Any]) -> Any:
    return deploy.contract(w3, "TestToken", addresses["token"])


@pytest.fixture(scope="module")
def payers(w3: Web3, account: LocalAccount, settlement: Any, token: Any) -> list[LocalAccount]:
    """Accounts with money for two payments, of which the settlement may take one."""
    made = [Account.create() for _ in range(COUNT)]
    for payer in made:
        w3.provider.make_request("anvil_setBalance", [payer.address, hex(10**18)])
        deploy.send(w3, account, token.functions.mint(payer.address, 2 * VALUE))
        deploy.send(w3, payer, token.functions.approve(settlement.address, VALUE))
    return made


@pytest.fixture(scope="module")
def payees(w3: Web3, account: LocalAccount, token: Any) -> list[str]:
    """Accounts with a balance, as merchants have; the first payment to an account costs 17,100 gas more."""
    made = [Account.create().address for _ in range(COUNT)]
    for payee in made:
        deploy.send(w3, account, token.functions.mint(payee, 1))
    return made


def word() -> bytes:
    return uuid4().bytes + bytes(16)


def outcomes(settlement: Any, receipt: Any) -> tuple[int, list[str]]:
    settled = settlement.events.PaymentSettled().process_receipt(receipt, DISCARD)
    failed = settlement.events.PaymentFailed().process_receipt(receipt, DISCARD)
    return len(settled), [event["args"]["reason"] for event in failed]


def test_100_intents_between_strangers_fit_into_the_gas_of_one_transaction(
    w3: Web3,
    account: LocalAccount,
    settlement: Any,
    token: Any,
    payers: list[LocalAccount],
    payees: list[str],
) -> None:
    until = int(time.time()) + 3600
    intents = [
        (word(), p.address, payees[n], VALUE, token.address, n, until, bytes([7] * 32))
        for n, p in enumerate(payers)
    ]
    call = settlement.functions.settleBatch(word(), bytes([1] * 32), bytes([2] * 32), 1, COUNT, intents)
    receipt = deploy.send(w3, account, call)
    assert outcomes(settlement, receipt) == (COUNT, [])
    assert receipt["gasUsed"] <= MOST_GAS
    assert all(token.functions.balanceOf(intent[2]).call() == VALUE + 1 for intent in intents)

    repeated = deploy.send(w3, account, call)
    assert outcomes(settlement, repeated) == (0, [])
    assert len(settlement.events.BatchRepeated().process_receipt(repeated, DISCARD)) == 1


def test_100_authorizations_fit_too_and_one_bad_signature_fails_alone(
    w3: Web3,
    account: LocalAccount,
    settlement: Any,
    token: Any,
    payers: list[LocalAccount],
    payees: list[str],
) -> None:
    domain = {
        "name": "TestUSD",
        "version": "2",
        "chainId": w3.eth.chain_id,
        "verifyingContract": token.address,
    }
    items = []
    for payer, payee in zip(payers, payees, strict=True):
        message = {
            "from": payer.address,
            "to": payee,
            "value": VALUE,
            "validAfter": 0,
            "validBefore": int(time.time()) + 3600,
            "nonce": uuid4().bytes * 2,
        }
        signature = bytes(payer.sign_typed_data(domain, TYPES, message).signature)
        times = (message["validAfter"], message["validBefore"])
        items.append(
            (
                word(),
                payer.address,
                message["to"],
                VALUE,
                token.address,
                *times,
                message["nonce"],
                signature,
            )
        )
    items[41] = (*items[41][:-1], bytes(65))
    call = settlement.functions.settleAuthorizations(
        word(), bytes([1] * 32), bytes([2] * 32), 1, COUNT, items
    )
    receipt = deploy.send(w3, account, call)
    assert outcomes(settlement, receipt) == (COUNT - 1, ["Transfer failed"])
    assert receipt["gasUsed"] <= MOST_GAS
    for n, payer in enumerate(payers):
        used = token.functions.authorizationState(payer.address, items[n][7]).call()
        assert used == (n != 41)
        assert token.functions.balanceOf(payer.address).call() == (VALUE if n == 41 else 0)
