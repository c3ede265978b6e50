"""Names of the contracts' errors, from the data of a revert."""

from __future__ import annotations

from functools import cache
from typing import Any

from eth_utils.abi import abi_to_signature
from web3 import Web3

from ves_contracts.artifacts import Name, artifact

_SELECTOR_BYTES = 4
# Of a SetRegistry (chain 3), which the adapter hands on: they are in the interface of no contract of ours.
_REGISTRY_ERRORS = (
    "NotAuthorizedSequencer()",
    "InvalidSequenceRange()",
    "InvalidEventCount(uint64,uint32)",
    "EmptyEventsRoot()",
    "BatchAlreadyCommitted()",
    "StateRootMismatch(bytes32,bytes32)",
    "SequenceGap(uint64,uint64)",
    "EnforcedPause()",
)


@cache
def _names(contract: Name) -> dict[bytes, str]:
    errors: list[Any] = [item for item in artifact(contract).abi if item["type"] == "error"]
    signatures = [abi_to_signature(item) for item in errors]
    if contract == "SetRegistryAnchor":
        signatures += _REGISTRY_ERRORS
    return {bytes(Web3.keccak(text=text)[:_SELECTOR_BYTES]): text.partition("(")[0] for text in signatures}


def revert_reason(contract: Name, data: object, otherwise: str) -> str:
    """Return the name of the custom error whose selector begins `data` (bytes, or `0x` and hex digits), or `otherwise`."""
    try:
        given = data if isinstance(data, bytes) else bytes.fromhex(str(data).removeprefix("0x"))
    except ValueError:
        return otherwise
    selector = given[:_SELECTOR_BYTES]
    return _names(contract).get(selector, otherwise)
