"""The local chain (none with `VES_CHAIN=off`): anvil with the contracts deployed and a demo account that has test dollars.

It listens on the loopback only and uses anvil's accounts, whose keys are public: nothing on it is worth anything.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from ves_local import anvil, keyvalue, ports, processes, supervise
from ves_local.console import StageError, open_log, say

if TYPE_CHECKING:
    from pathlib import Path

    from ves_local.layout import Layout

CHAIN_ID = 84532001  # set_chain (x402 A2)
HOST = "127.0.0.1"
NETWORK, ASSET = "set_chain", "usdc"
# The first four accounts of anvil's mnemonic: each has a nonce sequence of its own.
_DEPLOYER_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
_DEMO_ACCOUNT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
_DEMO_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
_SETTLER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
_SETTLER_KEY = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
_ANCHORER = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
_ANCHORER_KEY = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"
_READY_SECONDS = 60.0
_DEPLOY_SECONDS = 180.0


def _folder(layout: Layout) -> Path:
    return layout.state / "chain"


def _last_port(layout: Layout) -> str:
    note = _folder(layout) / "port"
    return note.read_text(encoding="utf-8") if note.exists() else ""


def _url(port: str) -> str:
    return f"http://{HOST}:{port}"


def _choose_port(layout: Layout) -> str:
    """Return the port of the last start, or a free one where there was none or another program listens on it."""
    note = _folder(layout) / "port"
    known = _last_port(layout)
    running = supervise.program(layout, "chain").get("statename") in {"RUNNING", "STARTING"}
    if not known or not (running or ports.is_free(HOST, int(known))):
        known = str(ports.free_port(HOST, ()))
        keyvalue.write_text(note, known)
    return known


def command(layout: Layout, *, is_private: bool = True) -> tuple[str | Path, ...]:
    """Return the command of the chain's program, nothing if there is to be no chain. Its state is written when it stops.

    Without VES_CHAIN there is one where the settings name no other chain (L2_RPC_URL), the database server is private, and
    anvil can be had. Raises StageError for another word, and for `local` where anvil cannot be had.
    """
    given = keyvalue.read(layout.state / "settings.env") | os.environ
    said = given.get("VES_CHAIN") or ""
    if said not in {"", "off", "local"}:
        raise StageError(f"VES_CHAIN is '{said}'; it may be off or local")
    # A shell that has read .ves/env names our own.
    names_another = given.get("L2_RPC_URL") not in {None, "", _url(_last_port(layout))}
    if said == "off" or (not said and (names_another or not is_private)):
        return ()
    _folder(layout).mkdir(mode=0o700, exist_ok=True)
    try:
        program = anvil.program(layout)
    except StageError as error:
        if said:
            raise
        say(f"no local chain, so nothing is paid or anchored: {error}")
        return ()
    keyvalue.write(layout.process_env("chain"), {"PATH": "/usr/bin:/bin"})
    options = ("--host", HOST, "--port", _choose_port(layout), "--chain-id", str(CHAIN_ID), "--quiet")
    return (program, *options, "--state", _folder(layout) / "state.json")


class Reach(NamedTuple):
    """Settings by which the local chain is reached: those in `.ves/env`, of API and workers, and of the workers alone."""

    told: dict[str, str]
    edges: dict[str, str]
    workers: dict[str, str]


NOWHERE = Reach({}, {}, {})


def start(layout: Layout) -> Reach:
    """Start the chain and deploy the missing contracts."""
    folder = _folder(layout)
    port = _last_port(layout)
    url = _url(port)
    supervise.start_program(layout, "chain")
    if not processes.wait_until(lambda: not ports.is_free(HOST, int(port)), _READY_SECONDS):
        raise StageError("the local chain does not listen", [layout.log / "chain.log"])
    key, addresses, log = folder / "deployer.key", folder / "addresses.json", layout.log / "chain-deploy.log"
    keyvalue.write_text(key, _DEPLOYER_KEY)
    module = (layout.venv / "bin" / "python", "-m", "ves_contracts.deploy")
    where = ("--rpc", url, "--key-file", key, "--addresses", addresses)
    with open_log(log) as stream:
        deployed = subprocess.run(
            [
                *module, *where, "--settler", _SETTLER, "--anchorer", _ANCHORER, "--test-token", "6", "--fund",
                _DEMO_ACCOUNT,
            ],
            check=False, stdout=stream, stderr=stream, timeout=_DEPLOY_SECONDS,
        )  # fmt: skip
    if deployed.returncode != 0:
        raise StageError("the contracts were not deployed", [log, layout.log / "chain.log"])
    say(f"the local chain runs at {url}; addresses in {addresses}")
    settler, anchorer = folder / "settler.key", folder / "anchorer.key"
    keyvalue.write_text(settler, _SETTLER_KEY)
    keyvalue.write_text(anchorer, _ANCHORER_KEY)
    contract = json.loads(addresses.read_text(encoding="utf-8"))["anchor"]
    reached = {"L2_RPC_URL": url, "L2_CHAIN_ID": str(CHAIN_ID), "SET_REGISTRY_ADDRESS": contract}
    told = {"VES_CHAIN_ADDRESSES": str(addresses), "VES_CHAIN_DEMO_KEY": _DEMO_KEY}
    # The node makes a block of each transaction and none without one, so the first block is final.
    quick = {
        "VES_CHAIN_CONFIRMATIONS": "1",
        "ANCHOR_FINALITY_CONFIRMATIONS": "1",
        "VES_CHAIN_POLL_MS": "3000",
    }
    keys = {"VES_CHAIN_SETTLER_KEY_FILE": str(settler), "VES_CHAIN_ANCHORER_KEY_FILE": str(anchorer)}
    return Reach(reached | told, reached, quick | keys)


def register(layout: Layout, admin_url: str) -> None:
    """Tell the engine which contract settles payments of the local chain, and which token it pays in."""
    addresses = json.loads((_folder(layout) / "addresses.json").read_text(encoding="utf-8"))
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for call, given in (
            ("select ves.set_settlement_contract(%s, %s)", [NETWORK, addresses["settlement"]]),
            ("select ves.set_payment_token(%s, %s, %s)", [NETWORK, ASSET, addresses["token"]]),
        ):
            connection.execute(call, given)
