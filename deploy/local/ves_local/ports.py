"""Port selection: a free port at the first start, then the same one. `PORT` and `GRPC_PORT` override it."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Mapping
from pathlib import Path

from ves_local import keyvalue
from ves_local.console import StageError

NAMES = ("PORT", "GRPC_PORT")
_HIGHEST = 65535


def is_free(host: str, port: int) -> bool:
    """Return whether a server could listen on this port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str, taken: Collection[int]) -> int:
    """Return a free port that is not in `taken`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((host, 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port


def _requested(name: str, environment: Mapping[str, str]) -> int | None:
    text = environment.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _HIGHEST:
        raise StageError(f"{name} is '{text}'; it must be a port from 1 to {_HIGHEST}")
    return int(text)


def choose(
    path: Path, host: str, *, ours: Collection[int] = (), environment: Mapping[str, str] = os.environ
) -> dict[str, int]:
    """Return a port for each name and remember it in `path`.

    `ours` are ports on which our running processes listen: they are kept. A remembered port that another process
    uses is replaced; a requested port that is in use is an error.
    """
    remembered = {name: int(value) for name, value in keyvalue.read(path).items() if value.isdigit()}
    chosen: dict[str, int] = {}
    for name in NAMES:
        requested = _requested(name, environment)
        port = requested or remembered.get(name) or free_port(host, chosen.values())
        if port not in ours and not is_free(host, port):
            if requested:
                raise StageError(f"{name}={port} was asked for, but something else listens there")
            port = free_port(host, chosen.values())
        if port in chosen.values():
            raise StageError(f"{' and '.join(NAMES)} are the same port, {port}")
        chosen[name] = port
    keyvalue.write(path, {name: str(port) for name, port in chosen.items()})
    return chosen
