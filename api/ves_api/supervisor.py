"""Parent of the HTTP workers behind the front: starts them on the listening socket, and replaces one that dies or hangs.

A program of its own, which the server becomes after its start-up checks: what the parent has loaded, it keeps, and each
worker loads the parent's program again (measured: 33 MB of private memory in the parent).
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

import uvicorn
from uvicorn.supervisors import Multiprocess

# The front limits and closes idle connections; the server behind it must not close one that it is about to use.
_FRONT_IDLE_SECONDS = 600
# A worker whose threads do not run for so long is replaced.
_HANG_SECONDS = 30


def become_supervisor(listener: socket.socket, workers: int, shutdown_timeout: int) -> NoReturn:
    """Replace this process by the supervisor of `workers` workers; a shutdown completes requests for the timeout."""
    listener.set_inheritable(True)
    arguments = [listener.fileno(), workers, shutdown_timeout]
    os.execv(sys.executable, [sys.executable, "-m", __name__, *map(str, arguments)])  # noqa: S606 (own program)


def _supervise(descriptor: int, workers: int, shutdown_timeout: int) -> None:
    with socket.socket(fileno=descriptor) as listener:
        config = uvicorn.Config(
            "ves_api.server:load_worker",
            factory=True,
            interface="asgi3",
            workers=workers,
            loop="uvloop",
            http="httptools",
            ws="none",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_FRONT_IDLE_SECONDS,
            timeout_graceful_shutdown=shutdown_timeout,
            timeout_worker_healthcheck=_HANG_SECONDS,
        )
        Multiprocess(config, sockets=[listener]).run()
        path = listener.getsockname()
    Path(path).unlink(missing_ok=True)


if __name__ == "__main__":
    _supervise(*map(int, sys.argv[1:]))
