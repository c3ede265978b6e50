"""What a new API key may do: never more than the credential that mints it (http-api 7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ves_api.errors import ApiError
from ves_api.gateway.credentials import KeyChanges

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from ves_api.auth.identity import Identity

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "write", "admin")


@dataclass(frozen=True, slots=True)
class Grants:
    """The rights of a key; no stores means all stores."""

    store_ids: tuple[uuid.UUID, ...]
    scopes: frozenset[Scope]
    rate_limit: int | None


def derive_grants(
    identity: Identity,
    *,
    store_ids: Sequence[uuid.UUID] | None,
    scopes: Sequence[Scope] | None,
    read_only: bool | None,
    admin: bool | None,
    rate_limit: int | None,
) -> Grants:
    """The rights asked for; omitted ones are inherited. Raises 403 when they exceed the minter's own.

    `scopes` names the rights one by one; `read_only` and `admin` are the reference's way of saying it: a key that
    may read, and write unless told otherwise, or do everything.
    """
    if scopes is None:
        wanted: set[Scope] = {"read"}
        if admin or (identity.can_write if read_only is None else not read_only):
            wanted.add("write")
        if admin:
            wanted.add("admin")
    else:
        if read_only is not None or admin is not None:
            raise ApiError("invalid_field", "scopes excludes readOnly and admin", details={"field": "scopes"})
        wanted = set(scopes)
    held = _check_scopes(identity, wanted)
    stores = tuple(sorted(identity.stores, key=str)) if store_ids is None else tuple(dict.fromkeys(store_ids))
    _check_stores(identity, stores)
    if rate_limit is None:
        rate_limit = None if identity.can_admin else identity.rate_limit
    _check_rate_limit(identity, rate_limit)
    return Grants(stores, held, rate_limit)


def derive_changes(
    identity: Identity,
    *,
    store_ids: Sequence[uuid.UUID] | None,
    scopes: Sequence[Scope] | None,
    rate_limit: int | None,
) -> KeyChanges:
    """The changes asked for; None keeps a value, a rate limit of 0 takes it away. Raises 403 as `derive_grants` does."""
    held = None if scopes is None else _check_scopes(identity, set(scopes))
    stores = None if store_ids is None else tuple(dict.fromkeys(store_ids))
    if stores is not None:
        _check_stores(identity, stores)
    if rate_limit is not None:
        _check_rate_limit(identity, rate_limit or None)
    return KeyChanges(
        store_ids=stores,
        can_read=None if held is None else "read" in held,
        can_write=None if held is None else "write" in held,
        can_admin=None if held is None else "admin" in held,
        rate_limit=rate_limit,
    )


def _check_scopes(identity: Identity, wanted: set[Scope]) -> frozenset[Scope]:
    """An administrator may give any right; everybody else those of the own credential."""
    if not wanted:
        raise ApiError("invalid_field", "scopes is empty", details={"field": "scopes"})
    if not identity.can_admin:
        for scope in SCOPES:
            if scope in wanted:
                identity.require(scope)
    return frozenset(wanted)


def _check_stores(identity: Identity, stores: Sequence[uuid.UUID]) -> None:
    if identity.stores and (not stores or not identity.stores.issuperset(stores)):
        raise ApiError("store_access_denied")


def _check_rate_limit(identity: Identity, rate_limit: int | None) -> None:
    own = None if identity.can_admin else identity.rate_limit
    if own is not None and (rate_limit is None or rate_limit > own):
        raise ApiError("insufficient_permissions", "The rate limit exceeds that of the credential")
