"""Authorizations that somebody else than the settlement worker sends: once ours is sent, everybody knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from web3 import Web3

from tests.chain.system import CHAIN_ID, UNIT
from ves_contracts import eip712

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from tests.chain.system import Ledger, Payments, System

TOGETHER, _CALL_BYTES = Web3.to_checksum_address("0x" + "70" * 20), 39


def use(system: System, payments: Payments, payer: LocalAccount, payee: str | None) -> str:
    """Send a recorded authorization, or the same nonce signed for another payee; the transaction's hash."""
    system.ledger.send(using(system, payments, payer, payee))
    [tx_hash] = system.ledger.w3.eth.get_block("latest")["transactions"]
    return "0x" + bytes(tx_hash).hex()  # type: ignore[arg-type]


def using(system: System, payments: Payments, payer: LocalAccount, payee: str | None) -> Any:
    """The call that uses an authorization."""
    stored = "select payee_address, valid_before, nonce from ves_store.x402_exact_payments where payment_id = any(%s)"
    [(wanted, ends, nonce)] = system.superuser.execute(stored, [payments.ids]).fetchall()
    ledger, payee = system.ledger, Web3.to_checksum_address(payee or wanted)
    token = eip712.Token("TestUSD", "2", CHAIN_ID, ledger.token.address)
    data = eip712.transfer_data(token, eip712.Transfer(payer.address, payee, UNIT, 0, int(ends), nonce))
    signature = bytes(payer.sign_typed_data(*data.values()).signature)
    arguments = (payer.address, payee, UNIT, 0, int(ends), nonce, signature)
    return ledger.token.functions.transferWithAuthorization(*arguments)


def send_together(ledger: Ledger, *calls: Any) -> None:
    """Make calls of the token in one transaction, from TOGETHER: its logs are theirs, one after the other."""
    data = [bytes.fromhex(call._encode_transaction_data()[2:]) for call in calls]
    token, code, place = bytes.fromhex(ledger.token.address[2:]), b"", _CALL_BYTES * len(data) + 1
    for one in data:
        length = len(one).to_bytes(2, "big")
        code += b"\x61%b\x61%b\x5f\x39" % (length, place.to_bytes(2, "big"))  # codecopy(0, place, length)
        code += b"\x5f\x5f\x61%b\x5f\x5f\x73%b\x5a\xf1\x50" % (
            length,
            token,
        )  # call(gas(), token, 0, 0, length, 0, 0)
        place += len(one)
    ledger.ask("anvil_setCode", TOGETHER, "0x" + (code + b"\0" + b"".join(data)).hex())
    ledger.w3.eth.wait_for_transaction_receipt(
        ledger.ask("eth_sendTransaction", {"from": ledger.account.address, "to": TOGETHER, "gas": hex(10**6)})
    )
