"""Files for their owner only (0600): what must not be read by others, and X25519 keys of recipients (VES 8)."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from ves import hpke
from ves.codec import parse_hex
from ves.errors import ProtocolError
from ves_client.errors import usage

if TYPE_CHECKING:
    from pathlib import Path

FOR_OTHERS = 0o077


def write_private(path: Path, content: bytes, *, force: bool = False) -> None:
    """Write a new file for its owner only (0600). Exit code 2 when the file is there, unless `force`, or cannot be made."""
    try:
        if force:
            path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise usage(f"cannot write {path}: {error.strerror}") from None
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def new_encryption_key(path: Path, *, force: bool = False) -> bytes:
    """Make an X25519 key pair; the secret goes to the file as hex. The public key, 32 bytes."""
    secret = secrets.token_bytes(hpke.KEY_BYTES)
    write_private(path, secret.hex().encode() + b"\n", force=force)
    return hpke.public_key(secret)


def load_encryption_key(path: Path) -> bytes:
    """The 32-byte secret of a file. Exit code 2 when there is none or others could have read it; it is never quoted."""
    try:
        text = path.read_text(encoding="ascii").strip()
        if path.stat().st_mode & FOR_OTHERS:
            raise usage(f"{path} is accessible to others: chmod 600 {path}")
        return parse_hex(text, hpke.KEY_BYTES)
    except OSError as error:
        raise usage(f"cannot read {path}: {error.strerror}") from None
    except (ProtocolError, UnicodeDecodeError):
        raise usage(f"{path} is not an X25519 key: 32 bytes in hex") from None
