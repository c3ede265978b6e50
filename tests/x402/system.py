"""The facilitator on a local chain: contracts, API, settlement worker, and payers that sign."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_account import Account

from ves_contracts import eip712

if TYPE_CHECKING:
    import httpx
    from eth_account.signers.local import LocalAccount

    from tests.chain.system import Ledger

CHAIN_ID, NETWORK, V1_NETWORK = 84_532, "eip155:84532", "base-sepolia"
PRICE = 10_000
# Tenant of the bootstrap administrator, as whom the resource servers of the tests settle.
OPERATOR = uuid.UUID(int=0)


@dataclass
class Shop:
    """A resource server's side by hand: requests to the facilitator, and accounts that pay."""

    ledger: Ledger
    client: httpx.Client
    payee: str

    def payer(self, money: int = PRICE) -> LocalAccount:
        made: LocalAccount = Account.create()
        if money:
            self.ledger.send(self.ledger.token.functions.mint(made.address, money))
        return made

    def required(self, **changed: Any) -> dict[str, Any]:
        return {
            "scheme": "exact",
            "network": NETWORK,
            "asset": self.ledger.token.address,
            "amount": str(PRICE),
            "payTo": self.payee,
            "maxTimeoutSeconds": 60,
            "extra": {"name": "TestUSD", "version": "2"},
            **changed,
        }

    def payment(self, payer: LocalAccount, **changed: Any) -> dict[str, Any]:
        """A request of version 2; `changed` are members of what is signed."""
        transfer = eip712.Transfer(
            **{
                "payer": payer.address,
                "payee": self.payee,
                "value": PRICE,
                "valid_after": 0,
                "valid_before": int(time.time()) + 600,
                "nonce": secrets.token_bytes(32),
                **changed,
            }
        )
        token = eip712.Token("TestUSD", "2", CHAIN_ID, self.ledger.token.address)
        data = eip712.transfer_data(token, transfer)
        signature = bytes(payer.sign_typed_data(*data.values()).signature)
        authorization = {
            "from": transfer.payer,
            "to": transfer.payee,
            "value": str(transfer.value),
            "validAfter": str(transfer.valid_after),
            "validBefore": str(transfer.valid_before),
            "nonce": "0x" + transfer.nonce.hex(),
        }
        required = self.required()
        return {
            "x402Version": 2,
            "paymentPayload": {
                "x402Version": 2,
                "accepted": required,
                "payload": {"authorization": authorization, "signature": "0x" + signature.hex()},
            },
            "paymentRequirements": dict(required),
        }

    def v1(self, request: dict[str, Any]) -> dict[str, Any]:
        """The same payment in version 1."""
        required = dict(request["paymentRequirements"])
        required |= {
            "network": V1_NETWORK,
            "maxAmountRequired": required.pop("amount"),
            "resource": "http://r",
        }
        payload = request["paymentPayload"]["payload"]
        return {
            "x402Version": 1,
            "paymentPayload": {
                "x402Version": 1,
                "scheme": "exact",
                "network": V1_NETWORK,
                "payload": payload,
            },
            "paymentRequirements": required,
        }

    def ask(self, what: str, request: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post(f"/x402/{what}", json=request)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found
