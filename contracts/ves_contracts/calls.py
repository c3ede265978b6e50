"""Calls of the contracts as data and back: what to sign, and what a transaction's logs say came of it.

Nothing here speaks to a node. Roots, ids and hashes are 32 bytes, addresses `0x` and 40 hex digits, amounts integers in the
token's smallest unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from functools import cache
from typing import Any, Literal
from uuid import UUID

from eth_abi.abi import decode, encode
from eth_utils.abi import event_abi_to_log_topic, function_abi_to_4byte_selector, get_abi_input_types
from web3 import Web3
from web3.types import LogReceipt

from ves_contracts.artifacts import Name, artifact
from ves_contracts.errors import revert_reason

Kind = Literal["anchored", "conflict", "refused", "settled", "failed", "repeated"]


@dataclass(frozen=True, slots=True)
class Commitment:
    """A commitment to anchor (IAnchor.Commitment)."""

    batch_id: bytes
    tenant_id: bytes
    store_id: bytes
    events_root: bytes
    state_root: bytes
    sequence_start: int
    sequence_end: int
    event_count: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What a settlement call says about its payments: `merkle_root` is of the whole batch's receipts (x402 A9)."""

    batch_id: bytes
    merkle_root: bytes
    stream_key: bytes
    sequence_start: int
    sequence_end: int


@dataclass(frozen=True, slots=True)
class PaymentIntent:
    """A payment out of an allowance; `valid_until` in unix seconds."""

    intent_id: bytes
    payer: str
    payee: str
    amount: int
    token: str
    nonce: int
    valid_until: int
    signing_hash: bytes


@dataclass(frozen=True, slots=True)
class Authorization:
    """A payment by EIP-3009; times in unix seconds, both excluded."""

    intent_id: bytes
    payer: str
    payee: str
    value: int
    token: str
    valid_after: int
    valid_before: int
    nonce: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a log says about one commitment or payment: `reason` only of a failure, `subject` its batch or intent id."""

    kind: Kind
    batch_id: bytes
    subject: bytes
    reason: str | None = None


AUTHORIZATION_USED = bytes(Web3.keccak(text="AuthorizationUsed(address,bytes32)"))
TRANSFER = bytes(Web3.keccak(text="Transfer(address,address,uint256)"))
_EVENTS: dict[str, tuple[Name, Kind]] = {
    "CommitmentAnchored": ("StateSetAnchor", "anchored"),
    "AnchorConflict": ("StateSetAnchor", "conflict"),
    "AnchorRefused": ("SetRegistryAnchor", "refused"),
    "PaymentSettled": ("PaymentSettlement", "settled"),
    "PaymentFailed": ("PaymentSettlement", "failed"),
    "BatchRepeated": ("PaymentSettlement", "repeated"),
}


@dataclass(frozen=True, slots=True)
class _Event:
    kind: Kind
    indexed: list[str]  # names of the topics after the first
    names: list[str]  # of what is in the data
    types: list[str]


@cache
def _events() -> dict[bytes, _Event]:
    found: dict[bytes, _Event] = {}
    for event, (contract, kind) in _EVENTS.items():
        abi: Any
        [abi] = [it for it in artifact(contract).abi if (it["type"], it.get("name")) == ("event", event)]
        indexed = [it["name"] for it in abi["inputs"] if it["indexed"]]
        others = [it for it in abi["inputs"] if not it["indexed"]]
        names, types = [it["name"] for it in others], [it["type"] for it in others]
        found[event_abi_to_log_topic(abi)] = _Event(kind, indexed, names, types)
    return found


def uuid_word(value: UUID) -> bytes:
    """Return the word of a UUID: its 16 bytes, then 16 zero bytes (chain 1)."""
    return value.bytes + bytes(16)


def stream_key(tenant: UUID, store: UUID) -> bytes:
    """Return the key of a stream: keccak256 of its two words (chain 1)."""
    return bytes(Web3.keccak(uuid_word(tenant) + uuid_word(store)))


def part_id(batch: UUID, part: int) -> bytes:
    """Return the id under which a part of a batch is settled: keccak256 of the batch's word and the number's."""
    return bytes(Web3.keccak(uuid_word(batch) + part.to_bytes(32, "big")))


@cache
def _function(name: Name, function: str) -> tuple[bytes, list[str]]:
    found: Any
    [found] = [item for item in artifact(name).abi if item["type"] == "function" and item["name"] == function]
    return function_abi_to_4byte_selector(found), get_abi_input_types(found)


def _encoded(name: Name, function: str, *arguments: Any) -> bytes:
    # Without web3's contract objects, which normalize each value of each payment first: eight times the CPU.
    selector, types = _function(name, function)
    return selector + encode(types, arguments)


def anchor_many(commitments: Sequence[Commitment]) -> bytes:
    """Return the call data of `anchorMany`, for our anchor and for the adapter alike."""
    return _encoded("StateSetAnchor", "anchorMany", [astuple(item) for item in commitments])


def is_anchored(batch_id: bytes) -> bytes:
    """Return the call data of `isAnchored`; its answer is a word, zero for no."""
    return _encoded("StateSetAnchor", "isAnchored", batch_id)


def batch_exists(batch_id: bytes) -> bytes:
    """Return the call data of `batchExists` of a SetRegistry (chain 3); its answer is a word."""
    return bytes(Web3.keccak(text="batchExists(bytes32)")[:4]) + batch_id


def verify_events_root(batch_id: bytes, events_root: bytes) -> bytes:
    """Return the call data of `verifyEventsRoot`; its answer is a word, zero for another root or an unknown id."""
    return _encoded("StateSetAnchor", "verifyEventsRoot", batch_id, events_root)


def settle_batch(batch: Batch, payments: Sequence[PaymentIntent]) -> bytes:
    """Return the call data of `settleBatch`."""
    items = [astuple(item) for item in payments]
    return _encoded("PaymentSettlement", "settleBatch", *astuple(batch), items)


def settle_authorizations(batch: Batch, authorizations: Sequence[Authorization]) -> bytes:
    """Return the call data of `settleAuthorizations`."""
    items = [astuple(item) for item in authorizations]
    return _encoded("PaymentSettlement", "settleAuthorizations", *astuple(batch), items)


def is_intent_settled(intent_id: bytes) -> bytes:
    """Return the call data of `isIntentSettled`; its answer is a word, zero for no."""
    return _encoded("PaymentSettlement", "isIntentSettled", intent_id)


def authorization_state(payer: str, nonce: bytes) -> bytes:
    """Return the call data of a token's `authorizationState` (x402 B4); its answer is a word, zero for unused."""
    return bytes(Web3.keccak(text="authorizationState(address,bytes32)")[:4]) + address_word(payer) + nonce


def address_word(address: str) -> bytes:
    """Return an address as a topic of 32 bytes."""
    return bytes(12) + bytes.fromhex(address.removeprefix("0x"))


def has_moved(transfers: Iterable[LogReceipt], used: LogReceipt, value: int) -> bool:
    """Return whether the use of an EIP-3009 authorization, a log, moved this amount by one of these transfers of its block.

    Tokens log the transfer right after the use; any other transfer, such as one just before it, proves nothing.
    """
    return any(
        (log["address"], log["transactionHash"], log["logIndex"])
        == (used["address"], used["transactionHash"], used["logIndex"] + 1)
        and int.from_bytes(log["data"], "big") == value
        for log in transfers
    )


def outcomes(logs: Iterable[LogReceipt], contract: str) -> list[Outcome]:
    """Return what the logs of one contract say, in their order; logs of other contracts are not looked at."""
    found = []
    for log in logs:
        if log["address"].lower() != contract.lower():
            continue
        topic, *topics = map(bytes, log["topics"])
        event = _events().get(topic)
        if event is None:
            continue
        # Without web3's contract objects, as in `_encoded`.
        said = dict(zip(event.indexed, topics, strict=True))
        told = dict(zip(event.names, decode(event.types, bytes(log["data"])), strict=True))
        reason = told.get("reason")
        if event.kind == "refused":
            reason = revert_reason("SetRegistryAnchor", reason, "unknown error")
        batch_id = said["batchId"]
        found.append(Outcome(event.kind, batch_id, said.get("intentId", batch_id), reason))
    return found
