"""Settings by precedence: flag, environment, `.ves/env` in this folder or one above it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from ves_client.agent import AgentKey
from ves_client.errors import usage
from ves_client.sequencer import Sequencer

if TYPE_CHECKING:
    from ves_client.grpc_sync import GrpcSync

STATE_FILE = Path(".ves") / "env"


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting: its flag (if a command has one), default, secrecy and purpose."""

    name: str
    flag: str | None
    default: str | None
    secret: bool
    purpose: str


VARIABLES = (
    Variable("VES_HTTP_URL", "--url", "http://127.0.0.1:8080", False, "address of the API"),
    Variable("VES_GRPC_TARGET", None, None, False, "host and port of the gRPC API"),
    Variable("VES_API_KEY", "--api-key", None, True, "API key; VES_ADMIN_KEY when unset"),
    Variable("VES_ADMIN_KEY", None, None, True, "administrator's API key"),
    Variable(
        "VES_SEQUENCER_PUBLIC_KEY", "--public-key", None, False, "key(s) that receipts must verify under"
    ),
    Variable("VES_TENANT_ID", "--tenant", None, False, "tenant"),
    Variable("VES_STORE_ID", "--store", None, False, "store"),
    Variable("VES_AGENT_KEY_FILE", "--key", "ves-agent-key.json", False, "agent key made by `keys new`"),
    Variable("VES_AGENT_KEY_PASSPHRASE", None, None, True, "passphrase of an encrypted agent key"),
    Variable("VES_PAYER_KEY_FILE", "--account", None, False, "file of the Ethereum account that pays"),
    Variable("VES_OUTBOX", "--outbox", "ves-outbox.db", False, "outbox file of the agent"),
)
BY_NAME = {variable.name: variable for variable in VARIABLES}


def parse_env_file(text: str) -> dict[str, str]:
    """Parse KEY=VALUE lines; empty lines and lines that start with # are skipped."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _is_trusted(path: Path) -> bool:
    """Whether the caller (also under sudo) or root owns the file: another user's could redirect keys to its server."""
    owners = {0, os.geteuid(), int(os.environ.get("SUDO_UID", "0"))}
    return path.is_file() and path.stat().st_uid in owners


def find_state_file(start: Path) -> Path | None:
    """Find `.ves/env` in `start` or the nearest folder above it, if it belongs to the caller or to root."""
    return next(
        (folder / STATE_FILE for folder in (start, *start.parents) if _is_trusted(folder / STATE_FILE)), None
    )


@dataclass(frozen=True, slots=True)
class Layers:
    """The environment and the state file, in this order of precedence; flags come before both.

    `variables` are the program's settings by name.
    """

    environ: Mapping[str, str]
    file: Mapping[str, str]
    path: Path | None
    variables: Mapping[str, Variable] = field(default_factory=lambda: BY_NAME)

    def find(self, name: str, flag: str | None = None) -> tuple[str | None, str]:
        """Value and origin (`flag`, `environment`, the file's path, `default` or `unset`) of a setting."""
        if flag is not None:
            return flag, "flag"
        for layer, origin in ((self.environ, "environment"), (self.file, str(self.path))):
            if value := layer.get(name, "").strip():
                return value, origin
        default = self.variables[name].default
        return default, "default" if default is not None else "unset"

    def get(self, name: str, flag: str | None = None) -> str | None:
        """Value of a setting or None."""
        return self.find(name, flag)[0]

    def need(self, name: str, flag: str | None = None) -> str:
        """Value of a required setting; if unset, exit code 2 with a message that lists the ways to set it."""
        value = self.get(name, flag)
        if value is None:
            option = self.variables[name].flag
            ways = f"give {option} or set {name}" if option else f"set {name}"
            raise usage(f"no {self.variables[name].purpose}: {ways} (or run where `make up` left .ves/env)")
        return value

    def need_uuid(self, name: str, flag: str | None = None) -> UUID:
        """Value of a setting that must be a UUID; exit code 2 otherwise."""
        text = self.need(name, flag)
        try:
            return UUID(text)
        except ValueError:
            raise usage(f"{name} must be a UUID, not {text!r}") from None

    def api_key(self, flag: str | None = None) -> str:
        """Return the API key: `VES_API_KEY`, else the administrator's."""
        return self.get("VES_API_KEY", flag) or self.need("VES_ADMIN_KEY")

    def passphrase(self) -> bytes | None:
        """Return the passphrase of the agent's key file, if one is set."""
        text = self.get("VES_AGENT_KEY_PASSPHRASE")
        return text.encode() if text else None

    def agent_key(self, flag: str | None = None) -> AgentKey:
        """Load the agent's key file; exit code 2 as `AgentKey.load`."""
        return AgentKey.load(Path(self.need("VES_AGENT_KEY_FILE", flag)), self.passphrase())

    def public_keys(self, flag: str | None = None) -> tuple[bytes, ...]:
        """Parse the trusted sequencer keys: comma-separated 32-byte hex strings; may be empty."""
        text = self.get("VES_SEQUENCER_PUBLIC_KEY", flag) or ""
        try:
            keys = tuple(
                bytes.fromhex(part.strip().removeprefix("0x")) for part in text.split(",") if part.strip()
            )
        except ValueError:
            keys = (b"",)
        if any(len(key) != 32 for key in keys):  # noqa: PLR2004 - bytes of an Ed25519 key
            raise usage("a sequencer public key is 64 hex digits")
        return keys


def open_sequencer(url: str | None = None, api_key: str | None = None) -> Sequencer:
    """A client of the API that the flags or the settings name."""
    return Sequencer(layers().need("VES_HTTP_URL", url), layers().api_key(api_key))


def _grpc_target(url: str | None) -> str | None:
    """VES_GRPC_TARGET, unless the HTTP address was given at a nearer place: it is then of another server."""
    target, origin = layers().find("VES_GRPC_TARGET")
    _, of_url = layers().find("VES_HTTP_URL", url)
    distance = {"flag": 0, "environment": 1, "default": 3}
    return target if distance.get(origin, 2) <= distance.get(of_url, 2) else None


@contextmanager
def open_sync(
    sequencer: Sequencer, url: str | None = None, api_key: str | None = None
) -> Iterator[Sequencer | GrpcSync]:
    """A sink and source: gRPC if VES_GRPC_TARGET is set and the extra `grpc` is installed, else HTTP.

    A target from the state file is not used with a URL from a flag or the environment, nor one from the environment with
    a URL from a flag: the API key would be sent to another server than the one that was named.
    """
    target = _grpc_target(url)
    if target is None or find_spec("grpc") is None:
        yield sequencer
        return
    from ves_client.grpc_sync import GrpcSync  # noqa: PLC0415 - an optional package

    with GrpcSync(target, layers().api_key(api_key), sequencer) as stream:
        yield stream


@cache
def layers() -> Layers:
    """Read the environment and the state file, once per process."""
    try:
        path = find_state_file(Path.cwd())
        text = path.read_text(encoding="utf-8") if path else ""
    except OSError:  # unreadable for this user: the environment and the flags remain
        path, text = None, ""
    return Layers(os.environ, parse_env_file(text), path)
