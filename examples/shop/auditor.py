"""An auditor's check against the chain alone, of a payment receipt or of an event's inclusion proof.

    python -m shop.auditor RPC_URL CONTRACT DOCUMENT.json

No database, no API, no word of the sequencer is needed. For a receipt the contract (PaymentSettlement) computes the leaf from
the receipt's fields, walks the proof to the root that it stored when the payment was settled, and its log says who was paid
what. For an inclusion proof (http-api 5) the contract (StateSetAnchor) walks it to the root that was anchored.
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


def is_anchored(w3: Web3, contract: str, proof: dict[str, Any]) -> bool:
    """Whether the leaf of the proof belongs to a commitment that the contract has under the proof's batch id."""
    anchor = deploy.contract(w3, "StateSetAnchor", w3.to_checksum_address(contract))
    path = [_bytes(node) for node in proof["proof_path"]]
    found = anchor.functions.verifyInclusion(
        calls.uuid_word(UUID(proof["batch_id"])), _bytes(proof["leaf_hash"]), path, proof["leaf_index"]
    ).call()
    return bool(found)


def _settled(settlement: Any) -> bytes:
    return bytes.fromhex(settlement.events.PaymentSettled().topic.removeprefix("0x"))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def main(arguments: list[str]) -> int:
    """Exit status: 0 the chain says the same, 1 not."""
    url, contract, path = arguments
    document, w3 = json.loads(Path(path).read_text(encoding="utf-8")), Web3(HTTPProvider(url))
    if "proof_path" in document:
        found, claim = is_anchored(w3, contract, document), "anchored as the proof says"
    else:
        found, claim = (
            is_settled(w3, contract, document.get("receipt", document)),
            "settled as the receipt says",
        )
    sys.stdout.write(f"{'' if found else 'NOT '}{claim}\n")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
