"""Generated secrets: created once, stored in `.ves/secrets.env` (0600), never in an argument, a log or a config file."""

from __future__ import annotations

import os
import secrets
import uuid
from typing import TYPE_CHECKING

from ves_local import keyvalue
from ves_local.console import StageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ves_local.layout import Layout

# The login roles; `sql/schemas` creates them without passwords.
LOGIN_ROLES = ("ves_api", "ves_worker", "ves_service", "ves_reader", "ves_admin", "ves_authenticator")

_KEY_BYTES = 32
_ONE_KEY = "PAYLOAD_ENCRYPTION_KEY"
_GENERATED: dict[str, Callable[[], str]] = {
    "BOOTSTRAP_ADMIN_API_KEY": lambda: "ss_" + secrets.token_urlsafe(_KEY_BYTES),
    "VES_SEQUENCER_ID": lambda: str(uuid.uuid4()),
    "VES_SEQUENCER_SIGNING_KEY": lambda: secrets.token_hex(_KEY_BYTES),
    _ONE_KEY: lambda: secrets.token_hex(_KEY_BYTES),
}
# Further settings of encryption at rest; stored with the secrets because some of them are keys.
_KEYRING = (
    "PAYLOAD_ENCRYPTION_MODE",
    "PAYLOAD_ENCRYPTION_KEYS",
    "PAYLOAD_ENCRYPTION_KEYS_BY_TENANT",
)
_RING = (_ONE_KEY, *_KEYRING)
_INSTALL_URL = "DATABASE_URL"


def password_name(role: str) -> str:
    """Return the variable name of the password of a role in the secrets file."""
    return f"{role.upper()}_PASSWORD"


def load(layout: Layout) -> dict[str, str]:
    """Return all secrets, generating missing ones. Values from the environment take precedence and are stored.

    `DATABASE_URL` is included only for an external server (it may hold a password). Raises StageError when there is data,
    but no key that it may be encrypted with: a new one would open none of it.
    """
    known = keyvalue.read(layout.secrets_file)
    if ring := keyvalue.read(layout.keyring):
        # `ves keyring` edits the key ring file, so the file takes precedence over the stored initial values.
        known = {name: value for name, value in known.items() if name not in _RING} | ring
    elif (layout.data / "PG_VERSION").exists() and not any(
        name in known or os.environ.get(name) for name in _RING if "KEY" in name
    ):
        raise StageError(
            f"the keys of the data in {layout.pg} are gone: put {layout.keyring} or {layout.secrets_file} back "
            f"(or set {_ONE_KEY}), or delete the data by `make reset`"
        )
    for name, generate in _GENERATED.items():
        if name == _ONE_KEY and "PAYLOAD_ENCRYPTION_KEYS" in known and not os.environ.get(name):
            continue
        known[name] = os.environ.get(name) or known.get(name) or generate()
    for role in LOGIN_ROLES:
        known.setdefault(password_name(role), secrets.token_urlsafe(_KEY_BYTES))
    known |= {name: os.environ[name] for name in _KEYRING if os.environ.get(name)}
    if os.environ.get(_INSTALL_URL):
        known[_INSTALL_URL] = os.environ[_INSTALL_URL]
    keyvalue.write(layout.secrets_file, known)
    return known


def write_keyring(layout: Layout, known: dict[str, str]) -> None:
    """Write the key ring that the API and the server's PL/Python read; both reload it without a restart."""
    keyvalue.write(layout.keyring, {name: known[name] for name in _RING if name in known})
    if os.geteuid() == 0 and layout.pg.exists():
        os.chown(layout.keyring, layout.server_user.pw_uid, layout.server_user.pw_gid)


def install_url(known: dict[str, str]) -> str:
    """Return the administrator URL of an external server."""
    return known[_INSTALL_URL]
