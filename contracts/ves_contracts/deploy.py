"""Deploy the contracts from the committed artifacts, and keep their addresses in a file.

`python -m ves_contracts.deploy --rpc URL --key-file FILE --addresses FILE` needs no compiler. It may be repeated: what
the file names and the chain has is kept, what is missing is deployed. Each address is written before the next contract
is sent, so an interrupted run loses at most the one that was under way.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.contract.contract import ContractConstructor, ContractFunction
from web3.types import TxParams, TxReceipt

from ves_contracts.artifacts import Name, artifact

RECEIPT_SECONDS = 120
ADMIN_DELAY = 86_400
# What a local chain's token may move: from one unit to any amount that an intent can name (x402 A1).
FUNDS = 1_000_000  # whole tokens
LOCAL_LIMITS = (1, 2**63 - 1, 2**128 - 1)


class DeploymentError(Exception):
    """A transaction reverted, or the file of addresses belongs to another chain."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Who gets which role, and what is deployed beside anchor and settlement.

    `delay` is in seconds, between announcing and accepting a new owner. `test_token` is the decimals of a token to deploy,
    `registry` the address of an existing SetRegistry to put the adapter before, `fund` an account that is given test tokens
    while it has none.
    """

    admin: ChecksumAddress
    anchorer: ChecksumAddress
    settler: ChecksumAddress
    delay: int = ADMIN_DELAY
    test_token: int | None = None
    registry: ChecksumAddress | None = None
    fund: ChecksumAddress | None = None

    def steps(self) -> list[tuple[str, Name, tuple[Any, ...]]]:
        """Return key in the file of addresses, contract and constructor arguments, in order."""
        steps: list[tuple[str, Name, tuple[Any, ...]]] = [
            ("anchor", "StateSetAnchor", (self.delay, self.admin, self.anchorer)),
            ("settlement", "PaymentSettlement", (self.delay, self.admin, self.settler)),
        ]
        if self.test_token is not None:
            steps.append(("token", "TestToken", ("TestUSD", "TUSD", self.test_token, self.admin)))
        if self.registry is not None:
            arguments = (self.delay, self.admin, self.anchorer, self.registry)
            steps.append(("registry_anchor", "SetRegistryAnchor", arguments))
        return steps


def contract(w3: Web3, name: Name, address: ChecksumAddress | None = None) -> Contract:
    """Return a contract of ours at an address, or without one for its constructor."""
    made = artifact(name)
    if address is None:
        return cast("Contract", w3.eth.contract(abi=made.abi, bytecode=made.bytecode))
    return w3.eth.contract(address=address, abi=made.abi)


def send(w3: Web3, account: LocalAccount, call: ContractFunction | ContractConstructor) -> TxReceipt:
    """Sign a call, send it and wait. Raises DeploymentError when it reverted."""
    parameters: TxParams = {
        "from": account.address,
        "nonce": w3.eth.get_transaction_count(account.address),
        "chainId": w3.eth.chain_id,
    }
    signed = account.sign_transaction(cast("dict[str, Any]", call.build_transaction(parameters)))
    sent = w3.eth.send_raw_transaction(signed.raw_transaction)
    receipt = w3.eth.wait_for_transaction_receipt(sent, timeout=RECEIPT_SECONDS)
    if receipt["status"] != 1:
        raise DeploymentError(f"transaction {sent.to_0x_hex()} reverted")
    return receipt


def deploy(w3: Web3, account: LocalAccount, plan: Plan, addresses: Path) -> dict[str, Any]:
    """Deploy what is missing and return the content of the file of addresses."""
    known: dict[str, Any] = json.loads(addresses.read_text(encoding="utf-8")) if addresses.exists() else {}
    if known.setdefault("chain_id", w3.eth.chain_id) != w3.eth.chain_id:
        raise DeploymentError(f"{addresses} is of chain {known['chain_id']}, this is {w3.eth.chain_id}")
    for key, name, arguments in plan.steps():
        if key in known and w3.eth.get_code(known[key]):
            continue
        receipt = send(w3, account, contract(w3, name).constructor(*arguments))
        known[key] = receipt["contractAddress"]
        addresses.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    if plan.test_token is not None and account.address == plan.admin:
        _open_for_tests(w3, account, plan, known)
    return known


def _open_for_tests(w3: Web3, account: LocalAccount, plan: Plan, known: dict[str, Any]) -> None:
    """Enable the test token for settlement and give the funded account its money, each unless it was done before."""
    settlement = contract(w3, "PaymentSettlement", known["settlement"])
    if not settlement.functions.getAssetConfig(known["token"]).call()[0]:
        send(w3, account, settlement.functions.configureAsset(known["token"], True, *LOCAL_LIMITS))
    token = contract(w3, "TestToken", known["token"])
    if plan.fund is not None and not token.functions.balanceOf(plan.fund).call():
        send(w3, account, token.functions.mint(plan.fund, FUNDS * 10 ** (plan.test_token or 0)))


def main(arguments: list[str]) -> int:
    """Run from the command line; prints the addresses as JSON."""
    parser = argparse.ArgumentParser(prog="python -m ves_contracts.deploy", description=__doc__)
    parser.add_argument("--rpc", required=True, help="URL of the chain's node")
    parser.add_argument(
        "--key-file", required=True, type=Path, help="file with the deployer's secp256k1 key in hex"
    )
    parser.add_argument("--addresses", required=True, type=Path, help="file to keep the addresses in")
    for role in ("admin", "anchorer", "settler"):
        parser.add_argument(f"--{role}", help=f"account of the {role} (default: the deployer)")
    parser.add_argument(
        "--delay", type=int, default=ADMIN_DELAY, help="seconds before a new owner may accept"
    )
    parser.add_argument("--test-token", type=int, metavar="DECIMALS", help="also deploy a token for tests")
    parser.add_argument("--fund", help="account that is given test tokens while it has none")
    parser.add_argument("--registry", help="also deploy the adapter for this SetRegistry")
    given = parser.parse_args(arguments)

    account: LocalAccount = Account.from_key(given.key_file.read_text(encoding="utf-8").strip())
    plan = Plan(
        admin=Web3.to_checksum_address(given.admin or account.address),
        anchorer=Web3.to_checksum_address(given.anchorer or account.address),
        settler=Web3.to_checksum_address(given.settler or account.address),
        delay=given.delay,
        test_token=given.test_token,
        registry=Web3.to_checksum_address(given.registry) if given.registry else None,
        fund=Web3.to_checksum_address(given.fund) if given.fund else None,
    )
    try:
        print(json.dumps(deploy(Web3(HTTPProvider(given.rpc)), account, plan, given.addresses), indent=2))
    except DeploymentError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
