"""`ves apikeys`: API keys. The key is shown once, at creation; the database stores only its hash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import typer

from ves_api.auth.credentials import hash_key, new_key
from ves_api.cli.database import OperatorDatabase
from ves_api.cli.frame import Answer, call_command, operator_command, rows
from ves_api.cli.settings import need_tenant
from ves_client.commands.options import Tenant
from ves_client.errors import ClientError, Exit
from ves_edge.gen import sync

app = typer.Typer(no_args_is_help=True, help="API keys: create, list, update, revoke.")

PREFIX_DIGITS = 16
_RIGHTS = ("read", "write", "admin")

Prefix = Annotated[
    str,
    typer.Argument(
        metavar="PREFIX",
        help="First hex digits of the key's hash, as `list` shows them.",
        callback=lambda value: value.lower(),
    ),
]


@operator_command(app)
def create(
    db: OperatorDatabase,
    *,
    tenant: Tenant = None,
    store: Annotated[
        list[UUID] | None,
        typer.Option("--store", help="Store in the key's scope, repeatable; all by default."),
    ] = None,
    agent: Annotated[UUID | None, typer.Option("--agent", help="Agent that the key is bound to.")] = None,
    write: Annotated[bool, typer.Option("--write/--no-write", help="May write.")] = True,
    read: Annotated[bool, typer.Option("--read/--no-read", help="May read.")] = True,
    admin: Annotated[bool, typer.Option("--admin", help="May administer the tenant.")] = False,
    rate_limit: Annotated[int | None, typer.Option(min=1, help="Requests a minute.")] = None,
) -> Answer:
    """Create an API key and show it, once."""
    tenant_id = need_tenant(tenant)
    key = new_key(tenant_id)
    key_hash = hash_key(key.encode())
    sync.create_api_key(
        db,
        key_hash=key_hash,
        tenant_id=tenant_id,
        store_ids=store or [],
        agent_id=agent,
        can_read=read,
        can_write=write,
        can_admin=admin,
        rate_limit=rate_limit,
    )
    prefix = key_hash[:PREFIX_DIGITS]
    return Answer(
        {"api_key": key, "key_hash_prefix": prefix, "tenant_id": tenant_id},
        [key, f"(hash {prefix}…; the key is not shown again)"],
    )


def _line(key: dict[str, Any]) -> str:
    rights = " ".join(name for name in _RIGHTS if key[f"can_{name}"])
    state = "active " if key["active"] else "revoked"
    return f"{key['key_hash_prefix']}  {state}  {rights:<16}  agent {key['agent_id'] or 'any'}"


call_command(
    app,
    "list",
    "list_api_keys",
    "List a tenant's API keys, revoked ones included.",
    rows("keys", _line, hidden=frozenset({"updated_at"})),
    without=("agent_id",),
)


@operator_command(app)
def update(
    db: OperatorDatabase,
    *,
    prefix: Prefix,
    tenant: Tenant = None,
    store: Annotated[
        list[UUID] | None, typer.Option("--store", help="Store in the key's new scope, repeatable.")
    ] = None,
    all_stores: Annotated[bool, typer.Option("--all-stores", help="May use every store.")] = False,
    write: Annotated[bool | None, typer.Option("--write/--no-write", help="May write.")] = None,
    read: Annotated[bool | None, typer.Option("--read/--no-read", help="May read.")] = None,
    admin: Annotated[bool | None, typer.Option("--admin/--no-admin", help="May administer.")] = None,
    rate_limit: Annotated[int | None, typer.Option(min=0, help="Requests a window; 0: no limit.")] = None,
) -> Answer:
    """Change the permissions of the API key with this hash prefix; omitted options stay unchanged."""
    updated = sync.update_api_key(
        db,
        key_hash_prefix=prefix,
        tenant_id=need_tenant(tenant),
        store_ids=[] if all_stores else store or None,
        can_read=read,
        can_write=write,
        can_admin=admin,
        rate_limit=rate_limit,
    )
    if updated is None:
        raise _unknown(prefix)
    rights = " ".join(name for name in _RIGHTS if updated[f"can_{name}"])
    return Answer(updated, [f"{updated['key_hash_prefix']}  {rights or 'nothing'}"])


def _revoked(revoked: int, given: Mapping[str, Any]) -> Answer:
    if not revoked:
        raise _unknown(given["key_hash_prefix"])
    return Answer({"revoked": revoked}, [f"revoked {revoked} key{'s' if revoked > 1 else ''}"])


call_command(
    app,
    "revoke",
    "revoke_api_key",
    "Revoke the API key with this hash prefix.",
    _revoked,
    options={"key_hash_prefix": (Prefix, ...)},
    without=("agent_id", "caller"),
)


def _unknown(prefix: str) -> ClientError:
    return ClientError(
        Exit.REFUSED, "api_key_not_found", f"no active key of this tenant starts with {prefix}"
    )
