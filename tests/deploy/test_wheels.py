"""The wheels are complete: what a checkout can do, an environment that holds nothing but the wheels can do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.offline import SEQUENCER_KEY, make_evidence
from tests.support.cluster import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cluster import Cluster

VENV_BIN = Path(sys.executable).parent


def packages() -> str:
    """The folder of the locked third-party packages."""
    return str(Path(pytest.__file__).parents[1])


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels of the checkout's distributions by the folder that they are built from."""
    built = {}
    for folder in (".", "plpython", "api/client"):
        target = tmp_path_factory.mktemp("wheel")
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
        subprocess.run(build, cwd=ROOT / folder, check=True, capture_output=True)
        (built[folder],) = target.glob("*.whl")
    return built


def install(target: Path, *wheels: Path) -> Path:
    """Install these wheels and nothing else of ours into a folder."""
    command = ["pip", "install", "--offline", "--quiet", "--no-deps", "--target", str(target)]
    subprocess.run([str(VENV_BIN / "uv"), *command, *map(str, wheels)], check=True, capture_output=True)
    return target


@pytest.fixture(scope="session")
def installed(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything."""
    return install(tmp_path_factory.mktemp("installed"), *wheels.values())


@pytest.fixture(scope="session")
def client(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client with the protocol library."""
    return install(tmp_path_factory.mktemp("client"), wheels["plpython"], wheels["api/client"])


def run(installed: Path, *arguments: str, **environment: str) -> str:
    """Run Python with the wheel and third-party packages only: -S leaves out the checkout's editable install."""
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment}
    env["PYTHONPATH"] = os.pathsep.join((str(installed), packages()))
    command = [sys.executable, "-S", *arguments]
    done = subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[str]:
    """An empty database."""
    name = f"w_{uuid.uuid4().hex}"
    with cluster.connect() as connection:
        connection.execute(f"create database {name}")
    yield name
    with cluster.connect() as connection:
        connection.execute(f"drop database {name} with (force)")


def test_the_engine_is_installed_into_an_empty_database_from_the_wheel_alone(
    installed: Path, cluster: Cluster, empty: str
) -> None:
    module = run(installed, "-c", "import ves_install.files as f; print(f.__file__, f.sql_root())").split()
    assert all(Path(place).is_relative_to(installed) for place in module)
    url = cluster.url(empty)
    told = json.loads(run(installed, "-m", "ves_api.cli", "engine", "install", "--json", DATABASE_URL=url))
    assert told["logic_applied"]
    with cluster.connect(empty) as connection:
        assert connection.execute("select mode from ves.health()").fetchone() == (told["mode"],)
    differences = run(installed, "-m", "ves_api.cli", "engine", "doctor", "--json", DATABASE_URL=url)
    assert json.loads(differences) == []


def test_the_wheel_holds_every_file_that_the_installer_loads(installed: Path) -> None:
    listing = (
        "import json; from ves_install.files import section, sql_root\n"
        "names = ('schemas', 'state', 'queues', 'wrappers', 'logic', 'grants')\n"
        "root = sql_root().parent\n"
        "print(json.dumps([str(p.relative_to(root)) for name in names for p in section(name)]))"
    )
    packaged = json.loads(run(installed, "-c", listing))
    checkout = subprocess.run(
        [sys.executable, "-c", listing], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert packaged == json.loads(checkout.stdout)
    assert any(name.startswith("plpython/wrappers/") for name in packaged)


def test_no_file_is_in_two_wheels(wheels: dict[str, Path]) -> None:
    names = [name for wheel in wheels.values() for name in zipfile.ZipFile(wheel).namelist()]
    assert len(names) == len(set(names))
    ours = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert ours == {
        "ves",
        "ves_stark",
        "ves_client",
        "ves_paywall",
        "ves_edge",
        "ves_install",
        "ves_api",
        "ves_workers",
        "ves_contracts",
    }


def test_the_client_alone_verifies_a_receipt_and_loads_neither_the_server_nor_a_database_driver(
    client: Path, tmp_path: Path
) -> None:
    (tmp_path / "receipt.json").write_text(json.dumps(make_evidence()))
    script = (
        "import sys\n"
        "from ves_client.commands.main import app\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'psycopg', 'psycopg_c', 'sqlalchemy', 'ves_api', 'ves_edge', 'ves_install'}))\n"
    )
    verify = ["verify", "receipt", str(tmp_path / "receipt.json"), "--public-key"]
    assert run(client, "-c", script, *verify, SEQUENCER_KEY.hex()).splitlines() == ["VALID: 1 receipt", "[]"]
    wrong = run(client, "-c", script, *verify, "11" * 32)
    assert "INVALID" in wrong
