"""Private files (mode 0600), and X25519 key files of recipients (VES 8)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ves import hpke
from ves.codec import parse_hex
from ves.errors import ProtocolError
from ves_client.errors import usage

FOR_OTHERS = 0o077


def write_private(path: Path, content: bytes, *, force: bool = False) -> None:
    """Write a new file durably with mode 0600. Exit code 2 if it exists (unless `force`) or cannot be created."""
    try:
        if force:
            path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise usage(f"cannot write {path}: {error.strerror}") from None
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names of a folder's files durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def new_encryption_key(path: Path, *, force: bool = False) -> bytes:
    """Generate an X25519 key pair, write the secret to the file as hex, return the public key (32 bytes)."""
    secret = secrets.token_bytes(hpke.KEY_BYTES)
    write_private(path, secret.hex().encode() + b"\n", force=force)
    return hpke.public_key(secret)


def load_encryption_key(path: Path) -> bytes:
    """Read a 32-byte secret. Exit code 2 if missing, malformed or readable by others; messages never quote it."""
    try:
        text = path.read_text(encoding="ascii").strip()
        if path.stat().st_mode & FOR_OTHERS:
            raise usage(f"{path} is accessible to others: chmod 600 {path}")
        return parse_hex(text, hpke.KEY_BYTES)
    except OSError as error:
        raise usage(f"cannot read {path}: {error.strerror}") from None
    except (ProtocolError, UnicodeDecodeError):
        raise usage(f"{path} is not an X25519 key: 32 bytes in hex") from None
