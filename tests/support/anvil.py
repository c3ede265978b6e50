"""A local chain for tests: anvil from the packages of contracts/."""

from __future__ import annotations

import re
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.cluster import ROOT
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Accounts of anvil's public mnemonic. Settler and anchorer send only what the workers sign: each nonce sequence has one owner.
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
SETTLER_KEY = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
ANCHORER_KEY = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"


@contextmanager
def anvil(folder: Path, chain_id: int, *options: str) -> Iterator[str]:
    """Run a node of its own; yields its URL. Skips where anvil is not installed."""
    found = list((ROOT / "contracts").glob("node_modules/@foundry-rs/anvil-*/bin/anvil"))
    if not found:
        pytest.skip("anvil is not installed (make tools)")
    log = folder / "anvil.log"
    with log.open("w") as output:
        # A state that was written to disk is read back without the contracts' code by a reorg (seen near block 1,000).
        command = [
            str(found[0]),
            "--port",
            "0",
            "--chain-id",
            str(chain_id),
            "--prune-history",
            "20000",
            *options,
        ]
        process = subprocess.Popen(command, stdout=output)
    try:
        yield f"http://{_listening(process, log)}"
    finally:
        process.terminate()
        process.wait()


def _listening(process: subprocess.Popen[bytes], log: Path) -> str:
    """Host and port that the node has chosen, as soon as it has written them."""

    def listening() -> re.Match[str] | None:
        said = log.read_text(encoding="utf-8")
        assert process.poll() is None, f"anvil ended: {said}"
        return re.search(r"Listening on (\S+)\n", said)

    return str(wait_until(listening, "anvil listens", seconds=60)[1])


def write_key_file(folder: Path) -> Path:
    """The file with `SETTLER_KEY` that a settlement worker takes."""
    path = folder / "settler.key"
    path.touch(mode=0o600)
    path.write_text(SETTLER_KEY, encoding="ascii")
    return path
