"""The API and the workers without the second that their imports take: forked by a process that has imported them.

A forked program runs the same code in a process of its own, with its own environment, output, signals and exit status.
What is read at import, and memory that is shared with the forking process, are not those of a program that was started:
`Program.is_forked` is false for tests of these.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MODULES = (
    "ves_api.app",
    "ves_api.server",
    "ves_workers.__main__",
    "ves_workers.chain.anchoring",
    "ves_workers.chain.settlement",
    "ves_workers.timestamps.worker",
)
_RUN_MODULE = "import runpy, sys; runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"


class Forker:
    """The forking process, started by the first launch; it ends with the process of the tests."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self, arguments: Sequence[str], env: Mapping[str, str], log: Path) -> Forked:
        """Fork a program: the arguments are `-c` and code, or `-m`, a module and its arguments; output is appended to the log."""
        log.touch()
        asked = {"arguments": list(arguments), "env": dict(env), "log": str(log)}
        return Forked(self, self._ask(asked))

    def status(self, pid: int) -> int | None:
        """Exit status of a program that has ended, once; a signal's number is negative."""
        status: int | None = self._ask({"pid": pid})
        return status

    def _ask(self, request: dict[str, Any]) -> Any:
        with self._lock:
            if self._process is None:
                command = [sys.executable, "-c", f"from {__name__} import serve; exec(serve())"]
                self._process = subprocess.Popen(
                    command, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


@dataclass
class Forked:
    """What `subprocess.Popen` offers, of a forked program."""

    forker: Forker
    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self.forker.status(self.pid)
        return self.returncode

    def wait(self, timeout: float) -> int:
        if self.poll() is None:
            ended = os.pidfd_open(self.pid)
            try:
                if not select.select([ended], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired(str(self.pid), timeout)
            finally:
                os.close(ended)
        status = self.poll()
        assert status is not None
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def serve() -> str:
    """Fork for each request on standard input; return, in a forked process only, the code that it is to run."""
    for module in _MODULES:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        answer = _status(request["pid"]) if "pid" in request else os.fork()
        if "pid" not in request and answer == 0:
            return _become(**request)
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()
    return ""


def _status(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _become(arguments: list[str], env: dict[str, str], log: str) -> str:
    """Take on the environment, the arguments and the files of a program; return its code."""
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir("/")
    with open(os.devnull, "rb") as nothing, open(log, "ab") as output:  # noqa: PTH123 (descriptors)
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    kind, what, *more = arguments
    sys.argv = [what if kind == "-m" else kind, *more]
    return _RUN_MODULE if kind == "-m" else what
