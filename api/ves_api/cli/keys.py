"""`ves keys`: agent signing keys, and the keys that receipts verify under."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from ves_api.cli import rotation
from ves_api.cli.admin import open_admin
from ves_api.cli.options import DatabaseUrl, Tenant
from ves_api.cli.settings import layers
from ves_api.gateway.operators import keys as gateway
from ves_client.agent import U32_MAX
from ves_client.commands import keys as agent_keys
from ves_client.commands.output import JsonOption, out, print_json

X25519 = 2  # VES 6.2

app = typer.Typer(no_args_is_help=True, help="Agent keys and their rotation; the sequencer's public keys.")
app.add_typer(rotation.policy_app, name="policy")
for command in rotation.COMMANDS:
    app.command()(command)

Agent = Annotated[UUID, typer.Option("--agent", help="Agent UUID.")]
KeyId = Annotated[int, typer.Option("--key-id", min=0, max=U32_MAX, help="Key number.")]


for name, function in agent_keys.COMMANDS.items():
    app.command(name)(function)


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
