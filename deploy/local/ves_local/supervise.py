"""The process supervisor: its configuration template and its XML-RPC client."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ves_local import keyvalue, processes
from ves_local.console import StageError, open_log
from ves_local.layout import own_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ves_local.layout import Layout

_HERE = Path(__file__).resolve().parent.parent
_TEMPLATES = _HERE / "templates"
# Longer than the sum of the stop timeouts in the template.
_STOP_SECONDS = 180.0
_ANSWER_SECONDS = 20.0
# RPC timeout: a call may block until a program has stopped.
_CALL_SECONDS = 60.0
PROGRAMS = ("postgres", "api", "workers", "front", "chain")


def escaped(value: str | Path) -> str:
    """Return text for a supervisor setting, where `%` starts an expansion."""
    return str(value).replace("%", "%%")


def word(value: str | Path) -> str:
    """Return one word of a command, quoted as the supervisor splits it."""
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return escaped(f'"{text}"')


def environment(values: Mapping[str, str]) -> str:
    """Return an `environment=` setting."""
    return ",".join(f"{key}={word(value)}" for key, value in values.items())


@dataclass(frozen=True)
class Server:
    """The private server: its binaries and the import path of its PL/Python (none for an external server)."""

    bindir: Path
    import_paths: tuple[Path, ...]


def _section(name: str, command: tuple[str | Path, ...], folder: Path, **options: object) -> str:
    return (
        (_TEMPLATES / "program.conf")
        .read_text(encoding="utf-8")
        .format(
            name=name,
            command=" ".join(map(word, command)),
            directory=escaped(folder),
            options="\n".join(f"{option}={value}" for option, value in options.items()),
        )
    )


def _postgres_section(layout: Layout, server: Server) -> str:
    variables = {
        "PYTHONPATH": ":".join(map(str, server.import_paths)),
        # The server user usually cannot write bytecode beside the sources.
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        # Only the path of the key ring: keys are never in an environment or a table.
        "VES_KEYRING_FILE": str(layout.keyring),
        "HOME": str(layout.data),
    }
    return _section(
        "postgres",
        (layout.run_postgres, server.bindir, layout.data),
        layout.data,
        environment=environment(variables),
        priority=10,
        stopsignal="INT",
        stopwaitsecs=120,
        killasgroup="true",
        **({"user": layout.server_user.pw_name} if os.geteuid() == 0 else {}),
    )


def _edge_section(layout: Layout, name: str, priority: int, *command: str | Path, stop: str = "TERM") -> str:
    return _section(
        name,
        (_HERE / "run-with-env", layout.process_env(name), "--", *command),
        layout.checkout,
        autostart="false",  # these programs need the installed engine, so they are started explicitly
        priority=priority,
        stopsignal=stop,
        stopwaitsecs=45,
        stopasgroup="true",
        killasgroup="true",
    )


def render(layout: Layout, server: Server | None, front: str = "", chain: tuple[str | Path, ...] = ()) -> str:
    """Return the supervisor's settings; `front` is the HAProxy to run and `chain` the local chain's command, if any.

    They contain paths only; secrets are in the referenced 0600 files. The program with the highest priority stops first.
    """
    sections = [
        _edge_section(layout, "api", 20, layout.venv / "bin" / "ves", "serve"),
        _edge_section(layout, "workers", 30, layout.venv / "bin" / "python", "-m", "ves_workers"),
    ]
    if front:
        # USR1: refuse new connections, finish requests in progress, exit.
        command = (front, "-db", "-f", layout.front_config)
        sections.append(_edge_section(layout, "front", 40, *command, stop="USR1"))
    if chain:
        sections.append(_edge_section(layout, "chain", 15, *chain))
    if server is not None:
        sections.insert(0, _postgres_section(layout, server))
    return (
        (_TEMPLATES / "supervisord.conf")
        .read_text(encoding="utf-8")
        .format(
            socket=escaped(layout.supervisor_socket),
            pidfile=escaped(pidfile(layout)),
            user="user=root" if os.geteuid() == 0 else "",
            programs="\n".join(sections),
        )
    )


def pidfile(layout: Layout) -> Path:
    """Return the pid file of the supervisor."""
    return layout.run / "supervisord.pid"


def is_running(layout: Layout) -> bool:
    """Return whether this checkout's supervisor runs."""
    return _pid(layout) is not None


def _pid(layout: Layout) -> int | None:
    """Return the supervisor of this checkout, also one whose pid file, or the whole of `.ves`, was deleted."""
    pid = processes.read_pid(pidfile(layout))
    if processes.is_ours(pid, layout.supervisor_config):
        return pid
    return processes.find(f"supervisord -c {layout.supervisor_config}")


class _SocketConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_CALL_SECONDS)
        self.sock.connect(self.path)

    def __init__(self, path: Path) -> None:
        super().__init__("supervisor")
        self.path = str(path)


class _SocketTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        del host
        return _SocketConnection(self._path)


def call(layout: Layout, method: str, *arguments: object) -> Any:
    """Call a method of the supervisor, such as `startProcess`; see its XML-RPC interface for the results."""
    with xmlrpc.client.ServerProxy(
        "http://supervisor/RPC2", transport=_SocketTransport(layout.supervisor_socket)
    ) as proxy:
        return getattr(proxy.supervisor, method)(*arguments)


def program(layout: Layout, name: str) -> dict[str, Any]:
    """Return the process info of a program: `statename`, `pid`, `spawnerr`, …; empty if it is unknown."""
    try:
        found: dict[str, Any] = call(layout, "getProcessInfo", name)
    except (OSError, xmlrpc.client.Error, http.client.HTTPException):
        return {}
    return found


def start(layout: Layout, config: str) -> None:
    """Start the supervisor (and with it the server), or leave the running one when its settings are the same."""
    if is_running(layout):
        if layout.supervisor_config.exists() and layout.supervisor_config.read_text("utf-8") == config:
            return
        stop(layout)
    end_leftovers(layout)
    keyvalue.write_text(layout.supervisor_config, config)
    own_folder(layout.supervisor_socket.parent, os.geteuid())
    log = layout.log / "supervisord-start.log"
    # A clean environment: services must not inherit keys, proxies or version switchers of the caller.
    clean = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
    clean |= {name: os.environ[name] for name in ("HOME", "USER", "LOGNAME") if name in os.environ}
    with open_log(log) as stream:
        started = subprocess.run(
            [layout.venv / "bin" / "supervisord", "-c", layout.supervisor_config],
            check=False, env=clean, cwd=layout.state, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, umask=0o077,
        )  # fmt: skip
    if started.returncode != 0 or not processes.wait_until(lambda: _answers(layout), _ANSWER_SECONDS):
        raise StageError("the supervisor did not start", [log, layout.log / "supervisord.log"])


def _answers(layout: Layout) -> bool:
    try:
        call(layout, "getState")
    except (OSError, http.client.HTTPException):
        return False
    return True


def start_program(layout: Layout, name: str) -> None:
    """Start a program, or do nothing when it runs. Does not wait for it."""
    if program(layout, name).get("statename") != "RUNNING":
        # Also in BACKOFF state, where the delay grows with each failed attempt.
        restart_program(layout, name)


def restart_program(layout: Layout, name: str) -> None:
    """Stop a program gracefully and start it again. Does not wait for readiness."""
    if program(layout, name).get("statename") in {"RUNNING", "STARTING", "BACKOFF"}:
        with contextlib.suppress(xmlrpc.client.Fault):  # it already ended
            call(layout, "stopProcess", name)
    call(layout, "startProcess", name, False)


def stop(layout: Layout) -> bool:
    """Stop all programs in priority order. Return whether any was running."""
    pid = _pid(layout)
    if pid is not None:
        processes.end(pid, layout.supervisor_config, first=signal.SIGTERM, patience=_STOP_SECONDS)
    return end_leftovers(layout) or pid is not None


def end_lost(layout: Layout) -> None:
    """End a system whose `.ves` was deleted while it ran: its server would write into the files of a new one."""
    if is_running(layout) and not _answers(layout):
        stop(layout)


def end_leftovers(layout: Layout) -> bool:
    """End orphaned processes of a killed supervisor. Return whether there were any."""
    left = False
    for name in PROGRAMS[1:]:
        pid = processes.read_pid(layout.run / f"{name}.pid")
        marks = {"front": layout.front_config, "chain": layout.state / "chain"}
        mark = marks.get(name, layout.venv)
        if processes.is_ours(pid, mark) and pid is not None:
            left = True
            processes.end(pid, mark, first=signal.SIGTERM, patience=45, group=True)
    postmaster = processes.read_pid(layout.data / "postmaster.pid") or processes.find(
        f"postgres -D {layout.data}"
    )
    if processes.is_ours(postmaster, layout.data) and postmaster is not None:
        left = True
        processes.end(postmaster, layout.data, first=signal.SIGINT, patience=120, group=True)
    return left
