"""The least that an event can cost: its verification, its receipt's signature, its hashes, and a flush of the disk."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench import events
from tests.bench.stats import percentile
from ves.ed25519 import Signer, verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SECONDS = 0.3
_FLUSHES = 200
# Hashes that VES 5, 9 and 11 ask for each event: payload, signing, leaf, record and receipt; only the first is long.
_SHORT_HASHES = 4


@dataclass(frozen=True)
class Floor:
    """Microseconds of CPU for one event of about 1 KB by the libraries of the product, and of a flush."""

    verify_us: float
    sign_us: float
    hash_us: float
    flush_us: float

    @property
    def cpu_us(self) -> float:
        return self.verify_us + self.sign_us + self.hash_us


def measure(folder: Path) -> Floor:
    """Measure it now, with the folder's disk."""
    signer, message = Signer(bytes(range(32))), bytes(32)
    signature = signer.sign(message)
    long = hashlib.sha256
    short = bytes(200)
    content = bytes(events.PAYLOAD_BYTES)
    return Floor(
        verify_us=_cpu_us(lambda: verify(signer.public_key, message, signature)),
        sign_us=_cpu_us(lambda: signer.sign(message)),
        hash_us=_cpu_us(lambda: long(content).digest())
        + _SHORT_HASHES * _cpu_us(lambda: long(short).digest()),
        flush_us=_flush_us(folder / "flush"),
    )


def _cpu_us(action: Callable[[], object]) -> float:
    started, count = time.process_time(), 0
    while (spent := time.process_time() - started) < _SECONDS:
        for _ in range(100):
            action()
        count += 100
    return spent * 1e6 / count


def _flush_us(path: Path) -> float:
    """The median of writing and flushing one page, as a commit does (wal_sync_method fdatasync)."""
    times = []
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        for _ in range(_FLUSHES):
            started = time.perf_counter()
            os.pwrite(descriptor, bytes(8192), 0)
            os.fdatasync(descriptor)
            times.append(time.perf_counter() - started)
    finally:
        os.close(descriptor)
        path.unlink()
    return percentile(sorted(times), 50) * 1e6
