"""The server process: start-up checks, then worker processes: of uvicorn behind the front, else of granian."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import socket
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels

from ves_api import settings as settings_module
from ves_api.startup import prepare_server
from ves_api.supervisor import become_supervisor
from ves_edge import log, metrics, tracing
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from ves_api.http.middleware import Middleware
    from ves_api.settings import Settings

_PR_SET_PDEATHSIG = 1
_M_ARENA_MAX, _HEAPS = -8, 2
_BACKLOG = 2048
_SOCKET_BACKLOG = 4096
_GC_THRESHOLD = 20_000
_MIN_BACKLOG = 128
_THREAD_SWITCH_SECONDS = 0.001
_log = log.get_logger("server")


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; in-flight requests are completed first.

    Raises SettingsError if a required key for encryption at rest is missing, ApiError if the database server is not
    durable or not reachable, or if the port is in use.
    """
    log.configure(settings.log_level, as_json=settings.log_json)
    _log.info("starting", settings=repr(settings))
    settings.at_rest.require_key()
    prepare_server(settings)
    if settings.grpc_port:
        _claim_port(settings.host, settings.grpc_port)
    _raise_file_limit()
    metrics.clean()
    if settings.http_socket:
        _serve_front(settings, Path(settings.http_socket))
    else:
        _serve_port(settings)


def _serve_front(settings: Settings, path: Path) -> NoReturn:
    """Serve HTTP/1.1 on the front's Unix socket."""
    _claim_socket(path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(socket_mode(path))
        listener.listen(_SOCKET_BACKLOG)
        become_supervisor(listener, settings.workers, settings.shutdown_timeout)


def _serve_port(settings: Settings) -> None:
    """Serve HTTP/1.1 and HTTP/2 on a TCP port."""
    _claim_port(settings.host, settings.port)
    server = Granian(
        "ves_api.app:make_app",
        address=settings.host,
        port=settings.port,
        http=HTTPModes.auto,
        backlog=_BACKLOG,
        backpressure=max(_MIN_BACKLOG, _BACKLOG // settings.workers),
        interface=Interfaces.ASGI,
        workers=settings.workers,
        loop=Loops.uvloop if sys.platform != "win32" else Loops.auto,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=settings.shutdown_timeout,
        log_level=LogLevels.warning,
    )
    server.serve(target_loader=load_worker, wrap_loader=False)


def socket_mode(path: Path) -> int:
    """0600; 0660 in a folder that hands its group on (setgid): that group runs the front."""
    return 0o660 if path.parent.stat().st_mode & stat.S_ISGID else 0o600


def _claim_socket(path: Path) -> None:
    """Remove a stale socket file. Raises port_unavailable if a server still listens on it."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ApiError("port_unavailable", f"{path}: {error.strerror}") from error
        else:
            raise ApiError("port_unavailable", f"{path}: another server listens there")


def _raise_file_limit() -> None:
    """Raise the soft RLIMIT_NOFILE to the hard limit: each connection is a file descriptor, the usual limit is 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _claim_port(host: str, port: int) -> None:
    """Refuse a port in use. Workers bind with SO_REUSEPORT, so the kernel would distribute requests over both servers.

    A bind without SO_REUSEPORT fails if the port is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise ApiError("port_unavailable", f"{host}:{port}: {error.strerror}") from error


def load_worker(*_: Any, **__: Any) -> Middleware:
    """Make the application inside a worker process; the environment is that of the parent."""
    # Imported here, because the parent does without: 17 MB of private memory.
    from ves_api.app import make_app  # noqa: PLC0415

    _die_with_parent()
    _share_heaps()
    sys.setswitchinterval(_THREAD_SWITCH_SECONDS)
    settings = settings_module.load()
    log.configure(settings.log_level, as_json=settings.log_json)
    tracing.configure(settings.traces_endpoint, "api")
    app = make_app(settings)
    # Exclude the start-up objects, which live as long as the process, from garbage collection.
    gc.collect()
    gc.freeze()
    # Many small passes over the second generation: of 400,000 objects, as thousands of streams bring, one stops all for 0.1 s.
    gc.set_threshold(_GC_THRESHOLD, 4, 250)
    return app


def _share_heaps() -> None:
    """Let all threads share two heaps of malloc (glibc's M_ARENA_MAX; other C libraries have one).

    Each of a dozen threads of gRPC kept in a heap of its own what a crowd of connections took: of 120 MB 100 were free.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _HEAPS)


def _die_with_parent() -> None:
    """Kill this worker when its parent dies, so that it does not keep the port (Linux: PR_SET_PDEATHSIG)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:
        # The parent died before prctl took effect.
        os.kill(os.getpid(), signal.SIGKILL)
