"""The product as `make up` starts it, from a copy of this checkout: front door, API, workers and PostgreSQL."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg

from tests.bench import clocks
from tests.support import authorities
from tests.support.cluster import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.bench.events import Agent

_GROUPS = ("api", "workers", "front")
_UP_SECONDS = 900
# Quiet: less than 4 % of a core in each second.
_QUIET_CPU, _SETTLE_SECONDS = 0.04, 120.0
_PRIVATE = re.compile(r"^Private_(?:Clean|Dirty): *(\d+) kB$", re.MULTILINE)


@dataclass
class Product:
    """A running system. `roots` are the first processes of its groups: api, workers, front, postgres.

    `quiet_seconds`: how long it must be quiet to be settled.
    """

    folder: Path
    settings: dict[str, str]
    roots: dict[str, int]
    quiet_seconds: int = 3

    @property
    def port(self) -> int:
        return urlsplit(self.settings["VES_HTTP_URL"]).port or 80

    @property
    def key(self) -> str:
        return self.settings["VES_ADMIN_KEY"]

    @property
    def receipts_key(self) -> bytes:
        return bytes.fromhex(self.settings["VES_SEQUENCER_PUBLIC_KEY"])

    def ask(self, statement: str) -> Any:
        """The first column of a statement's row, as the superuser."""
        with psycopg.connect(self.settings["VES_SUPERUSER_DATABASE_URL"], autocommit=True) as connection:
            row = connection.execute(statement).fetchone()
            return None if row is None else row[0]

    def register(self, agents: Sequence[Agent]) -> None:
        """Register the keys of agents over HTTP."""
        keys = {(agent.tenant_id, agent.agent_id): agent for agent in agents}
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._register, keys.values()))

    def _register(self, agent: Agent) -> None:
        body = {
            "tenantId": str(agent.tenant_id),
            "agentId": str(agent.agent_id),
            "keyId": 1,
            "publicKey": agent.public_key.hex(),
        }
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"ApiKey {self.key}", "Content-Type": "application/json"}
        client.request("POST", "/api/v1/agents/keys", json.dumps(body), headers)
        answer = client.getresponse()
        if answer.status not in {200, 201}:
            raise RuntimeError(f"a key was not registered: {answer.status} {answer.read(300)!r}")
        client.close()

    def settle(self) -> tuple[dict[str, float], float]:
        """Wait until the system is quiet: CPU seconds by group, and how long it took."""
        watch, started = clocks.Stopwatch(**self.roots), time.monotonic()
        last, quiet = self._cpu(), 0
        while quiet < self.quiet_seconds and time.monotonic() - started < _SETTLE_SECONDS:
            time.sleep(1)
            now = self._cpu()
            quiet = quiet + 1 if now - last < _QUIET_CPU else 0
            last = now
        return watch.stop().cpu, max(0.0, time.monotonic() - started - self.quiet_seconds)

    def _cpu(self) -> float:
        return sum(clocks.tree_cpu(pid) for pid in self.roots.values())

    def private_mib(self) -> dict[str, float]:
        """Private memory (smaps_rollup) of API and workers, in MiB, and their processes."""
        found: dict[str, float] = {}
        for group in ("api", "workers"):
            for pid in clocks.descendants(self.roots[group]):
                with contextlib.suppress(OSError):
                    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
                    found[group] = found.get(group, 0.0) + sum(map(int, _PRIVATE.findall(text))) / 1024
        return found


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Product]:
    """`make up` in a copy of the files of this checkout; `make reset` on the way out."""
    checkout = folder / "checkout"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    folder.chmod(0o755)  # the server's user passes through
    try:
        _make(checkout, "up", f"PORT={_free_port()}", f"GRPC_PORT={_free_port()}")
        state = checkout / ".ves"
        lines = (state / "env").read_text(encoding="utf-8").splitlines()
        roots = {group: int((state / "run" / f"{group}.pid").read_text()) for group in _GROUPS}
        postmaster = (state / "pg" / "data" / "postmaster.pid").read_text(encoding="utf-8")
        roots["postgres"] = int(postmaster.split("\n", 1)[0])
        yield Product(checkout, dict(line.split("=", 1) for line in lines if "=" in line), roots)
    finally:
        _make(checkout, "reset")


def _make(checkout: Path, *arguments: str) -> None:
    environment = {
        name: value
        for name, value in authorities.environment().items()
        if name not in {"PYTHONPATH", "MAKEFLAGS"}
    }
    done = subprocess.run(
        ["make", *arguments],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_UP_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"make {arguments[0]} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
