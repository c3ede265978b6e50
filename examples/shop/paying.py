"""A customer pays: signed intents are batched, settled on the local chain, and proved by the chain itself."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx

from ves_client import Sequencer, sign_payment
from ves_client.errors import check_failed
from ves_edge.gen import sync

if TYPE_CHECKING:
    from shop.purchases import Shop
    from ves_api.cli.database import OperatorDatabase
    from ves_client.commands.settings import Layers

COUNT, CENT = 3, 10_000
SETTLED_WITHIN = 60
NETWORK, ASSET = "set_chain", "usdc"
PAYEE = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"  # the fourth account of the local chain
Json = dict[str, Any]


class NoChainError(Exception):
    """There is no local chain; the message says how to get one."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What was paid, in the token's smallest unit, by which transaction, and the receipt of the first payment."""

    amount: int
    tx_hash: str
    block_number: int
    receipt: Json


def play(settings: Layers, shop: Shop, db: OperatorDatabase | None) -> Paid:
    """Submit, batch, wait until settled, and compare balance and receipt with the chain. Exit code 1 if they differ."""
    addresses_file, payer_key = settings.get("VES_CHAIN_ADDRESSES"), settings.get("VES_CHAIN_DEMO_KEY")
    if not addresses_file or not payer_key or db is None:
        raise NoChainError("there is no local chain (make up, without VES_CHAIN=off)")
    # Lazy imports: only this scene needs the chain's libraries, which a client installation lacks.
    from eth_account import Account  # noqa: PLC0415
    from web3 import HTTPProvider, Web3  # noqa: PLC0415

    from shop import auditor  # noqa: PLC0415
    from ves_contracts import deploy  # noqa: PLC0415

    w3, payer = Web3(HTTPProvider(settings.need("L2_RPC_URL"))), Account.from_key(payer_key)
    addresses = json.loads(Path(addresses_file).read_text(encoding="utf-8"))
    token = deploy.contract(w3, "TestToken", addresses["token"])
    settlement = deploy.contract(w3, "PaymentSettlement", addresses["settlement"])
    deploy.send(w3, payer, token.functions.approve(settlement.address, 10**12))
    agent = shop.agents[0]
    who = {"tenant_id": shop.tenant_id, "agent_id": agent.key.agent_id}
    sync.bind_payer_address(db, **who, key_id=agent.key.key_id, payer_address=payer.address.lower())
    before = token.functions.balanceOf(Web3.to_checksum_address(PAYEE)).call()

    url, key = settings.need("VES_HTTP_URL"), settings.api_key(None)
    headers = {"authorization": f"ApiKey {key}"}
    with Sequencer(url, key) as sequencer, httpx.Client(base_url=url, headers=headers, timeout=30) as api:
        intents = [
            sequencer.submit_payment(
                sign_payment(
                    agent.key, shop.tenant_id, agent.store_id, payer_address=payer.address, payee_address=PAYEE,
                    amount=(n + 1) * CENT, asset=ASSET, network=NETWORK,
                )
            )
            for n in range(COUNT)
        ]  # fmt: skip
        batch = {"tenant_id": str(shop.tenant_id), "store_id": str(agent.store_id), "network": NETWORK}
        _ask(api, "POST", "/api/v1/x402/batches", batch)
        ids = [intent["intent_id"] for intent in intents]
        _wait(sequencer, ids)
        receipt: Json = _ask(api, "GET", f"/api/v1/x402/payments/{ids[0]}/receipt")["receipt"]
    amount = sum((n + 1) * CENT for n in range(COUNT))
    is_proved = auditor.is_settled(w3, settlement.address, receipt)
    received = token.functions.balanceOf(Web3.to_checksum_address(PAYEE)).call() - before
    if not is_proved or received != amount:
        raise check_failed(
            "the chain does not say what the receipt says", {"received": received, "proved": is_proved}
        )
    return Paid(amount, receipt["tx_hash"], receipt["block_number"], receipt)


def _ask(api: httpx.Client, method: str, path: str, body: Json | None = None) -> Json:
    answer = api.request(method, path, json=body)
    if answer.is_error:
        raise check_failed(
            f"{method} {path} was refused", {"status": answer.status_code, "answer": answer.text}
        )
    found: Json = answer.json()
    return found


def _wait(sequencer: Sequencer, ids: list[str]) -> None:
    """Wait until every payment is settled; a failed one ends the demo."""
    ends = time.monotonic() + SETTLED_WITHIN
    while True:
        states = [sequencer.get_payment(UUID(intent))["status"] for intent in ids]
        if states == ["settled"] * len(ids):
            return
        if "failed" in states or time.monotonic() > ends:
            raise check_failed("the payments were not settled", {"states": states})
        time.sleep(0.2)
