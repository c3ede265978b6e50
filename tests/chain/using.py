"""Authorizations that somebody else than the settlement worker sends: once ours is sent, everybody knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web3 import Web3

from tests.chain.system import CHAIN_ID, UNIT
from ves_contracts import eip712

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from tests.chain.system import Payments, System


def use(system: System, payments: Payments, payer: LocalAccount, payee: str | None) -> str:
    """Send a recorded authorization, or the same nonce signed for another payee; the transaction's hash."""
    stored = "select payee_address, valid_before, nonce from ves_store.x402_exact_payments where payment_id = any(%s)"
    [(wanted, ends, nonce)] = system.superuser.execute(stored, [payments.ids]).fetchall()
    ledger, payee = system.ledger, Web3.to_checksum_address(payee or wanted)
    token = eip712.Token("TestUSD", "2", CHAIN_ID, ledger.token.address)
    data = eip712.transfer_data(token, eip712.Transfer(payer.address, payee, UNIT, 0, int(ends), nonce))
    signature = bytes(payer.sign_typed_data(*data.values()).signature)
    arguments = (payer.address, payee, UNIT, 0, int(ends), nonce, signature)
    ledger.send(ledger.token.functions.transferWithAuthorization(*arguments))
    [tx_hash] = ledger.w3.eth.get_block("latest")["transactions"]
    return "0x" + bytes(tx_hash).hex()  # type: ignore[arg-type]
