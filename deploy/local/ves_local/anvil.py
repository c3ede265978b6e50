"""The node of the local chain: anvil, from the npm registry, in the version and with the digest of the contracts' lock file.

The package is one program, so it needs no npm, which on a bare Debian machine brings some 400 packages.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import os
import platform
import sys
import tarfile
from typing import TYPE_CHECKING

import httpx

from ves_local import keyvalue
from ves_local.console import StageError, say

if TYPE_CHECKING:
    from pathlib import Path

    from ves_local.layout import Layout

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_MOST_BYTES = 100 * 2**20
# Without a byte, and in all: a registry that trickles is none.
_SILENT_SECONDS = 60.0
_MOST_SECONDS = 900.0


def program(layout: Layout) -> Path:
    """Return anvil: the one that npm installed for the tests, or ours, fetched if it is missing.

    Raises StageError: no network, no anvil for this machine, or bytes with another digest.
    """
    contracts = layout.checkout / "contracts"
    package = f"@foundry-rs/anvil-{sys.platform}-{_MACHINES.get(platform.machine(), platform.machine())}"
    modules = contracts / "node_modules"
    installed = modules / package / "bin" / "anvil"
    # npm.sh's note: without it an installation was interrupted, and the program may be half of one.
    if installed.exists() and (modules / ".ves-contents").exists():
        return installed
    packages = json.loads((contracts / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    locked = packages.get(f"node_modules/{package}")
    if locked is None:
        raise StageError("anvil is not built for this machine")
    ours = layout.state / "chain" / f"anvil-{locked['version']}"
    if not ours.exists():
        say(f"fetching {package} {locked['version']}")
        registry = os.environ.get("npm_config_registry") or "https://registry.npmjs.org"  # noqa: SIM112 - npm's
        name = package.rpartition("/")[2]
        url = f"{registry.rstrip('/')}/{package}/-/{name}-{locked['version']}.tgz"
        keyvalue.write_bytes(ours, _unpacked(_fetched(url), locked["integrity"]), mode=0o700)
    return ours


def _fetched(url: str) -> bytes:
    try:
        return asyncio.run(_fetch(url))
    except TimeoutError as error:
        raise StageError(f"anvil was not fetched: {url} took longer than {_MOST_SECONDS:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StageError(f"anvil was not fetched: {error}") from error


async def _fetch(url: str) -> bytes:
    found = bytearray()
    as_it_is = {"accept-encoding": "identity"}
    async with (
        asyncio.timeout(_MOST_SECONDS),
        httpx.AsyncClient(follow_redirects=True, timeout=_SILENT_SECONDS) as client,
        client.stream("GET", url, headers=as_it_is) as answer,
    ):
        answer.raise_for_status()
        async for part in answer.aiter_raw():
            found += part
            if len(found) > _MOST_BYTES:
                raise StageError(f"{url} is larger than {_MOST_BYTES} bytes")
    return bytes(found)


def _unpacked(package: bytes, integrity: str) -> bytes:
    digest = base64.b64encode(hashlib.sha512(package).digest()).decode()
    if integrity != f"sha512-{digest}":
        raise StageError("anvil was not fetched: its digest is not that of contracts/package-lock.json")
    with tarfile.open(fileobj=io.BytesIO(package), mode="r:gz") as archive:
        member = archive.extractfile("package/bin/anvil")
        if member is None:
            raise StageError("the package of anvil has no program")
        return member.read()
