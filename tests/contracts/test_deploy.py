"""Deployment from the artifacts: repeatable, resumable, on the right chain, with the roles that were asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3

from tests.contracts.conftest import KEY
from ves_contracts import deploy


def test_a_repeated_deployment_sends_nothing(
    w3: Web3, account: LocalAccount, plan: deploy.Plan, addresses: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "addresses.json"
    file.write_text(json.dumps(addresses))
    before = w3.eth.get_transaction_count(account.address)
    assert deploy.deploy(w3, account, plan, file) == addresses
    assert w3.eth.get_transaction_count(account.address) == before


def test_an_interrupted_deployment_goes_on_where_it_stopped(
    w3: Web3, account: LocalAccount, plan: deploy.Plan, addresses: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "addresses.json"
    file.write_text(json.dumps({"chain_id": addresses["chain_id"], "anchor": addresses["anchor"]}))
    found = deploy.deploy(w3, account, plan, file)
    assert found["anchor"] == addresses["anchor"]
    assert w3.eth.get_code(found["settlement"]) == w3.eth.get_code(addresses["settlement"])
    assert found["settlement"] != addresses["settlement"]
    assert json.loads(file.read_text()) == found


def test_an_account_is_funded_with_the_test_token_once(
    w3: Web3, account: LocalAccount, plan: deploy.Plan, addresses: dict[str, Any], tmp_path: Path
) -> None:
    file, demo = tmp_path / "addresses.json", Account.create().address
    file.write_text(json.dumps(addresses))
    token = deploy.contract(w3, "TestToken", addresses["token"])
    for _ in range(2):
        deploy.deploy(w3, account, replace(plan, fund=demo), file)
        assert token.functions.balanceOf(demo).call() == deploy.FUNDS * 10**6


def test_a_file_of_another_chain_is_refused(
    w3: Web3, account: LocalAccount, plan: deploy.Plan, tmp_path: Path
) -> None:
    file = tmp_path / "addresses.json"
    file.write_text('{"chain_id": 1}')
    with pytest.raises(deploy.DeploymentError, match="is of chain 1"):
        deploy.deploy(w3, account, plan, file)


def test_a_transaction_that_reverts_is_an_error(
    w3: Web3, account: LocalAccount, addresses: dict[str, Any]
) -> None:
    settlement = deploy.contract(w3, "PaymentSettlement", addresses["settlement"])

    class WithGas:
        """A call that skips the estimate, which would refuse it before it is sent."""

        @staticmethod
        def build_transaction(parameters: Any) -> Any:
            return settlement.functions.unpause().build_transaction(parameters | {"gas": 100_000})

    with pytest.raises(deploy.DeploymentError, match="reverted"):
        deploy.send(w3, account, WithGas())  # type: ignore[arg-type]


def test_the_command_gives_each_role_to_its_account(
    w3: Web3, node: str, addresses: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    people = {role: Account.create().address for role in ("admin", "anchorer", "settler")}
    roles = [text for role, who in people.items() for text in (f"--{role}", who)]
    place = [
        "--rpc",
        node,
        "--key-file",
        str(tmp_path / "key"),
        "--addresses",
        str(tmp_path / "addresses.json"),
    ]
    assert deploy.main([*place, *roles, "--registry", addresses["settlement"], "--delay", "5"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"chain_id", "anchor", "settlement", "registry_anchor"}
    anchor = deploy.contract(w3, "StateSetAnchor", found["anchor"])
    adapter = deploy.contract(w3, "SetRegistryAnchor", found["registry_anchor"])
    settlement = deploy.contract(w3, "PaymentSettlement", found["settlement"])
    assert anchor.functions.owner().call() == people["admin"]
    assert anchor.functions.defaultAdminDelay().call() == 5
    assert adapter.functions.REGISTRY().call() == addresses["settlement"]
    for contract, role, who in (
        (anchor, "ANCHORER_ROLE", "anchorer"),
        (adapter, "ANCHORER_ROLE", "anchorer"),
        (settlement, "SETTLER_ROLE", "settler"),
        (settlement, "PAUSER_ROLE", "admin"),
    ):
        has = contract.functions.hasRole(contract.functions[role]().call(), people[who]).call()
        assert has, (role, who)

    (tmp_path / "addresses.json").write_text('{"chain_id": 1}')
    assert deploy.main(place) == 1
    assert "chain 1" in capsys.readouterr().err
