"""Names of the contracts' errors, from the data of a revert."""

from __future__ import annotations

from functools import cache
from typing import Any

from eth_utils.abi import abi_to_signature
from web3 import Web3

from ves_contracts.artifacts import Name, artifact

_SELECTOR_BYTES = 4


@cache
def _names(contract: Name) -> dict[bytes, str]:
    errors: list[Any] = [item for item in artifact(contract).abi if item["type"] == "error"]
    return {
        bytes(Web3.keccak(text=abi_to_signature(item))[:_SELECTOR_BYTES]): item["name"] for item in errors
    }


def revert_reason(contract: Name, data: object, otherwise: str) -> str:
    """Return the name of the custom error whose selector begins `data` (`0x` and hex digits), or `otherwise`."""
    try:
        selector = bytes.fromhex(str(data).removeprefix("0x"))[:_SELECTOR_BYTES]
    except ValueError:
        return otherwise
    return _names(contract).get(selector, otherwise)
