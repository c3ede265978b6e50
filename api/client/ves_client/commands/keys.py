"""`keys new`, `new-encryption`, `register`, `register-encryption`: an agent's key files and their registration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import typer

from ves import hpke
from ves.codec import parse_hex
from ves.errors import ProtocolError
from ves_client.agent import U32_MAX, AgentKey
from ves_client.commands.options import ApiKey, KeyFile, Tenant, Url
from ves_client.commands.output import JsonOption, show
from ves_client.commands.settings import layers, open_sequencer
from ves_client.errors import usage
from ves_client.private_files import new_encryption_key

X25519 = 2  # VES 6.2

Agent = Annotated[UUID, typer.Option("--agent", help="Agent UUID.")]
KeyId = Annotated[int, typer.Option("--key-id", min=0, max=U32_MAX, help="Key number.")]


def new(
    *,
    agent: Annotated[
        UUID | None, typer.Option("--agent", help="Agent UUID; a fresh one when left out.")
    ] = None,
    key_id: KeyId = 1,
    key: KeyFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    in_keyring: Annotated[
        bool, typer.Option("--keyring", help="Encrypt it; the passphrase is kept by the system's keyring.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Generate an Ed25519 key pair and write it to a private file (mode 0600).

    With VES_AGENT_KEY_PASSPHRASE or --keyring its secret is encrypted (Argon2id, XChaCha20-Poly1305).
    """
    path = Path(layers().need("VES_AGENT_KEY_FILE", key))
    made = AgentKey.new(agent or uuid4(), key_id)
    made.save(path, force=force, passphrase=layers().passphrase(), in_keyring=in_keyring)
    answer = {"agent_id": made.agent_id, "key_id": key_id, "public_key": made.public_key, "file": str(path)}
    lines = f"agent      {made.agent_id}\nkey        {key_id}\npublic key {made.public_key.hex()}"
    show(answer, f"{lines}\nwritten to {path} (0600)", as_json)


def new_encryption(
    *,
    file: Annotated[Path, typer.Argument(help="File for the secret key.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Generate an X25519 key pair for sealed payloads; the secret key is written to a private file (mode 0600)."""
    public_key = new_encryption_key(file, force=force)
    answer = {"public_key": public_key, "file": str(file)}
    show(answer, f"public key {public_key.hex()}\nwritten to {file} (0600)", as_json)


def register(
    *,
    tenant: Tenant = None,
    key: KeyFile = None,
    valid_from: Annotated[str | None, typer.Option(help="RFC 3339 time; open when left out.")] = None,
    valid_to: Annotated[str | None, typer.Option(help="RFC 3339 time; open when left out.")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: JsonOption = False,
) -> None:
    """Register the public half of a key file with the sequencer (needs an administrator's API key)."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    mine = layers().agent_key(key)
    window = {name: text for name, text in (("validFrom", valid_from), ("validTo", valid_to)) if text}
    with open_sequencer(url, api_key) as sequencer:
        answer = sequencer.register_agent_key(
            tenant_id, mine.agent_id, mine.key_id, mine.public_key, **window
        )
    show(answer, f"registered key {mine.key_id} of agent {mine.agent_id} in tenant {tenant_id}", as_json)


def register_encryption(
    *,
    agent: Agent,
    key_id: KeyId,
    public_key: Annotated[str, typer.Option("--public-key", help="X25519 public key, hex.")],
    tenant: Tenant = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: JsonOption = False,
) -> None:
    """Register an agent's encryption key, to which payloads are sealed (needs an administrator's API key)."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    try:
        key = parse_hex(public_key, hpke.KEY_BYTES)
    except ProtocolError as error:
        raise usage(f"--public-key: {error}") from None
    with open_sequencer(url, api_key) as sequencer:
        answer = sequencer.register_agent_key(tenant_id, agent, key_id, key, X25519)
    show(answer, f"registered encryption key {key_id} of agent {agent} in tenant {tenant_id}", as_json)


COMMANDS: dict[str, Callable[..., None]] = {
    "new": new,
    "new-encryption": new_encryption,
    "register": register,
    "register-encryption": register_encryption,
}
