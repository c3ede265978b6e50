"""The facilitator between two reads: what another request has done since the first one."""

from __future__ import annotations

import secrets
import time
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from eth_account import Account

from ves_api.x402 import facilitator
from ves_api.x402.facilitator import Facilitator
from ves_api.x402.messages import FacilitatorRequest, PaymentError

USED = "invalid_exact_evm_nonce_already_used"
PAYER, PAYEE = Account.create().address, "0x" + "22" * 20


def request() -> FacilitatorRequest:
    required = {
        "scheme": "exact",
        "network": "eip155:84532",
        "asset": "0x" + "33" * 20,
        "amount": "5",
        "payTo": PAYEE,
        "maxTimeoutSeconds": 60,
        "extra": {"name": "TestUSD", "version": "2"},
    }
    authorization = {
        "from": PAYER,
        "to": PAYEE,
        "value": "5",
        "validAfter": "0",
        "validBefore": str(int(time.time()) + 600),
        "nonce": "0x" + secrets.token_hex(32),
    }
    payload = {"authorization": authorization, "signature": "0x" + "11" * 65}
    return FacilitatorRequest(2, {"x402Version": 2, "accepted": required, "payload": payload}, required)


@pytest.mark.parametrize("since", ["settled", None])
async def test_a_refusal_of_the_chain_counts_only_while_nobody_has_recorded_the_payment(
    since: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second request looks before the first one records the payment, and at the chain after it was paid."""
    statuses = iter([None, since])
    paid = SimpleNamespace(payment_id=uuid.uuid4(), status="settled", tx_hash="0x12", amount="5", reason=None)

    async def judge_exact_payment(*_: Any, **__: Any) -> list[Any]:
        return [SimpleNamespace(status=next(statuses), settlement_contract="0x" + "44" * 20)]

    async def record_exact_payment(*_: Any, **__: Any) -> Any:
        return paid

    async def refuse(*_: Any) -> None:
        raise PaymentError(USED)

    monkeypatch.setattr(facilitator.aio, "judge_exact_payment", judge_exact_payment)
    monkeypatch.setattr(facilitator.aio, "record_exact_payment", record_exact_payment)
    monkeypatch.setattr(Facilitator, "_judge", refuse)
    chain: Any = SimpleNamespace(chain_id=84_532)
    told = await Facilitator(None, chain, 1.0).settle(uuid.uuid4(), request())  # type: ignore[arg-type]
    assert (told.success, told.error_reason) == ((True, None) if since else (False, USED))
