"""The facilitator by hand: what is valid, what is refused and why, and a payment from request to money."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from eth_abi.abi import encode

from tests.support.waiting import wait_until
from tests.x402.system import PRICE, V1_NETWORK, Shop

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.support.processes import Worker


def invalid(shop: Shop, request: dict[str, Any]) -> str:
    verdict = shop.ask("verify", request)
    assert verdict["isValid"] is False
    settled = shop.ask("settle", request)
    assert (settled["success"], settled["transaction"]) == (False, "")
    assert settled["errorReason"] == verdict["invalidReason"]
    return str(verdict["invalidReason"])


def test_what_is_supported_is_what_stock_servers_look_for(shop: Shop) -> None:
    found = shop.client.get("/x402/supported").json()
    kinds = [(kind["x402Version"], kind["scheme"], kind["network"]) for kind in found["kinds"]]
    assert kinds == [(2, "exact", "eip155:84532"), (1, "exact", V1_NETWORK)]
    assert found["extensions"] == ["payment-identifier", "bazaar"]


def test_a_good_payment_is_valid_in_both_versions_and_nothing_is_stored(shop: Shop) -> None:
    payer = shop.payer()
    request = shop.payment(payer)
    for asked in (request, shop.v1(request), request):
        assert shop.ask("verify", asked) == {"isValid": True, "payer": payer.address}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"value": PRICE - 1}, "invalid_exact_evm_payload_authorization_value_mismatch"),
    ({"value": 0}, "invalid_exact_evm_payload_authorization_value_mismatch"),
    ({"value": 2**256 - 1}, "invalid_exact_evm_payload_authorization_value_mismatch"),
    ({"payee": "0x" + "11" * 20}, "invalid_exact_evm_payload_recipient_mismatch"),
    ({"valid_before": 3}, "invalid_exact_evm_payload_authorization_valid_before"),
    ({"valid_after": 600}, "invalid_exact_evm_payload_authorization_valid_after"),
]


@pytest.mark.parametrize(
    ("changed", "reason"), WRONG, ids=[f"{next(iter(c))}-{n}" for n, (c, _) in enumerate(WRONG)]
)
def test_what_is_signed_must_be_what_is_required(shop: Shop, changed: dict[str, Any], reason: str) -> None:
    """Times are seconds from now."""
    times = {"valid_before", "valid_after"}
    changed = {name: value + int(time.time()) if name in times else value for name, value in changed.items()}
    assert invalid(shop, shop.payment(shop.payer(), **changed)) == reason


MALFORMED: list[tuple[tuple[str, ...], Any, str]] = [
    (("x402Version",), 3, "invalid_x402_version"),
    (("paymentPayload",), {}, "invalid_payload"),
    (("paymentRequirements",), {}, "invalid_payment_requirements"),
    (("paymentPayload", "payload"), {"authorization": []}, "invalid_payload"),
    (("paymentPayload", "payload", "authorization", "nonce"), "0x12", "invalid_payload"),
    (("paymentPayload", "payload", "authorization", "value"), "1e4", "invalid_payload"),
    (("paymentPayload", "payload", "authorization", "validAfter"), str(2**256), "invalid_payload"),
    (("paymentPayload", "payload", "signature"), "0xzz", "invalid_exact_evm_payload_signature"),
    (("paymentPayload", "payload", "signature"), "0x" + "00" * 65, "invalid_exact_evm_payload_signature"),
    (("paymentPayload", "payload", "signature"), "0x12", "invalid_exact_evm_payload_undeployed_smart_wallet"),
    (("paymentPayload", "accepted", "network"), "eip155:1", "network_mismatch"),
    (("paymentPayload", "accepted", "scheme"), "upto", "unsupported_scheme"),
    (("paymentPayload", "extensions"), {"payment-identifier": {"info": {"id": "short"}}}, "invalid_payload"),
    (("paymentRequirements", "amount"), "0", "invalid_payment_requirements"),
    (("paymentRequirements", "amount"), str(2**128), "invalid_payment_requirements"),
    (("paymentRequirements", "asset"), "0x12", "invalid_payment_requirements"),
    (("paymentRequirements", "asset"), "0x" + "11" * 20, "invalid_payment_requirements"),
    (("paymentRequirements", "extra"), {}, "missing_eip712_domain"),
    (
        ("paymentRequirements", "extra"),
        {"name": "Other", "version": "2"},
        "invalid_exact_evm_payload_signature",
    ),
]


@pytest.mark.parametrize(
    ("path", "value", "reason"), MALFORMED, ids=[f"{p[-1]}-{r}-{n}" for n, (p, _, r) in enumerate(MALFORMED)]
)
def test_every_malformed_member_has_its_answer(
    shop: Shop, path: tuple[str, ...], value: Any, reason: str
) -> None:
    request = shop.payment(shop.payer())
    at = request
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    assert invalid(shop, request) == reason


def test_a_network_has_one_spelling(shop: Shop) -> None:
    request = shop.payment(shop.payer())
    for at in (request["paymentPayload"]["accepted"], request["paymentRequirements"]):
        at["network"] = "eip155:084532"
    assert invalid(shop, request) == "invalid_network"


def test_a_payment_to_its_own_payer_is_refused_before_anything_is_sent(shop: Shop) -> None:
    payer = shop.payer()
    request = shop.payment(payer, payee=payer.address)
    for at in (request["paymentPayload"]["accepted"], request["paymentRequirements"]):
        at["payTo"] = payer.address.lower()
    assert invalid(shop, request) == "invalid_payload"


def test_a_payer_without_the_money_is_refused_before_anything_is_sent(shop: Shop) -> None:
    assert invalid(shop, shop.payment(shop.payer(PRICE - 1))) == "invalid_exact_evm_insufficient_balance"


def test_what_the_contract_would_not_settle_now_is_refused_before_it_is_recorded(shop: Shop) -> None:
    functions, token = shop.ledger.settlement.functions, shop.ledger.token.address
    request = shop.payment(shop.payer())
    enabled, least, most, daily, *_ = functions.getAssetConfig(token).call()
    volume = functions.getAssetConfig(token).call()[4]
    try:
        shop.ledger.send(functions.pause())
        assert invalid(shop, request) == "invalid_transaction_state"
        assert shop.ask("verify", request)["invalidMessage"] == "settlement is paused"
        shop.ledger.send(functions.unpause())
        shop.ledger.send(functions.configureAsset(token, enabled, least, most, volume + PRICE - 1))
        assert invalid(shop, request) == "invalid_transaction_state"
        assert "daily limit" in shop.ask("verify", request)["invalidMessage"]
        shop.ledger.send(functions.configureAsset(token, enabled, least, most, volume + PRICE))
        assert shop.ask("verify", request)["isValid"] is True
    finally:
        shop.ledger.send(functions.configureAsset(token, enabled, least, most, daily))
        if functions.paused().call():
            shop.ledger.send(functions.unpause())
    assert shop.ask("verify", request)["isValid"] is True


def test_a_payment_is_made_once_and_its_repeat_answers_the_same(shop: Shop, worker: Worker) -> None:
    assert worker.is_running()
    payer = shop.payer(3 * PRICE)
    request = shop.payment(payer)
    done = shop.ask("settle", request)
    assert done["success"], done
    assert (done["payer"], done["amount"], done["network"]) == (payer.address, str(PRICE), "eip155:84532")
    assert shop.ask("settle", request) == done
    assert shop.ledger.balance(shop.payee) == PRICE
    assert shop.ledger.balance(payer.address) == 2 * PRICE
    assert shop.ask("verify", request)["invalidReason"] == "invalid_exact_evm_nonce_already_used"
    receipt = shop.ledger.w3.eth.get_transaction_receipt(done["transaction"])
    assert receipt["status"] == 1


def test_of_several_payments_with_one_nonce_at_once_one_is_made(shop: Shop, worker: Worker) -> None:
    assert worker.is_running()
    payer, nonce = shop.payer(10 * PRICE), secrets.token_bytes(32)
    requests = [shop.payment(payer, nonce=nonce, valid_before=2**40 + n % 2) for n in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(partial(shop.ask, "settle"), requests))
    told = [answer.get("errorReason") for answer in answers]
    made = 0 if told[0] is None else 1
    assert told[made::2] == [None] * 10
    assert told[1 - made :: 2] == ["invalid_exact_evm_nonce_already_used"] * 10
    assert shop.ledger.balance(payer.address) == 9 * PRICE


def test_callers_that_leave_are_answered_when_they_ask_again(shop: Shop, worker: Worker) -> None:
    """Payments wait 200 ms for others."""
    assert worker.is_running()
    payer = shop.payer(10 * PRICE)
    requests = [shop.payment(payer) for _ in range(10)]
    for request in requests:
        with pytest.raises(httpx.ReadTimeout):
            shop.client.post("/x402/settle", json=request, timeout=httpx.Timeout(60, read=0.05))
    for request in [*requests, *requests]:
        assert shop.ask("settle", request)["success"] is True
    assert shop.ledger.balance(payer.address) == 0


def test_an_authorization_without_an_end_is_paid_once_too(shop: Shop, worker: Worker) -> None:
    assert worker.is_running()
    request = shop.payment(shop.payer(2 * PRICE), valid_before=2**256 - 1)
    done = shop.ask("settle", request)
    assert done["success"], done
    assert shop.ask("settle", request) == done
    assert shop.ledger.balance(shop.payee) == PRICE


def test_a_payment_that_was_recorded_is_answered_whatever_is_settled_since(
    shop: Shop, worker: Worker, settling: Database
) -> None:
    """An operator took the contract, or the token, out of use: what was paid stays paid."""
    assert worker.is_running()
    request = shop.payment(shop.payer())
    done = shop.ask("settle", request)
    assert done["success"], done
    contract, token = "select ves.set_settlement_contract('base_sepolia', %s)", shop.ledger.token.address
    set_token = "select ves.set_payment_token('base_sepolia', 'usdc', %s)"
    with settling.connect("ves_admin") as admin:
        try:
            admin.execute(contract, [None])
            assert shop.ask("settle", request) == done
            admin.execute(contract, [shop.ledger.settlement.address])
            admin.execute(set_token, ["0x" + "11" * 20])
            assert shop.ask("settle", request) == done
            assert shop.ask("verify", request)["invalidReason"] == "invalid_exact_evm_nonce_already_used"
            assert invalid(shop, shop.payment(shop.payer())) == "invalid_payment_requirements"
        finally:
            admin.execute(contract, [shop.ledger.settlement.address])
            admin.execute(set_token, [token])


def test_payments_of_several_callers_share_a_transaction_and_become_final(
    shop: Shop, worker: Worker, settling: Database
) -> None:
    assert worker.is_running()
    requests = [shop.payment(shop.payer()) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda request: shop.ask("settle", request), requests))
    assert all(answer["success"] for answer in answers), answers
    assert shop.ledger.balance(shop.payee) == 8 * PRICE
    assert len({answer["transaction"] for answer in answers}) < 8
    shop.ledger.mine(3)
    count = "select count(*) from ves_store.x402_exact_payments where payee_address = lower(%s) and status = 'settled'"
    with settling.connect() as superuser:

        def settled() -> bool:
            row = superuser.execute(count, [shop.payee]).fetchone()
            return row is not None and row[0] == 8

        wait_until(settled, "every payment is final")


def test_a_payment_identifier_names_one_payment(shop: Shop, worker: Worker) -> None:
    assert worker.is_running()
    payer = shop.payer(3 * PRICE)
    first, second = shop.payment(payer), shop.payment(payer)
    for request in (first, second):
        request["paymentPayload"]["extensions"] = {
            "payment-identifier": {"info": {"required": False, "id": "pay_0123456789abcdef"}}
        }
    assert shop.ask("settle", first)["success"] is True
    refused = shop.ask("settle", second)
    assert (refused["success"], refused["errorReason"]) == (False, "invalid_payload")
    assert shop.ledger.balance(payer.address) == 2 * PRICE


# A contract that accepts every signature of three bytes (EIP-1271).
THREE_BYTES = "0x604435600314631626ba7e0260e01b60005260206000f3"


def wrapped(signature: str, factory: bytes, call: bytes) -> str:
    """A signature as wallets send it that may not be deployed yet (ERC-6492)."""
    parts = encode(["address", "bytes", "bytes"], [factory, call, bytes.fromhex(signature[2:])])
    return "0x" + parts.hex() + "6492" * 16


def test_a_signature_in_the_wrapper_of_erc_6492_counts_as_the_one_inside(shop: Shop, worker: Worker) -> None:
    assert worker.is_running()
    factory, wallet = b"\1" * 20, shop.payer()
    account, deployed, missing = shop.payment(shop.payer()), shop.payment(wallet), shop.payment(shop.payer())
    payloads = [request["paymentPayload"]["payload"] for request in (account, deployed, missing)]
    payloads[0]["signature"] = wrapped(payloads[0]["signature"], bytes(20), b"")
    payloads[1]["signature"] = wrapped("0x" + b"yes".hex(), factory, b"call")
    payloads[2]["signature"] = wrapped("0x" + "11" * 65, factory, b"call")
    assert invalid(shop, deployed) == "invalid_exact_evm_payload_undeployed_smart_wallet"
    assert invalid(shop, missing) == "invalid_exact_evm_payload_undeployed_smart_wallet"
    shop.ledger.ask("anvil_setCode", wallet.address, THREE_BYTES)
    for request in (account, deployed):
        assert shop.ask("verify", request)["isValid"] is True
        assert shop.ask("settle", request)["success"] is True


# A contract that accepts every signature (EIP-1271), after so many rounds of 26 gas.
WALLET = "0x61{rounds:04x}5b6001900380600357631626ba7e60e01b60005260206000f3"


@pytest.mark.parametrize(("rounds", "is_paid"), [(5_000, True), (20_000, False), (0, False)])
def test_a_contract_that_pays_uses_as_much_gas_as_the_settlement_gives_it(
    shop: Shop, worker: Worker, rounds: int, is_paid: bool
) -> None:
    """0 rounds have no end."""
    assert worker.is_running()
    wallet = shop.payer()
    shop.ledger.ask("anvil_setCode", wallet.address, WALLET.format(rounds=rounds))
    request = shop.payment(wallet)
    request["paymentPayload"]["payload"]["signature"] = "0x796573"
    if is_paid:
        assert shop.ask("verify", request)["isValid"] is True
        assert shop.ask("settle", request)["success"] is True
    else:
        assert invalid(shop, request) == "invalid_exact_evm_transaction_simulation_failed"
