"""What the compiler made of each contract, as it is committed in `artifacts/`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Name = Literal["PaymentSettlement", "SetRegistryAnchor", "StateSetAnchor", "TestToken"]
NAMES: tuple[Name, ...] = ("PaymentSettlement", "SetRegistryAnchor", "StateSetAnchor", "TestToken")


@dataclass(frozen=True, slots=True)
class Artifact:
    """One contract: its interface in Solidity's JSON and the code that creates it, without constructor arguments."""

    name: Name
    compiler: str
    abi: list[dict[str, Any]]
    bytecode: bytes


@cache
def artifact(name: Name) -> Artifact:
    """Return the committed artifact of a contract."""
    found = json.loads(files(__package__).joinpath("artifacts", f"{name}.json").read_text(encoding="utf-8"))
    return Artifact(
        name=found["contractName"],
        compiler=found["compiler"],
        abi=found["abi"],
        bytecode=bytes.fromhex(found["bytecode"].removeprefix("0x")),
    )
