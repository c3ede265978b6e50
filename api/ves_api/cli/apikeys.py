"""`ves apikeys`: API keys. The key itself is shown once, at creation; the database knows its hash."""

from __future__ import annotations

import hashlib
import secrets
from typing import Annotated
from uuid import UUID

import typer

from ves_api.cli.admin import open_admin
from ves_api.cli.options import DatabaseUrl, Tenant
from ves_api.cli.settings import layers
from ves_api.gateway.admin import KeyChanges
from ves_client.commands.output import JsonOption, out, print_json
from ves_client.errors import ClientError, Exit

app = typer.Typer(no_args_is_help=True, help="API keys: create, list, update, revoke.")

PREFIX_DIGITS = 16


def new_api_key() -> tuple[str, str]:
    """Make a key (`ss_` and 256 random bits) and its lower-case hex SHA-256."""
    key = "ss_" + secrets.token_hex(32)
    return key, hashlib.sha256(key.encode()).hexdigest()


@app.command()
def create(
    *,
    tenant: Tenant = None,
    store: Annotated[
        list[UUID] | None, typer.Option("--store", help="Store it may use; repeat; all when left out.")
    ] = None,
    agent: Annotated[UUID | None, typer.Option("--agent", help="Agent that the key is bound to.")] = None,
    write: Annotated[bool, typer.Option("--write/--no-write", help="May write.")] = True,
    read: Annotated[bool, typer.Option("--read/--no-read", help="May read.")] = True,
    admin: Annotated[bool, typer.Option("--admin", help="May administer the tenant.")] = False,
    rate_limit: Annotated[int | None, typer.Option(min=1, help="Requests a minute.")] = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Create an API key and show it: this is the only time."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    key, key_hash = new_api_key()
    with open_admin(database_url) as database:
        database.create_api_key(
            key_hash,
            tenant_id,
            store_ids=store or [],
            agent_id=agent,
            can_read=read,
            can_write=write,
            can_admin=admin,
            rate_limit=rate_limit,
        )
    if as_json:
        print_json({"api_key": key, "key_hash_prefix": key_hash[:PREFIX_DIGITS], "tenant_id": tenant_id})
    else:
        out.print(f"{key}\n(hash {key_hash[:PREFIX_DIGITS]}…; the key is not shown again)")


@app.command("list")
def list_keys(
    *, tenant: Tenant = None, database_url: DatabaseUrl = None, as_json: JsonOption = False
) -> None:
    """List a tenant's API keys, revoked ones included."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as database:
        found = database.list_api_keys(tenant_id)
    if as_json:
        print_json({"keys": found, "count": len(found)})
        return
    for key in found:
        rights = " ".join(name for name in ("read", "write", "admin") if key[f"can_{name}"])
        state = "active " if key["active"] else "revoked"
        out.print(f"{key['key_hash_prefix']}  {state}  {rights:<16}  agent {key['agent_id'] or 'any'}")
    out.print(f"{len(found)} keys")


@app.command()
def update(
    *,
    prefix: Annotated[str, typer.Argument(help="First hex digits of the key's hash, as `list` shows them.")],
    tenant: Tenant = None,
    store: Annotated[
        list[UUID] | None, typer.Option("--store", help="Store it may use from now on; repeat.")
    ] = None,
    all_stores: Annotated[bool, typer.Option("--all-stores", help="May use every store.")] = False,
    write: Annotated[bool | None, typer.Option("--write/--no-write", help="May write.")] = None,
    read: Annotated[bool | None, typer.Option("--read/--no-read", help="May read.")] = None,
    admin: Annotated[bool | None, typer.Option("--admin/--no-admin", help="May administer.")] = None,
    rate_limit: Annotated[int | None, typer.Option(min=0, help="Requests a window; 0: no limit.")] = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Change what the API key with this hash prefix may do; what is not named stays."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    stores = () if all_stores else tuple(store) if store else None
    with open_admin(database_url) as database:
        updated = database.update_api_key(
            prefix.lower(), tenant_id, KeyChanges(stores, read, write, admin, rate_limit)
        )
    if updated is None:
        raise ClientError(
            Exit.REFUSED, "api_key_not_found", f"no active key of this tenant starts with {prefix}"
        )
    if as_json:
        print_json(updated)
    else:
        rights = " ".join(name for name in ("read", "write", "admin") if updated[f"can_{name}"])
        out.print(f"{updated['key_hash_prefix']}  {rights or 'nothing'}")


@app.command()
def revoke(
    *,
    prefix: Annotated[str, typer.Argument(help="First hex digits of the key's hash, as `list` shows them.")],
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Revoke the API key with this hash prefix."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as database:
        revoked = database.revoke_api_key(prefix.lower(), tenant_id)
    if not revoked:
        raise ClientError(
            Exit.REFUSED, "api_key_not_found", f"no active key of this tenant starts with {prefix}"
        )
    if as_json:
        print_json({"revoked": revoked})
    else:
        out.print(f"revoked {revoked} key{'s' if revoked > 1 else ''}")
