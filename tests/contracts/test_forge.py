"""The contracts' own tests: forge runs them, with fuzzing and invariants (contracts/README.md)."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.contracts.conftest import ROOM
from ves_contracts.build import FORGE


def forge(*arguments: str, profile: str = "default") -> str:
    if not FORGE.exists():
        pytest.skip("forge is not installed (make tools)")
    ran = subprocess.run(
        [FORGE, *arguments],
        cwd=ROOM,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(ROOM / "out"), "FOUNDRY_PROFILE": profile},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
    return ran.stdout


def test_the_contracts_pass_their_tests() -> None:
    said = forge("test")
    assert "0 failed, 0 skipped" in said


def test_gas_is_as_the_snapshot_has_it() -> None:
    forge("snapshot", "--check", "--match-contract", "GasTest")


@pytest.mark.soak
def test_every_line_and_branch_of_the_contracts_is_covered() -> None:
    rows = re.findall(r"^\| (src/\S+) +\| (.+) \|$", forge("coverage", "--report", "summary"), re.MULTILINE)
    assert len(rows) == 6
    assert {row: cells for row, cells in rows if cells.count("100.00%") != 4} == {}


@pytest.mark.soak
def test_invariants_hold_over_a_million_calls() -> None:
    said = forge("test", "--match-contract", "InvariantsTest", profile="long")
    calls = re.search(r"runs: \d+, calls: (\d+), reverts: 0", said)
    assert calls is not None
    assert int(calls[1]) >= 1_000_000
