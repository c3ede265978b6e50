"""The alias binary as a process, and a stream to try it on."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.sql.support import Agent, Edge

if TYPE_CHECKING:
    from tests.cli.system import System

ALIAS = "from ves_api.cli.admin_program.alias import main; main()"
PAYLOADS = ['{"n": 1e16, "s": "caf\\u00e9"}', '{ "spaced" : [1.0, -0.0] }', '"text"', "[null]", '{"n":5}']


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def alias(*arguments: str, url: str | None = None, **settings: str) -> Done:
    """The alias binary in a process of its own, with nothing but the database and `settings` in its environment."""
    env = {name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH", "LANG"}}
    env |= {"PYTHONPATH": os.pathsep.join(sys.path), **settings}
    if url is not None:
        env["DATABASE_URL"] = url
    done = subprocess.run(
        [sys.executable, "-c", ALIAS, *arguments],
        capture_output=True,
        text=True,
        env=env,
        cwd="/",
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def stream(here: System) -> Agent:
    """A stream of five events with payloads that must not be touched."""
    agent = Agent()
    with here.database.connect("ves_api") as connection:
        edge = Edge.open(connection)
        agent.register(connection)
        assert edge.ingest(agent, *map(agent.event, PAYLOADS)).numbers == [1, 2, 3, 4, 5]
    return agent


def named(agent: Agent) -> list[str]:
    return ["--tenant-id", str(agent.tenant_id), "--store-id", str(agent.store_id)]
