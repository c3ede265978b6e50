"""The ingest scenarios of the vectors: registering their keys and comparing answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "ves"


def vector(name: str) -> Any:
    """One vector file, parsed."""
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def scenarios() -> list[dict[str, Any]]:
    return vector("ingest_scenarios")["scenarios"]


def register_keys(connection: psycopg.Connection, scenario: dict[str, Any]) -> None:
    """Register (and revoke) the agent keys of a scenario through SQL."""
    for key in scenario["keys"]:
        identity = [scenario["tenant_id"], scenario["agent_id"], key["key_id"]]
        connection.execute(
            "select ves.register_agent_key(%s, %s, %s, %s, valid_from => %s, valid_to => %s)",
            [
                *identity,
                bytes.fromhex(key["public_key"].removeprefix("0x")),
                key["valid_from"],
                key["valid_to"],
            ],
        )
        if key["revoked"]:
            connection.execute("select ves.revoke_agent_key(%s, %s, %s)", identity)


def summary(answer: dict[str, Any]) -> dict[str, Any]:
    """The part of an ingest answer that the vectors fix."""
    return {
        **{
            name: answer[name]
            for name in ("eventsAccepted", "eventsRejected", "sequenceStart", "sequenceEnd", "headSequence")
        },
        "rejections": [
            {"event_id": item["event_id"], "reason": item["reason"]} for item in answer.get("rejections", [])
        ],
        "receipts": [
            {
                "event_id": item["eventId"],
                "sequence_number": item["sequenceNumber"],
                "receipt_hash": item["receiptHash"],
            }
            for item in answer.get("receipts", [])
        ],
    }


def expected(step: dict[str, Any]) -> dict[str, Any]:
    """The expectation of a step in the form of `summary`."""
    return {name: value for name, value in step["expect"].items() if name != "http_status"}
