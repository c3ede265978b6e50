"""Settings of the worker process: one frozen object, read once from the environment, checked at start."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

SEED_BYTES = 32
HEX_SEED = re.compile(r"(0x)?[0-9a-fA-F]{64}")
MASK = "********"


class SettingsError(ValueError):
    """A setting is missing or cannot be used."""


def parse_signing_key(text: str) -> bytes:
    """Read a 32-byte Ed25519 seed: 64 hex digits (optional `0x`), base64, or unpadded base64url (VES 11)."""
    text = text.strip()
    if HEX_SEED.fullmatch(text):
        return bytes.fromhex(text.removeprefix("0x"))
    padded = text + "=" * (-len(text) % 4)
    try:
        seed = base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        seed = b""
    if len(seed) != SEED_BYTES:
        raise SettingsError("VES_SEQUENCER_SIGNING_KEY is not a 32-byte seed in hex, base64 or base64url")
    return seed


def mask_url(url: str) -> str:
    """Give a database URL with its password hidden."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", f":{MASK}@")))


def _number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environ.get(name, "").strip() or str(default)
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SettingsError(f"{name} must be a whole number from {least} to {most}, not {text!r}")
    return int(text)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the worker process was told. Times are in the unit that the name ends with."""

    database_url: str = field(repr=False)
    signing_key: bytes | None = field(default=None, repr=False)
    sequencer_id: uuid.UUID | None = None
    log_format: str = "text"
    poll_ms: int = 100
    heartbeat_secs: int = 30
    statement_timeout_ms: int = 30_000
    receipts_poll_ms: int = 1000
    receipts_max_events: int = 1000
    keys_poll_ms: int = 5000

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read and check every setting. SettingsError names the variable at fault."""
        url = environ.get("DATABASE_URL", "").strip()
        if not url:
            raise SettingsError("DATABASE_URL is not set")
        key = environ.get("VES_SEQUENCER_SIGNING_KEY", "").strip()
        sequencer = environ.get("VES_SEQUENCER_ID", "").strip()
        try:
            sequencer_id = uuid.UUID(sequencer) if sequencer else None
        except ValueError as error:
            raise SettingsError("VES_SEQUENCER_ID is not a UUID") from error
        return cls(
            database_url=url,
            signing_key=parse_signing_key(key) if key else None,
            sequencer_id=sequencer_id,
            log_format=environ.get("LOG_FORMAT", "text").strip().lower() or "text",
            poll_ms=_number(environ, "VES_WORKER_POLL_MS", 100, 1, 60_000),
            heartbeat_secs=_number(environ, "VES_WORKER_HEARTBEAT_SECS", 30, 1, 3600),
            statement_timeout_ms=_number(environ, "DB_STATEMENT_TIMEOUT_MS", 30_000, 100, 3_600_000),
            receipts_poll_ms=_number(environ, "VES_RECEIPTS_POLL_MS", 1000, 1, 60_000),
            receipts_max_events=_number(environ, "VES_RECEIPTS_MAX_EVENTS", 1000, 1, 10_000),
            keys_poll_ms=_number(environ, "VES_KEYS_POLL_MS", 5000, 1, 60_000),
        )

    def masked(self) -> dict[str, str | int]:
        """Give every setting in a form that may be logged."""
        return {
            "database_url": mask_url(self.database_url),
            "signing_key": MASK if self.signing_key else "",
            "sequencer_id": str(self.sequencer_id or ""),
            "poll_ms": self.poll_ms,
            "receipts_poll_ms": self.receipts_poll_ms,
            "keys_poll_ms": self.keys_poll_ms,
        }
