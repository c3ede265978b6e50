"""The machine, the versions, and V: its own speed at Ed25519."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tests.support.cluster import ROOT
from ves.ed25519 import Signer, verify

PACKAGES = (
    "pynacl",
    "msgspec",
    "orjson",
    "litestar",
    "granian",
    "uvicorn",
    "httptools",
    "uvloop",
    "psycopg",
    "psycopg-binary",
    "pgmq",
)


def openssl_verifications(seconds: int = 3) -> float:
    """V: Ed25519 verifications per second of CPU time on one core, by `openssl speed`."""
    done = subprocess.run(
        ["openssl", "speed", "-seconds", str(seconds), "ed25519"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found = re.search(r"Ed25519\)\s+\S+\s+\S+\s+\S+\s+(\S+)", done.stdout)
    if found is None:
        raise RuntimeError(f"no verify/s in the answer of openssl: {done.stdout}")
    return float(found.group(1))


def libsodium_verifications(seconds: float = 1.0) -> float:
    """Verifications per second of CPU time by the library that the system uses, called from Python."""
    signer, message = Signer(bytes(range(32))), bytes(32)
    signature = signer.sign(message)
    started, count = time.process_time(), 0
    while (spent := time.process_time() - started) < seconds:
        for _ in range(200):
            if not verify(signer.public_key, message, signature):
                raise RuntimeError("a good signature was refused")
        count += 200
    return count / spent


def describe() -> dict[str, Any]:
    """Processor, memory, kernel, disk of the temporary folder, and what the tree is."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*:\s*(.+)", info)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model.group(1) if model else platform.processor(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(memory / 2**30, 1),
        "system": platform.platform(),
        "load_average_at_start": [round(value, 2) for value in os.getloadavg()],
        "git_commit": _git("rev-parse", "HEAD"),
        "tree_is_modified": bool(_git("status", "--porcelain")),
    }


def versions() -> dict[str, str]:
    """Python, openssl and the packages on the hot path."""
    found = {"python": platform.python_version()}
    found["openssl"] = subprocess.run(
        ["openssl", "version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=ROOT)
    return done.stdout.strip()
