"""What a new API key may do: never more than the credential that mints it (http-api 7.3)."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_api.errors import ApiError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from ves_api.auth.identity import Identity

_RANDOM_BYTES = 24
_TENANT_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class Grants:
    """The rights of a key; no stores means all stores."""

    store_ids: tuple[uuid.UUID, ...]
    can_write: bool
    can_admin: bool
    rate_limit: int | None


def derive_grants(
    identity: Identity,
    *,
    store_ids: Sequence[uuid.UUID] | None,
    read_only: bool | None,
    admin: bool | None,
    rate_limit: int | None,
) -> Grants:
    """The rights asked for; omitted ones are inherited. Raises 403 when they exceed the minter's own."""
    widening = not identity.can_admin
    if widening and not identity.can_read:
        raise ApiError("insufficient_permissions", "Read permission required", details={"permission": "read"})
    if widening and admin:
        raise ApiError(
            "insufficient_permissions", "Admin permission required", details={"permission": "admin"}
        )
    can_write = identity.can_write if read_only is None else not read_only
    if admin:
        can_write = True
    if widening and can_write and not identity.can_write:
        raise ApiError(
            "insufficient_permissions", "Write permission required", details={"permission": "write"}
        )
    stores = tuple(sorted(identity.stores, key=str)) if store_ids is None else tuple(dict.fromkeys(store_ids))
    if identity.stores and (not stores or not identity.stores.issuperset(stores)):
        raise ApiError("store_access_denied")
    own_limit = identity.rate_limit if widening else None
    if own_limit is not None:
        if rate_limit is not None and rate_limit > own_limit:
            raise ApiError("insufficient_permissions", "The rate limit exceeds that of the credential")
        rate_limit = own_limit if rate_limit is None else rate_limit
    return Grants(stores, can_write, bool(admin), rate_limit)


def new_key(tenant_id: uuid.UUID) -> str:
    """A fresh key: `ss_`, the tenant's first 8 digits, 32 random characters (operations 2.1)."""
    random = base64.urlsafe_b64encode(secrets.token_bytes(_RANDOM_BYTES)).decode()
    return f"ss_{str(tenant_id)[:_TENANT_CHARACTERS]}{random}"
