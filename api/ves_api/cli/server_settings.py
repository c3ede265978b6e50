"""The server's effective settings by group, with origins, secrets masked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ves_api.settings import Environment, SettingsError, read
from ves_client.commands.settings import parse_env_file
from ves_edge.dsn import MASK, mask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ves_client.commands.settings import Layers


# The server's environment file written by `make up`, beside `.ves/env`.
PROCESS_FILE = ("run", "api.env")

_GROUPS = (
    ("database", re.compile(r"(READ_)?(DATABASE_URL|(MAX|MIN)_DB_|DB_)|ALLOW_INSECURE|VES_(POOL|DANGER)_")),
    (
        "auth",
        re.compile(r"(JWT|RATE_LIMIT|PUBLIC_AGENT|TRUST_PROXY|ADMIN_IP)_|(ALLOW_)?AUTH_|BOOTSTRAP_|AUDIT_"),
    ),
    ("caches", re.compile(r"CACHE_")),
    ("encryption", re.compile(r"PAYLOAD_ENCRYPTION_|VES_KEYRING_")),
    ("schemas", re.compile(r"SCHEMA_")),
    ("stark", re.compile(r"VES_STARK_")),
    ("sequencer", re.compile(r"VES_(SEQUENCER|STRICT|COALESCE)")),
    ("logging", re.compile(r"RUST_LOG|LOG_|OTEL_")),
)
_SECRET = re.compile(r"SECRET|SEED|PASSWORD|TOKEN|PRIVATE|ENCRYPTION_KEY|SIGNING_KEY|API_KEY")
_NUMBER_OF_A_SECRET = re.compile(r"_(MAX|SECS|SECONDS|VERSION|ENTRIES|MINUTE)$")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Group to variable to value and origin (`environment`, the file it is in, or `default`).

    `refusal` names the invalid variable that would stop the start; variables read after it are then missing.
    """

    groups: dict[str, dict[str, dict[str, Any]]]
    refusal: str | None


def effective(layers: Layers) -> ServerSettings:
    """Resolve the settings of a server started here."""
    sources = [("environment", layers.environ)]
    if layers.path is not None:
        given = layers.path.parent.joinpath(*PROCESS_FILE)
        sources += [(str(given), _file(given)), (str(layers.path), layers.file)]
    merged: dict[str, str] = {}
    for _, values in reversed(sources):
        merged |= {name: value for name, value in values.items() if value.strip()}
    environment = Environment(merged)
    refusal = None
    try:
        read(environment)
    except SettingsError as error:
        refusal = str(error)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, value in sorted(environment.read.items()):
        origin = next((origin for origin, values in sources if values.get(name, "").strip()), "default")
        found.setdefault(group_of(name), {})[name] = {"value": shown(name, value), "origin": origin}
    return ServerSettings(dict(sorted(found.items())), refusal)


def group_of(name: str) -> str:
    """Group of a variable."""
    return next((group for group, pattern in _GROUPS if pattern.match(name)), "server")


def shown(name: str, value: Any) -> Any:
    """Mask a value for display: secrets, and the password of a URL. None if unset."""
    if value is None or value == "":
        return None
    if name.endswith("DATABASE_URL"):
        return mask(str(value))
    if _SECRET.search(name) and not _NUMBER_OF_A_SECRET.search(name):
        return MASK
    return value


def _file(path: Path) -> Mapping[str, str]:
    try:
        return parse_env_file(path.read_text(encoding="utf-8"))
    except OSError:
        return {}
