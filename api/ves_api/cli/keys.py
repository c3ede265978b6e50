"""`ves keys`: agent signing keys, and the keys that receipts verify under."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import typer

from ves import hpke
from ves.codec import parse_hex
from ves.errors import ProtocolError
from ves_api.cli import rotation
from ves_api.cli.admin import open_admin
from ves_api.cli.agent import U32_MAX, AgentKey
from ves_api.cli.client import Sequencer
from ves_api.cli.exits import usage
from ves_api.cli.options import ApiKey, DatabaseUrl, KeyFile, Tenant, Url
from ves_api.cli.output import JsonOption, out, print_json
from ves_api.cli.secret_files import new_encryption_key
from ves_api.cli.settings import layers
from ves_api.gateway.operators import keys as gateway

X25519 = 2  # VES 6.2

app = typer.Typer(no_args_is_help=True, help="Agent keys and their rotation; the sequencer's public keys.")
app.add_typer(rotation.policy_app, name="policy")
for command in rotation.COMMANDS:
    app.command()(command)

Agent = Annotated[UUID, typer.Option("--agent", help="Agent UUID.")]
KeyId = Annotated[int, typer.Option("--key-id", min=0, max=U32_MAX, help="Key number.")]


@app.command()
def new(
    *,
    agent: Annotated[
        UUID | None, typer.Option("--agent", help="Agent UUID; a fresh one when left out.")
    ] = None,
    key_id: KeyId = 1,
    key: KeyFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make an Ed25519 key pair and write it to a file that only you can read (0600)."""
    path = Path(layers().need("VES_AGENT_KEY_FILE", key))
    made = AgentKey.new(agent or uuid4(), key_id)
    made.save(path, force=force)
    answer = {"agent_id": made.agent_id, "key_id": key_id, "public_key": made.public_key, "file": str(path)}
    if as_json:
        print_json(answer)
    else:
        out.print(
            f"agent      {made.agent_id}\nkey        {key_id}\npublic key {made.public_key.hex()}\nwritten to {path} (0600)"
        )


@app.command("new-encryption")
def new_encryption(
    *,
    file: Annotated[Path, typer.Argument(help="Where to write the secret.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make an X25519 key pair: payloads are sealed to its public key; the secret is written for you only (0600)."""
    public_key = new_encryption_key(file, force=force)
    if as_json:
        print_json({"public_key": public_key, "file": str(file)})
    else:
        out.print(f"public key {public_key.hex()}\nwritten to {file} (0600)")


@app.command()
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
    settings = layers()
    tenant_id = settings.need_uuid("VES_TENANT_ID", tenant)
    mine = AgentKey.load(Path(settings.need("VES_AGENT_KEY_FILE", key)))
    window = {name: text for name, text in (("validFrom", valid_from), ("validTo", valid_to)) if text}
    with Sequencer(settings.need("VES_HTTP_URL", url), settings.api_key(api_key)) as sequencer:
        answer = sequencer.register_agent_key(
            tenant_id, mine.agent_id, mine.key_id, mine.public_key, **window
        )
    if as_json:
        print_json(answer)
    else:
        out.print(f"registered key {mine.key_id} of agent {mine.agent_id} in tenant {tenant_id}")


@app.command("register-encryption")
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
    """Register the key that payloads for an agent are sealed to (needs an administrator's API key)."""
    settings = layers()
    tenant_id = settings.need_uuid("VES_TENANT_ID", tenant)
    try:
        key = parse_hex(public_key, hpke.KEY_BYTES)
    except ProtocolError as error:
        raise usage(f"--public-key: {error}") from None
    with Sequencer(settings.need("VES_HTTP_URL", url), settings.api_key(api_key)) as sequencer:
        answer = sequencer.register_agent_key(tenant_id, agent, key_id, key, X25519)
    if as_json:
        print_json(answer)
    else:
        out.print(f"registered encryption key {key_id} of agent {agent} in tenant {tenant_id}")


@app.command("list")
def list_keys(
    *, agent: Agent, tenant: Tenant = None, database_url: DatabaseUrl = None, as_json: JsonOption = False
) -> None:
    """List an agent's keys with their state and window."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        found = admin.list_agent_keys(tenant_id, agent)
    if as_json:
        print_json({"keys": found, "count": len(found)})
        return
    for key in found:
        window = f"{key['valid_from'] or '…'} to {key['valid_to'] or '…'}"
        out.print(f"{key['key_id']:>10}  {key['status']:<13}  {bytes(key['public_key']).hex()}  {window}")
    out.print(f"{len(found)} keys")


@app.command()
def revoke(
    *,
    agent: Agent,
    key_id: KeyId,
    reason: Annotated[str | None, typer.Option(help="Why; kept with the key.")] = None,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Revoke a key: events signed with it are refused from now on."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        gateway.revoke(admin, tenant_id, agent, key_id, reason)
    if as_json:
        print_json({"revoked": True, "agent_id": agent, "key_id": key_id})
    else:
        out.print(f"revoked key {key_id} of agent {agent}")


@app.command()
def sequencer(*, database_url: DatabaseUrl = None, as_json: JsonOption = False) -> None:
    """List the sequencers and the public keys that their receipts verify under."""
    with open_admin(database_url) as admin:
        signers = admin.list_signers()
    if as_json:
        print_json({"signers": signers})
        return
    for signer in signers:
        shown = bytes(signer["public_key"]).hex() if signer["public_key"] else "receipts are not signed"
        out.print(
            f"{signer['sequencer_id']}  version {signer['key_version']}  {signer['algorithm']:<8}  {shown}"
        )
