"""The wheel is complete: what a checkout can do, an environment that holds nothing but the wheel can do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.cluster import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cluster import Cluster

VENV_BIN = Path(sys.executable).parent


def packages() -> str:
    """The folder of the locked third-party packages."""
    return str(Path(pytest.__file__).parents[1])


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project's own wheel and nothing else of ours."""
    wheels, target = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = wheels.glob("*.whl")
    install = ["pip", "install", "--offline", "--quiet", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run([str(VENV_BIN / "uv"), *install], check=True, capture_output=True)
    return target


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


def test_tests_the_demo_and_the_deployment_are_not_in_the_wheel(installed: Path) -> None:
    ours = {
        path.name for path in installed.iterdir() if path.is_dir() and not path.name.endswith(".dist-info")
    }
    assert ours == {"ves", "ves_stark", "ves_install", "ves_api", "ves_workers", "bin"}
