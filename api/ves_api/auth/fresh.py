"""Retry loop for requests whose cached identity may be stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ves_api.auth.authenticator import Authenticator
    from ves_api.auth.credentials import Credential
    from ves_api.auth.identity import Identity

T = TypeVar("T")

_ROUNDS = 8
_FORBIDDEN, _LIMITED = 403, 429


async def with_fresh_identity(
    authenticator: Authenticator,
    credential: Credential | None,
    identity: Identity,
    work: Callable[[Identity], Awaitable[T]],
    *,
    is_cached: bool,
) -> T:
    """Run `work(identity)`; re-read a stale identity and retry.

    Retried: stale_credentials (the database refused the identity's epoch and did nothing; at most 8 rounds), and a
    403 or 429 with a cached identity (once, and only if the identity read anew differs).
    Propagates every other error of `work`.
    """
    for last in (False,) * (_ROUNDS - 1) + (True,):
        try:
            return await work(identity)
        except ApiError as error:
            is_stale = error.name == "stale_credentials"
            if last or not (is_stale or (is_cached and error.status in (_FORBIDDEN, _LIMITED))):
                raise
            if is_stale:
                fresh = await authenticator.identify_again(credential, identity.epoch)
            else:
                fresh = await authenticator.identify(credential)
                if fresh == identity:
                    raise
        identity, is_cached = fresh, False
    raise AssertionError("the last round returns or raises")
