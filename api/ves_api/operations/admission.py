"""Admission: authentication, rate limits and the audit of logins, before anything of a request is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ves_api.auth.credentials import read_credential
from ves_api.auth.fresh import with_fresh_identity
from ves_api.auth.login_audit import LOGIN_FAILURE
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from ves_api.auth.credentials import Credential
    from ves_api.auth.identity import Identity
    from ves_api.operations.kit import Context, Operation

_UNAUTHENTICATED = 401


async def admit(context: Context, operation: Operation[Any]) -> None:
    """Admit the caller as the operation says. Raises 401, 429 or pool_exhausted.

    A public operation looks at no credential. A request without a credential, or with a token, costs no query.
    """
    if operation.sheds:
        context.services.pool_monitor.require_capacity()
    if operation.admit is not None:
        await operation.admit(context)
    elif not operation.permission.is_public:
        await admit_credential(context, is_cached=operation.caches_identity)


async def admit_credential(context: Context, *, is_cached: bool) -> None:
    """Identify the caller by its credential and charge its budgets. Raises 401, 429."""
    services = context.services
    authenticator, limiter = services.authenticator, services.limiter
    find = authenticator.identify_cached if is_cached else authenticator.identify
    try:
        credential = context.credential = _credential(context)
        identity = await find(credential)
    except ApiError as error:
        if error.status == _UNAUTHENTICATED:
            services.login_audit.record_refusal(LOGIN_FAILURE, error, context.origin)
        raise
    services.login_audit.record_login(identity, credential, context.origin)
    context.identity = identity

    async def charge(identity: Identity) -> None:
        context.identity = identity
        await limiter.charge(limiter.costs_of(identity, credential), context.answer_headers)

    await with_fresh_identity(authenticator, credential, identity, charge, is_cached=is_cached)


def _credential(context: Context) -> Credential | None:
    """The credential of the request. Raises 401, or returns None if authentication is disabled."""
    try:
        return read_credential(context.origin.headers)
    except ApiError:
        if context.services.settings.auth.required:
            raise
        return None


async def charge_changed_limit(context: Context, identity: Identity) -> None:
    """Charge a caller whose own limit differs from that under which it was admitted. Raises rate_limited (429)."""
    if identity.rate_limit in (None, context.identity.rate_limit):
        return
    limiter = context.services.limiter
    costs = limiter.costs_of(identity, context.credential)
    await limiter.charge(costs[-1:], context.answer_headers)
