"""Random ids for responses and logs."""

from __future__ import annotations

import os
import random
import uuid

# Ids are not secrets: a userspace generator costs a tenth of a system call per id.
_random = random.Random(os.urandom(32))  # noqa: S311
_VERSION_MASK = ~((0xF << 76) | (0x3 << 62))
_VERSION_BITS = (4 << 76) | (2 << 62)


def reseed() -> None:
    """Reseed the generator; required after a fork, or the child would repeat its parent's ids."""
    _random.seed(os.urandom(32))


def fresh_uuid() -> uuid.UUID:
    """A random UUID, version 4."""
    return uuid.UUID(int=_random.getrandbits(128) & _VERSION_MASK | _VERSION_BITS)


os.register_at_fork(after_in_child=reseed)
