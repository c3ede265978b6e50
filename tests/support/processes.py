"""The API and the workers as processes, started with the settings that the tests have in common."""

from __future__ import annotations

import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import uuid
from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx

from tests.support import keyring, recorder
from tests.support.cluster import ROOT
from tests.support.forked import Forked, Forker
from tests.support.waiting import wait_until
from ves import ed25519

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BOOTSTRAP_KEY = "ss_bootstrap_key_of_the_tests_0123456789"
SEQUENCER_ID = uuid.UUID("5e90e9ce-0000-4000-8000-000000000001")
SEQUENCER_SEED = bytes(range(32))
SEQUENCER_PUBLIC_KEY = ed25519.public_key(SEQUENCER_SEED)
SERVE = "from ves_api import server, settings; server.run(settings.load())"
START_SECONDS = 60
STOP_SECONDS = 60
_ports = itertools.cycle(range(20_000, 32_768))
next(itertools.islice(_ports, random.randrange(12_768), None))
_FOLDERS = [ROOT / name for name in ("plpython", "api", "api/client", "workers", "sql", "contracts")]
_READ_AT_IMPORT = {"PROMETHEUS_MULTIPROC_DIR"}


def free_port() -> int:
    """A TCP port of the loopback interface that is free, each one once, from a random one on.

    Below the range that the kernel gives to outgoing connections and to port 0: of such a port another test can become the owner
    before the program that it is for.
    """
    while True:
        port = next(_ports)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def environment(**more: str) -> dict[str, str]:
    """The whole environment of a program of this checkout: its packages, the tests' sequencer and key ring, and `more`."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, _FOLDERS)),
        **keyring.ENVIRONMENT,
        "VES_SEQUENCER_ID": str(SEQUENCER_ID),
        "VES_SEQUENCER_SIGNING_KEY": SEQUENCER_SEED.hex(),
        "LOG_FORMAT": "json",
        **more,
    }


@cache
def forker() -> Forker:
    """The one of this process."""
    return Forker(environment(PYTHONPATH=os.pathsep.join(map(str, (ROOT, *_FOLDERS)))))


@dataclass
class Program(ABC):
    """A program on a database; `env` are settings beside the usual ones. It may be launched again after its end.

    Unless `is_forked`, an interpreter is started for it, which takes a second longer.
    """

    database_url: str
    env: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | Forked | None = None
    log: Path | None = None
    is_forked: bool = True

    @abstractmethod
    def arguments(self) -> list[str]:
        """What follows `python`."""

    def settings(self) -> dict[str, str]:
        """Settings of every program of this kind."""
        return {}

    def launch(self, log: Path) -> None:
        """Start it, its output appended to the log, without waiting for anything."""
        self.log = log
        env = environment(DATABASE_URL=self.database_url, **self.settings()) | self.env
        if self.is_forked and not env.keys() & _READ_AT_IMPORT:
            self.process = forker().launch(self.arguments(), env, log)
            return
        with log.open("ab") as stream:
            command = [sys.executable, *self.arguments()]
            self.process = subprocess.Popen(command, env=env, cwd="/", stdout=stream, stderr=stream)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; answers the exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; answers the exit status."""
        assert self.process is not None
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """kill -9, if it runs."""
        if self.is_running():
            self.stop(signal.SIGKILL)

    def log_text(self) -> str:
        return self.log.read_text(encoding="utf-8") if self.log else ""

    def said(self, event: str) -> bool:
        """Whether a line of the log has this event's name."""
        return f'"{event}"' in self.log_text()


@dataclass
class Server(Program):
    """The API in one process on a port of the loopback interface."""

    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def arguments(self) -> list[str]:
        return ["-c", SERVE]

    def settings(self) -> dict[str, str]:
        return {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            # The port after this one may be in use; tests/rpc name one.
            "GRPC_DISABLED": "true",
            "VES_API_WORKERS": "1",
            "BOOTSTRAP_ADMIN_API_KEY": BOOTSTRAP_KEY,
            "RUST_LOG": "debug",
        }

    def launch(self, log: Path) -> None:
        recorder.LOGS.add(log)
        super().launch(log)

    def start(self, log: Path) -> Server:
        """Launch it and wait until it is ready."""
        self.launch(log)
        wait_until(self.answers, "the server is ready", seconds=START_SECONDS)
        return self

    def answers(self) -> bool:
        assert self.is_running(), f"the server ended: {self.log_text()}"
        try:
            return httpx.get(f"{self.url}/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def client(
        self, key: str | None = BOOTSTRAP_KEY, added: dict[str, str] | None = None, **options: Any
    ) -> httpx.Client:
        """A client with this API key, if any, and `added` headers."""
        headers = {} if key is None else {"x-api-key": key}
        headers |= added or {}
        hooks = {"response": [recorder.note]}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, event_hooks=hooks, **options)


@dataclass
class Worker(Program):
    """`python -m ves_workers` with the named workers, or with all."""

    names: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        return ["-m", "ves_workers", *self.names]

    def settings(self) -> dict[str, str]:
        return {"VES_WORKER_POLL_MS": "10"}


@contextmanager
def launching_workers(database_url: str, folder: Path) -> Iterator[Callable[..., Worker]]:
    """Yields what launches named workers with settings of their own; all are killed at the end."""
    running: list[Worker] = []

    def launch(*names: str, **env: str) -> Worker:
        worker = Worker(database_url, env, names=names)
        running.append(worker)
        worker.launch(folder / f"worker-{len(running)}.log")
        return worker

    yield launch
    for worker in running:
        worker.kill()
