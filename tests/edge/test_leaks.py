"""No program says a password or a seed: each form of a connection string, the start line and the error lines."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from tests.edge.test_dsn import FORMS
from tests.support.cluster import ROOT

PASSWORD = "s3cr"
SEED = bytes(range(1, 33)).hex()
ROOMS = ("plpython", "api", "api/client", "workers", "sql")
DEADLINE_SECS = 60.0
# Program, the variable with its connection string, words of the lines that must have been written.
PROGRAMS = {
    "workers": (["-m", "ves_workers"], "DATABASE_URL", ["process.started", "database_not_reachable"]),
    "server": (["-m", "ves_api.cli", "serve"], "DATABASE_URL", ["starting", "not reachable"]),
    "commands": (
        ["-m", "ves_api.cli", "keys", "list", "--tenant", "{id}", "--agent", "{id}"],
        "VES_DATABASE_URL",
        [],
    ),
    "config": (["-m", "ves_api.cli", "config"], "VES_DATABASE_URL", ["VES_DATABASE_URL"]),
}
ID = "11111111-1111-4111-8111-111111111111"


def launch(program: str, url: str, seed: str = SEED) -> subprocess.Popen[str]:
    arguments, variable, _ = PROGRAMS[program]
    return subprocess.Popen(
        [sys.executable, *[argument.format(id=ID) for argument in arguments]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": ":".join(str(ROOT / room) for room in ROOMS),
            variable: f"{url} port=1" if "://" not in url else url.replace("127.0.0.1/", "127.0.0.1:1/"),
            "VES_SEQUENCER_SIGNING_KEY": seed,
            "DB_STARTUP_MAX_RETRIES": "0",
            "AUTH_MODE": "disabled",
            "ALLOW_AUTH_DISABLED": "true",
            "PAYLOAD_ENCRYPTION_MODE": "disabled",
        },
    )


def said(program: str, process: subprocess.Popen[str]) -> str:
    """Everything that it writes until it ends, or until it has failed once."""
    wanted, text, deadline = PROGRAMS[program][2], "", time.monotonic() + DEADLINE_SECS
    assert process.stdout is not None
    for line in process.stdout:
        text += line
        assert time.monotonic() < deadline
        if program == "workers" and all(word in text for word in wanted):
            process.kill()
    process.wait(DEADLINE_SECS)
    process.stdout.close()
    assert all(word in text for word in wanted), text
    return text


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_says_neither_password_nor_seed(program: str) -> None:
    for process in [launch(program, url) for url in FORMS]:
        text = said(program, process)
        assert text
        assert PASSWORD not in text
        assert SEED not in text


@pytest.mark.parametrize("program", ["workers", "server"])
def test_a_seed_that_cannot_be_read_is_not_quoted(program: str) -> None:
    process = launch(program, "host=127.0.0.1", seed=f"{SEED}zz")
    text, _ = process.communicate(timeout=DEADLINE_SECS)
    assert process.returncode != 0
    assert "VES_SEQUENCER_SIGNING_KEY" in text
    assert SEED not in text
