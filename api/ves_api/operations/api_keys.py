"""API keys of an agent: look, mint, list, change, revoke (http-api 7.3).

Which rights a caller may give, change or take away is decided by the database functions, which are told who calls.
"""

from __future__ import annotations

import contextlib
import re
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from ves_api.auth.credentials import hash_key, new_key
from ves_api.auth.identity import NIL
from ves_api.auth.permission import AGENT_OR_ADMIN
from ves_api.operations.answers import answer
from ves_api.operations.fields import invalid
from ves_api.operations.kit import Area, Context, only
from ves_api.operations.parameters import AgentId, KeyPrefix, Parameters
from ves_edge.errors import ApiError
from ves_edge.gen import aio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ves_edge.gen.records import GetAgentRow, ListApiKeysRow

operation = Area("Agents").operation
_PREFIX_CHARACTERS = 16
_KEY_PREFIX = re.compile(r"[0-9a-f]{8,64}")
_I32_MAX = (1 << 31) - 1
_NO_LIMIT = 0

Scope = Literal["read", "write", "admin"]
_SCOPES: tuple[Scope, ...] = ("read", "write", "admin")


class AgentResponse(msgspec.Struct, rename="camel"):
    """An agent by its most recently changed key."""

    agent_id: uuid.UUID
    tenant_id: uuid.UUID
    active: bool
    permissions: str
    store_ids: list[uuid.UUID]
    rate_limit: int | None


class MintRequest(msgspec.Struct, rename="camel"):
    """Rights of the new key; omitted ones are inherited from the caller.

    `scopes` names them in any combination; it excludes `readOnly` and `admin`.
    """

    store_ids: list[uuid.UUID] | None = None
    scopes: list[Scope] | None = None
    read_only: bool | None = None
    admin: bool | None = None
    rate_limit: Annotated[int, msgspec.Meta(ge=0, le=_I32_MAX)] | None = None


class MintResponse(msgspec.Struct, rename="camel"):
    """The new key; it is shown this once."""

    success: bool
    api_key: str
    key_hash_prefix: str
    permissions: str
    scopes: list[Scope]
    message: str


class UpdateRequest(msgspec.Struct, rename="camel"):
    """Changes of an API key; omitted members stay unchanged. `rateLimit` null removes the limit, `[]` stores mean all."""

    store_ids: list[uuid.UUID] | None = None
    scopes: list[Scope] | None = None
    rate_limit: Annotated[int, msgspec.Meta(ge=1, le=_I32_MAX)] | msgspec.UnsetType | None = msgspec.UNSET


class UpdateResponse(msgspec.Struct, rename="camel"):
    """The key after the change."""

    success: bool
    key_hash_prefix: str
    permissions: str
    scopes: list[Scope]
    store_ids: list[uuid.UUID]
    rate_limit: int | None


class ListedKey(msgspec.Struct, rename="camel"):
    """A key by the first 16 digits of its hash."""

    key_hash_prefix: str
    active: bool
    permissions: str
    scopes: list[Scope]
    rate_limit: int | None


class KeyList(msgspec.Struct):
    """The agent's keys, revoked ones too; the newest change first."""

    keys: list[ListedKey]
    count: int


class RevokeResponse(msgspec.Struct):
    """The key is revoked."""

    success: bool
    message: str


class AgentById(Parameters, kw_only=True, frozen=True):
    """One agent."""

    agent_id: AgentId


class MintKey(AgentById, kw_only=True, frozen=True):
    """One agent and a new key."""

    body: MintRequest


class KeyByPrefix(AgentById, kw_only=True, frozen=True):
    """One API key of an agent."""

    key_prefix: KeyPrefix


class UpdateKey(KeyByPrefix, kw_only=True, frozen=True):
    """One API key of an agent and its change."""

    body: UpdateRequest


class Rights(msgspec.Struct):
    """An API key as the database answers it after a change."""

    store_ids: list[uuid.UUID]
    can_read: bool
    can_write: bool
    can_admin: bool
    rate_limit: int | None = None
    key_hash_prefix: str = ""


@operation(permission=AGENT_OR_ADMIN, errors=("agent_not_found",))
async def get_agent(context: Context, given: AgentById) -> AgentResponse:
    """Get an agent.

    It is described by its most recently changed key.
    """
    rows = await aio.get_agent(context.database, tenant_id=context.tenant_id, agent_id=given.agent_id)
    key = only(rows, "agent_not_found", given.agent_id)
    return answer(AgentResponse, key, agent_id=given.agent_id, permissions=_rights(key)["permissions"])


@operation(permission=AGENT_OR_ADMIN, errors=("agent_not_found", "store_access_denied", "invalid_field"))
async def create_api_key(context: Context, given: MintKey) -> MintResponse:
    """Mint an API key for an agent; never with more rights than the caller has.

    Only the hash of the key is stored.
    """
    sent, tenant = given.body, await _tenant_of(context, given.agent_id)
    can_read, can_write, can_admin = _wanted(sent)
    key = new_key(tenant)
    key_hash = hash_key(key.encode())
    with _naming(given.agent_id):
        stored = await aio.create_api_key(
            context.database,
            key_hash=key_hash,
            tenant_id=tenant,
            store_ids=_unique(sent.store_ids),
            agent_id=given.agent_id,
            can_read=can_read,
            can_write=can_write,
            can_admin=can_admin,
            rate_limit=sent.rate_limit,
            context=context.audit,
            caller=_caller(context),
        )
    return MintResponse(
        success=True,
        api_key=key,
        key_hash_prefix=key_hash[:_PREFIX_CHARACTERS],
        **_rights(msgspec.convert(stored, Rights)),
        message="API key created; it is shown only once",
    )


def _listed(key: Any) -> ListedKey:
    return answer(ListedKey, key, **_rights(key))


@operation(permission=AGENT_OR_ADMIN)
async def list_api_keys(context: Context, given: AgentById) -> KeyList:
    """List the API keys of an agent.

    The newest change comes first; an unknown agent has none.
    """
    keys = await aio.list_api_keys(context.database, tenant_id=context.tenant_id, agent_id=given.agent_id)
    return KeyList(await context.each(_listed, keys), len(keys))


@operation(
    permission=AGENT_OR_ADMIN,
    errors=("agent_not_found", "api_key_not_found", "store_access_denied", "invalid_field"),
)
async def update_api_key(context: Context, given: UpdateKey) -> UpdateResponse:
    """Change what an API key of an agent may do; it holds at once in every process.

    It is the first active key whose hash starts with the prefix; a revoked key stays revoked.
    """
    sent = given.body
    if sent.scopes is not None and not sent.scopes:
        raise invalid("scopes", "is empty")
    _require_prefix(given.key_prefix)
    with _naming(given.agent_id):
        stored = await aio.update_api_key(
            context.database,
            key_hash_prefix=given.key_prefix,
            tenant_id=context.tenant_id,
            agent_id=given.agent_id,
            store_ids=_unique(sent.store_ids),
            **{f"can_{scope}": None if sent.scopes is None else scope in sent.scopes for scope in _SCOPES},
            rate_limit=None if sent.rate_limit is msgspec.UNSET else sent.rate_limit or _NO_LIMIT,
            context=context.audit,
            caller=_caller(context),
        )
    if stored is None:
        raise ApiError("api_key_not_found", resource_id=given.key_prefix)
    key = msgspec.convert(stored, Rights)
    return answer(UpdateResponse, key, success=True, **_rights(key))


@operation(permission=AGENT_OR_ADMIN, errors=("agent_not_found", "api_key_not_found"))
async def revoke_api_key(context: Context, given: KeyByPrefix) -> RevokeResponse:
    """Revoke an API key of an agent; it holds at once in every process.

    It is the first key whose hash starts with the prefix.
    """
    _require_prefix(given.key_prefix)
    with _naming(given.agent_id):
        count = await aio.revoke_api_key(
            context.database,
            key_hash_prefix=given.key_prefix,
            tenant_id=context.tenant_id,
            agent_id=given.agent_id,
            context=context.audit,
            caller=_caller(context),
        )
    if not count:
        raise ApiError("api_key_not_found", resource_id=given.key_prefix)
    return RevokeResponse(success=True, message="API key revoked")


def _require_prefix(text: str) -> None:
    """Raise api_key_not_found for what no hash starts with, and for a prefix too short to name one key."""
    if not _KEY_PREFIX.fullmatch(text):
        raise ApiError("api_key_not_found")


def _caller(context: Context) -> dict[str, Any]:
    """The caller as the database functions take it."""
    identity = context.identity
    credential = context.credential
    return {
        "key_hash": None if credential is None or credential.token is not None else credential.fingerprint,
        "tenant_id": identity.tenant_id,
        "agent_id": identity.agent_id,
        "store_ids": sorted(identity.stores, key=str),
        "can_read": identity.can_read,
        "can_write": identity.can_write,
        "can_admin": identity.can_admin,
        "rate_limit": identity.rate_limit,
    }


async def _tenant_of(context: Context, agent_id: uuid.UUID) -> uuid.UUID:
    """The tenant that is part of a new key: the caller's, or for the bootstrap administrator that of the agent."""
    if context.tenant_id != NIL:
        return context.tenant_id
    tenant = await aio.find_agent_tenant(context.database, agent_id=agent_id)
    if tenant is None:
        raise ApiError("agent_not_found", resource_id=str(agent_id))
    return tenant


@contextlib.contextmanager
def _naming(agent_id: uuid.UUID) -> Iterator[None]:
    """Name the agent in the refusal that says that it is unknown."""
    try:
        yield
    except ApiError as error:
        if error.name == "agent_not_found":
            error.resource_id = str(agent_id)
        raise


def _wanted(sent: MintRequest) -> tuple[bool, bool | None, bool]:
    """The rights asked for: read, write (None: inherited), admin. Raises invalid_field.

    `readOnly` and `admin` are the original's form: a key that may read, and write unless told otherwise, or everything.
    """
    if sent.scopes is None:
        writes = True if sent.admin else None if sent.read_only is None else not sent.read_only
        return True, writes, bool(sent.admin)
    if sent.read_only is not None or sent.admin is not None:
        raise invalid("scopes", "excludes readOnly and admin")
    if not sent.scopes:
        raise invalid("scopes", "is empty")
    return "read" in sent.scopes, "write" in sent.scopes, "admin" in sent.scopes


def _unique(store_ids: Sequence[uuid.UUID] | None) -> list[uuid.UUID] | None:
    return None if store_ids is None else list(dict.fromkeys(store_ids))


def _rights(key: Rights | GetAgentRow | ListApiKeysRow) -> dict[str, Any]:
    """The rights of a key as `scopes`, and as `permissions`: the original's word, with `write` and `none` added."""
    scopes = [scope for scope in _SCOPES if getattr(key, f"can_{scope}")]
    return {"scopes": scopes, "permissions": "admin" if "admin" in scopes else "_".join(scopes) or "none"}
