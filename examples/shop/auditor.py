"""An auditor's check of a payment receipt against the chain alone: `python -m shop.auditor RPC_URL SETTLEMENT_CONTRACT RECEIPT.json`.

No database, no API, no word of the sequencer is needed: the contract computes the leaf from the receipt's fields, walks the
proof to the root that it stored when the payment was settled, and its log says who was paid what.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from web3 import HTTPProvider, Web3

from ves_contracts import calls, deploy

# Members of a receipt (x402 A12) in the contract's order, after the intent's word and its number.
_MEMBERS = (
    "payer_address", "payee_address", "amount", "asset", "network", "chain_id", "nonce", "valid_until",
)  # fmt: skip


def is_settled(w3: Web3, contract: str, receipt: dict[str, Any]) -> bool:
    """Whether the contract has paid exactly what the receipt says, in the batch whose root the proof leads to."""
    settlement = deploy.contract(w3, "PaymentSettlement", w3.to_checksum_address(contract))
    intent = calls.uuid_word(UUID(receipt["intent_id"]))
    signed = [_bytes(receipt[name]) for name in ("signing_hash", "payer_signature")]
    leaf = (intent, receipt["sequence_number"], *(receipt[name] for name in _MEMBERS), *signed)
    path = [_bytes(node) for node in receipt["inclusion_proof"]]
    told = (receipt["payer_address"].lower(), receipt["payee_address"].lower(), receipt["amount"])
    mined = w3.eth.get_transaction_receipt(receipt["tx_hash"])
    for log in mined["logs"]:
        if log["address"] != settlement.address or log["topics"][0] != _settled(settlement):
            continue
        said = settlement.events.PaymentSettled().process_log(log)["args"]
        if said["intentId"] == intent:
            paid = (said["payer"].lower(), said["payee"].lower(), said["amount"])
            place = (receipt["leaf_index"], receipt["total_leaves"])
            is_included = settlement.functions.verifyReceipt(said["batchId"], leaf, path, *place).call()
            return paid == told and bool(is_included)
    return False


def _settled(settlement: Any) -> bytes:
    return bytes.fromhex(settlement.events.PaymentSettled().topic.removeprefix("0x"))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def main(arguments: list[str]) -> int:
    """Exit status: 0 settled, 1 not."""
    url, contract, path = arguments
    receipt = json.loads(Path(path).read_text(encoding="utf-8"))
    found = is_settled(Web3(HTTPProvider(url)), contract, receipt.get("receipt", receipt))
    sys.stdout.write(f"{'settled' if found else 'NOT settled'} as the receipt says\n")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
