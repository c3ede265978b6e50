"""Audit of logins: buffered, bounded and flushed in the background, so that it neither delays nor can be flooded.

Flushed once a minute: refused logins aggregated by (reason, address) with a count; accepted logins once per credential,
hour and process. A crash loses the entries in the buffer; entries beyond its bounds are dropped.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_api.auth.origin import audit_context
from ves_api.background import BackgroundTask
from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_edge.log import get_logger

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from ves_api.auth.credentials import Credential
    from ves_api.auth.identity import Identity
    from ves_api.auth.origin import Origin
    from ves_api.database import Database

LOGIN_FAILURE, LOGIN_SUCCESS = "login_failure", "login_success"
_INTERVAL_SECONDS = 60.0
_SUCCESS_SECONDS = 3600.0
_MAX_REASONS = 200
_MAX_LOGINS = 500
_MAX_SEEN = 10_000
_RESOURCES = {LOGIN_FAILURE: "login", LOGIN_SUCCESS: "login"}
_ELSEWHERE = "elsewhere"
_log = get_logger("journal")


@dataclass(slots=True)
class _Entry:
    action: str
    tenant_id: uuid.UUID | None
    resource_id: str | None
    error: str | None
    context: dict[str, str | None]
    count: int = 1


class LoginAuditBuffer(BackgroundTask):
    """Owned by one event loop. `clock` is monotonic, in seconds."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._refused: dict[tuple[str, str, str | None], _Entry] = {}
        self._logins: list[_Entry] = []
        self._seen: dict[str, float] = {}

    def record_refusal(self, action: str, refusal: ApiError, origin: Origin) -> None:
        """Record a refused login. Addresses beyond the buffer's bound share one aggregate entry."""
        key = (action, refusal.code, origin.address)
        if key not in self._refused and len(self._refused) >= _MAX_REASONS:
            key = (action, refusal.code, _ELSEWHERE)
        known = self._refused.get(key)
        if known is not None:
            known.count += 1
            return
        context = {"actor": "anonymous", "actor_type": "public", **origin.fields()}
        if key[2] == _ELSEWHERE:
            context |= {"ip_address": None, "user_agent": None, "request_id": None}
        self._refused[key] = _Entry(action, None, None, refusal.code, context)

    def record_login(self, identity: Identity, credential: Credential | None, origin: Origin) -> None:
        """Record an accepted login."""
        if credential is None or identity.kind == "none":
            return
        now, last = self._clock(), self._seen.get(credential.fingerprint)
        if (last is not None and now - last < _SUCCESS_SECONDS) or len(self._logins) >= _MAX_LOGINS:
            return
        if len(self._seen) >= _MAX_SEEN:
            self._seen.clear()
        self._seen[credential.fingerprint] = now
        context = audit_context(origin, identity)
        self._logins.append(_Entry(LOGIN_SUCCESS, identity.tenant_id, identity.name, None, context))

    async def flush(self) -> None:
        """Write the buffered entries; on failure they are dropped, not retried."""
        entries = [*self._refused.values(), *self._logins]
        self._refused, self._logins = {}, []
        try:
            for entry in entries:
                await aio.record_audit(
                    self._database,
                    action=entry.action,
                    tenant_id=entry.tenant_id,
                    resource_type=_RESOURCES.get(entry.action, "agent"),
                    resource_id=entry.resource_id,
                    details={} if entry.error is None else {"count": entry.count},
                    success=entry.error is None,
                    error_message=entry.error,
                    context=entry.context,
                )
        except ApiError as error:
            _log.warning("logins_not_audited", code=error.sqlstate)

    async def close(self) -> None:
        """Stop the background flush and write the buffered entries."""
        await super().close()
        await self.flush()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL_SECONDS)
            await self.flush()
