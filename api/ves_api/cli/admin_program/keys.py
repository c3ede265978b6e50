"""`rotate-keys`, `list-agent-keys`, `verify-proof`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from ves import legacy, merkle
from ves.codec import U32_MAX, parse_hex
from ves.errors import ProtocolError
from ves_api.cli.options import DatabaseUrl, TenantId, open_database
from ves_client.commands.output import note, out, print_table
from ves_client.errors import Exit, usage
from ves_edge.gen import sync

HASH_BYTES = 32


def rotate_keys(
    ctx: typer.Context,
    *,
    tenant: TenantId,
    agent: Annotated[UUID, typer.Option("--agent-id", help="Agent UUID.")],
    new_key_id: Annotated[int, typer.Option(min=0, max=U32_MAX, help="Number of the new key.")],
    public_key: Annotated[str, typer.Option(help="New Ed25519 public key, 64 hex digits.")],
    revoke_old: Annotated[
        bool, typer.Option("--revoke-old", help="Revoke every other signing key of the agent.")
    ] = False,
    database: DatabaseUrl = None,
) -> None:
    """Register an agent's next key; with --revoke-old revoke all others in the same transaction."""
    key = _hash(public_key, "--public-key")
    with open_database(ctx, database) as db, db.transaction():
        sync.register_agent_key(db, tenant_id=tenant, agent_id=agent, key_id=new_key_id, public_key=key)
        if revoke_old:
            old = [
                row.key_id
                for row in sync.list_agent_keys(db, tenant_id=tenant, agent_id=agent)
                if row.key_type == "signing" and row.status != "revoked" and row.key_id != new_key_id
            ]
            for key_id in old:
                sync.revoke_agent_key(db, tenant_id=tenant, agent_id=agent, key_id=key_id)
            note(f"Revoked {len(old)} existing keys")
    out.print(f"ok: registered new key for agent {agent} with key_id {new_key_id}")
    if revoke_old:
        out.print("  (all previous keys have been revoked)")


def list_agent_keys(
    ctx: typer.Context,
    *,
    tenant: TenantId,
    agent: Annotated[UUID | None, typer.Option("--agent-id", help="Only this agent.")] = None,
    database: DatabaseUrl = None,
) -> None:
    """List a tenant's agent keys: state, window, public key."""
    with open_database(ctx, database) as db:
        found = sync.list_agent_keys(db, tenant_id=tenant, agent_id=agent)
    table = Table(
        "agent_id", "key_id", "status", "valid_from", "valid_to", "public_key", box=None, pad_edge=False
    )
    for row in found:
        window = (_minute(row.valid_from), _minute(row.valid_to))
        public_key = bytes(row.public_key).hex()
        table.add_row(str(row.agent_id), str(row.key_id), row.status, *window, public_key)
    out.print(f"Agent keys for tenant {tenant}:")
    print_table(table)
    out.print(f"Total: {len(found)} keys")


def _minute(moment: dt.datetime | None) -> str:
    return "-" if moment is None else moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M")


def verify_proof(
    *,
    leaf_hash: Annotated[str, typer.Option(help="Leaf hash, 64 hex digits.")],
    merkle_root: Annotated[str, typer.Option(help="Merkle root, 64 hex digits.")],
    proof_path: Annotated[
        str, typer.Option(help="Sibling hashes, leaf level first, comma list; may be empty.")
    ],
    leaf_index: Annotated[int, typer.Option(min=0, help="Index of the leaf in the tree.")],
) -> None:
    """Check an inclusion proof of a VES or a legacy tree, without a database: exit code 1 when it does not verify.

    The number of leaves is not among the options, so a proof of a padding leaf (VES 9.2) verifies, too.
    """
    leaf, root = _hash(leaf_hash, "--leaf-hash"), _hash(merkle_root, "--merkle-root")
    path = [_hash(part.strip(), "--proof-path") for part in proof_path.split(",") if proof_path.strip()]
    trees = {"VES": merkle.verify_inclusion, "legacy": legacy.verify_path}
    fitting = [name for name, verify in trees.items() if verify(leaf, leaf_index, path, root)]
    if not fitting:
        out.print("FAIL: proof is INVALID")
        raise typer.Exit(Exit.CHECK_FAILED)
    out.print("ok: proof is VALID")
    out.print(f"  leaf_hash:   {leaf.hex()}")
    out.print(f"  leaf_index:  {leaf_index}")
    out.print(f"  merkle_root: {root.hex()}")
    out.print(f"  proof_depth: {len(path)}")
    # In both kinds the root of a tree with one leaf is the leaf.
    out.print(f"  tree:        {' or '.join(fitting)}")


def _hash(text: str, option: str) -> bytes:
    try:
        return parse_hex(text, HASH_BYTES)
    except ProtocolError as error:
        raise usage(f"{option} must be {HASH_BYTES} bytes of hex") from error
