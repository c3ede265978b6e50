"""Evidence made without any server: a stream of signed events, their receipts, a commitment and its proofs."""

from __future__ import annotations

import uuid
from typing import Any

import orjson

from tests.support import ves_tree
from tests.support.wire import receipt_members
from ves import digests, ed25519, merkle
from ves_client.agent import AgentKey, Event, sign_event

SEQUENCER_SEED = bytes(range(100, 132))
SEQUENCER_KEY = ed25519.public_key(SEQUENCER_SEED)
SEQUENCER_ID = uuid.UUID("aaaaaaaa-0000-4000-8000-000000000001")
TENANT = uuid.UUID("aaaaaaaa-0000-4000-8000-000000000002")
STORE = uuid.UUID("aaaaaaaa-0000-4000-8000-000000000003")
AGENT = AgentKey(uuid.UUID("aaaaaaaa-0000-4000-8000-000000000004"), 3, bytes(range(200, 232)))
BATCH = "aaaaaaaa-0000-4000-8000-000000000005"

KEYS: dict[str, Any] = {
    "sequencers": {str(SEQUENCER_ID): SEQUENCER_KEY.hex()},
    "agents": {f"{AGENT.agent_id}/3": AGENT.public_key.hex()},
}


def make_evidence(count: int = 5, number: int = 3, start: int = 1) -> dict[str, Any]:
    """Event `number` of a commitment of `count` events from `start` on, with receipt and proof, as plain JSON."""
    signed = [
        sign_event(
            AGENT,
            TENANT,
            STORE,
            Event(
                uuid.uuid5(STORE, str(index)),
                "order",
                f"ORD-{index}",
                "order.created",
                "2026-01-02T03:04:05.678Z",
                orjson.dumps({"total": 99.5, "lines": [{"sku": "Ä", "n": index}]}),
            ),
        )
        for index in range(start, start + count)
    ]
    leaves = b"".join(
        digests.leaf_hash(TENANT, STORE, index, event.signing_hash, event.signature)
        for index, event in enumerate(signed, start)
    )
    levels = ves_tree.build_levels(leaves)
    index = number - start
    event = signed[index]
    receipt_hash = digests.receipt_hash(TENANT, STORE, event.event_id, number, event.signing_hash)
    receipt = receipt_members(
        sequencer_id=SEQUENCER_ID,
        event_id=event.event_id,
        sequence_number=number,
        sequenced_at="2026-01-02T03:04:06.000001+00:00",
        receipt_hash=receipt_hash,
        signature=ed25519.sign(SEQUENCER_SEED, receipt_hash),
    )
    path = ves_tree.inclusion_path(levels, index)
    proof = {
        "sequence_number": number,
        "batch_id": BATCH,
        "merkle_root": levels[-1].hex(),
        "leaf_hash": leaves[32 * index : 32 * (index + 1)].hex(),
        "leaf_index": index,
        "proof_path": [node.hex() for node in path],
        "directions": merkle.directions(index, len(path)),
    }
    root = digests.state_root(
        digests.stream_id(TENANT, STORE), bytes(32), levels[-1], start, start + count - 1, count
    )
    commitment = {
        "batch_id": BATCH,
        "tenant_id": str(TENANT),
        "store_id": str(STORE),
        "ves_version": 1,
        "tree_depth": len(levels) - 1,
        "leaf_count": count,
        "padded_leaf_count": len(levels[0]) // 32,
        "merkle_root": levels[-1].hex(),
        "prev_state_root": "00" * 32,
        "new_state_root": root.hex(),
        "sequence_start": start,
        "sequence_end": start + count - 1,
        "committed_at": "2026-01-02T03:04:07Z",
    }
    return {"event": orjson.loads(event.text), "receipt": receipt, "proof": proof, "commitment": commitment}


def padding_proofs(count: int, start: int = 1) -> list[dict[str, Any]]:
    """A commitment of `count` events with a proof of each of its padding leaves, under the number that the place suggests."""
    evidence = make_evidence(count, start, start)
    leaves = b"".join(
        bytes.fromhex(make_evidence(count, number, start)["proof"]["leaf_hash"])
        for number in range(start, start + count)
    )
    levels = ves_tree.build_levels(leaves)
    found = []
    for index in range(count, len(levels[0]) // 32):
        path = ves_tree.inclusion_path(levels, index)
        proof = evidence["proof"] | {
            "sequence_number": start + index,
            "leaf_index": index,
            "leaf_hash": levels[0][32 * index : 32 * (index + 1)].hex(),
            "proof_path": [node.hex() for node in path],
            "directions": merkle.directions(index, len(path)),
        }
        found.append({"proof": proof, "commitment": evidence["commitment"]})
    return found


def other(value: Any) -> Any:
    """A value of the same kind that differs a little."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        try:
            return str(uuid.UUID(int=uuid.UUID(value).int ^ 1))
        except ValueError:
            last = value[-1:]
            return value[:-1] + ("0" if last != "0" else "1")
    if isinstance(value, list):
        return [other(value[0]), *value[1:]]
    return {**value, "total": 99.25}
