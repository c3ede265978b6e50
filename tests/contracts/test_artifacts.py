"""The artifacts have the functions and events that chain 2 to 4 name, and encode calls as the vectors do."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.abi import function_abi_to_4byte_selector
from web3 import Web3

from tests.contracts.conftest import vectors
from ves_contracts.artifacts import NAMES, artifact

CALLDATA = vectors("x402/calldata.json")
OURS = {"StateSetAnchor": "StateSetAnchor", "SetPaymentBatch": "PaymentSettlement"}
# Walks a keccak tree, which no root of the protocol has (chain C5): verifyReceipt and verifyInclusion take its place.
ABSENT = {"verifyPaymentInclusion(bytes32,bytes32,bytes32[],uint256)"}
CALLS = [call for call in CALLDATA["calls"] if call["contract"] in OURS and call["signature"] not in ABSENT]
SURFACE = {
    "StateSetAnchor": (
        "012f9824 0c40c209 5fb58a3a 7795820c 2acb5530 4f0b5801 469a4f5b 839df945 8c14b3c1 7b1f7a23 8da5cb5b"
        " a1256f9f f2fde38b 75708a59 20cb49f9 b45867c3 0fcdd27d 923de5c7"
    ),
    "PaymentSettlement": "0c31a221 56bc2866 8456cb59 3f4ba83a ed42136f 19755728 3a8a8beb 6ec3ab67",
}
EVENTS = {
    "StateSetAnchor": ["CommitmentAnchored", "BatchAnchored", "StarkProofCommitted"],
    "PaymentSettlement": [
        "BatchSubmitted",
        "BatchSettled",
        "PaymentSettled",
        "PaymentFailed",
        "AssetConfigured",
    ],
    "TestToken": ["Transfer", "AuthorizationUsed"],
}


def arguments(values: Any) -> list[Any]:
    """A vector's arguments in the order of the call, without the ids that explain them."""
    if isinstance(values, list):
        return values
    explaining = {"batch_id", "tenant_id", "store_id", "which_root", "batch", "batchRoot_in_event"}
    return [
        [list(item.values()) if isinstance(item, dict) else item for item in value]
        if isinstance(value, list)
        else value
        for name, value in values.items()
        if name not in explaining
    ]


@pytest.mark.parametrize(
    "call", CALLS, ids=[f"{n}-{c['signature'].split('(')[0]}" for n, c in enumerate(CALLS)]
)
def test_calls_are_encoded_as_the_vectors_say(call: dict[str, Any]) -> None:
    contract = Web3().eth.contract(abi=artifact(OURS[call["contract"]]).abi)
    function = contract.get_function_by_signature(call["signature"])
    assert function(*arguments(call["args"])).selector == call["selector"]
    assert contract.encode_abi(call["signature"], args=arguments(call["args"])) == call["calldata"]


@pytest.mark.parametrize("name", SURFACE)
def test_each_selector_of_the_original_is_there(name: Any) -> None:
    selectors = {
        function_abi_to_4byte_selector(item).hex()
        for item in artifact(name).abi
        if item["type"] == "function"
    }
    assert set(SURFACE[name].split()) <= selectors


@pytest.mark.parametrize("name", EVENTS)
def test_each_event_has_the_topic_of_the_original(name: Any) -> None:
    contract = Web3().eth.contract(abi=artifact(name).abi)
    topics = {signature.split("(")[0]: topic for signature, topic in CALLDATA["event_topics"].items()}
    for event in EVENTS[name]:
        assert contract.events[event].topic == topics[event]


def test_no_code_is_too_large_for_a_chain() -> None:
    assert all(len(artifact(name).bytecode) < 24_576 for name in NAMES)
