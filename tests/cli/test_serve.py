"""`ves serve` and `stateset-sequencer`: started by the environment alone, and honest about why they do not start."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pytest

from tests.cli.system import System
from tests.support.processes import environment


def serve(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from ves_api.cli.main import serve_main; serve_main()"],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        timeout=60,
        env=environment(**variables),
    )


@pytest.mark.parametrize(
    "variables",
    [{"PORT": "many"}, {"BOOTSTRAP_ADMIN_API_KEY": "no prefix"}, {"VES_SEQUENCER_SIGNING_KEY": "short"}],
)
def test_a_wrong_setting_ends_with_2_and_is_named(variables: dict[str, str]) -> None:
    done = serve(**{"DATABASE_URL": "postgresql://127.0.0.1:1/x", **variables})
    assert done.returncode == 2
    assert next(iter(variables)) in done.stderr


def test_a_database_that_is_not_there_ends_with_3() -> None:
    done = serve(DATABASE_URL="postgresql://127.0.0.1:1/x", DB_STARTUP_MAX_RETRIES="0")
    assert done.returncode == 3


def test_a_running_server_stops_on_sigterm_and_starts_again(system: System) -> None:
    assert system.stop() == [0, 0]
    system.start()
    assert httpx.get(f"{system.url}/health").json()["status"] == "healthy"
