"""The vector files of payment intents, and their members as arguments of the library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "x402"
SIGNED = ("payer_address", "payee_address", "amount", "asset", "network", "valid_until", "nonce")


def load(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


SIGNING = load("signing")
CASES = [*SIGNING["cases"], SIGNING["ambiguity"]["a"], SIGNING["ambiguity"]["b"]]
BATCHES = [*load("batches")["batches"], *load("batches_large")["batches"]]
INCLUSIONS = load("inclusion_negative")["cases"]


def signed_fields(case: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `payments.signing_hash` for an intent."""
    return {name: case[name] for name in SIGNED}


def leaf_fields(intent: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `payments.leaf` for a sequenced intent."""
    return signed_fields(intent) | {
        "intent_id": UUID(intent["intent_id"]),
        "sequence_number": intent["sequence_number"],
        "signing_hash": unhex(intent["signing_hash"]),
        "payer_signature": unhex(intent["payer_signature"]),
    }
