"""The client alone on each CPython that it is for: installed by its wheel, an agent records, syncs and verifies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.offline import AGENT, SEQUENCER_KEY, STORE, TENANT
from tests.client.double import Double, serving
from tests.deploy.test_wheels import wheels
from tests.support import authorities
from tests.support.cluster import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["wheels"]

UV = Path(sys.executable).parent / "uv"
ABSENT = "import importlib.util as it; print([n for n in ('psycopg', 'grpc', 'ves_edge') if it.find_spec(n)])"


def run(*command: str | Path, check: bool = True) -> str:
    env = authorities.environment() | {"UV_SYSTEM_CERTS": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def interpreter(version: str) -> Path:
    """Find an installed CPython, on the path or below pyenv's root; skips the test if there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = [*pyenv.glob(f"versions/{version}.*/bin/python")]
    if listed := run(UV, "python", "find", "--no-python-downloads", "--system", version, check=False).strip():
        found.insert(0, Path(listed))
    if not found:
        pytest.skip(f"CPython {version} is not installed")
    return found[0]


@pytest.fixture(params=["3.11", "3.12", "3.13", "3.14"])
def commands(request: pytest.FixtureRequest, wheels: dict[str, Path], tmp_path: Path) -> Path:
    """The folder of an environment's programs that holds the client's wheels and the locked packages that they ask for."""
    place, constraints = tmp_path / "environment", tmp_path / "constraints.txt"
    run(UV, "venv", "--no-project", "--python", interpreter(request.param), place)
    lock = (ROOT / "requirements.lock").read_text().splitlines()
    # Without the hashes: those of a constraint would also be asked of our own wheels.
    constraints.write_text("\n".join(line.split()[0] for line in lock if line[:1].isalnum()))
    ours = (wheels["plpython"], wheels["api/client"])
    run(UV, "pip", "install", "--python", place, "--constraint", constraints, *ours)
    assert run(place / "bin" / "python", "--version").startswith(f"Python {request.param}.")
    return place / "bin"


@pytest.fixture
def double() -> Iterator[Double]:
    with serving(Double()) as made:
        yield made


def test_an_agent_records_syncs_and_verifies_offline(commands: Path, double: Double, tmp_path: Path) -> None:
    AGENT.save(tmp_path / "agent.json")
    environment = {
        "PATH": os.environ["PATH"],
        "VES_AGENT_KEY_FILE": str(tmp_path / "agent.json"),
        "VES_OUTBOX": str(tmp_path / "outbox.db"),
        "VES_TENANT_ID": str(TENANT),
        "VES_STORE_ID": str(STORE),
        "VES_API_KEY": "ss_x",
    }

    def agent(
        *arguments: str, url: str = "http://127.0.0.1:9", payload: str | None = None
    ) -> dict[str, object]:
        done = subprocess.run(
            [commands / "ves-agent", "agent", *arguments, "--json"],
            env=environment | {"VES_HTTP_URL": url},
            cwd=tmp_path,
            input=payload,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        told: dict[str, object] = json.loads(done.stdout)
        return told

    agent("init", "--public-key", SEQUENCER_KEY.hex())
    event = ("--entity-type", "order", "--entity-id", "O-1", "--event-type", "order.created")
    agent("record", "-", *event, payload='{"total": 9.5}')
    assert agent("status")["local"] == 1
    assert agent("sync", "--pull", url=double.url)["accepted"] == 1
    assert agent("status")["acked"] == 1
    assert agent("verify") == {"valid": True, "checked": 1, "findings": []}
    assert run(commands / "python", "-c", ABSENT) == "[]\n"
