"""What the handlers of one process share; made when the application starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ves_api.at_rest import AtRest
from ves_api.auth.authenticator import Authenticator
from ves_api.auth.limits import Limiter
from ves_api.auth.login_audit import LoginAuditBuffer
from ves_api.gateway.coalescer import Coalescer
from ves_api.gateway.database import Database
from ves_api.gateway.legacy_append import LegacyHeads
from ves_api.http.ingest.flusher import ReceiptFlusher
from ves_api.http.ingest.keys import AgentKeys
from ves_api.http.ingest.signing import ReceiptSigner
from ves_api.ingest.schema_registry import SchemaRegistry
from ves_api.ingest.schemas import ActiveSchemas
from ves_api.lanes import Lanes
from ves_api.pool_monitor import PoolMonitor
from ves_api.reads import Reads
from ves_api.verifier.pool import Verifier

if TYPE_CHECKING:
    from litestar import Request

    from ves_api.auth.credentials import Credential
    from ves_api.auth.identity import Identity
    from ves_api.auth.limits import Costs
    from ves_api.cache import CacheFigures
    from ves_api.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Owned by the event loop of the process."""

    settings: Settings
    database: Database
    reads: Reads
    pool_monitor: PoolMonitor
    authenticator: Authenticator
    limiter: Limiter
    login_audit: LoginAuditBuffer
    agent_keys: AgentKeys
    schemas: SchemaRegistry
    active_schemas: ActiveSchemas
    signer: ReceiptSigner
    coalescer: Coalescer
    flusher: ReceiptFlusher
    verifier: Verifier
    at_rest: AtRest
    legacy_heads: LegacyHeads
    lanes: Lanes

    def cache_figures(self) -> dict[str, CacheFigures]:
        """The counts of every cache of this process, by name."""
        caches = self.reads.caches
        return {
            "agent_keys": self.agent_keys.cache.figures(),
            "commitments": caches.commitment.figures(),
            "proofs": caches.proof.figures(),
            "active_schemas": self.active_schemas.cache.figures(),
            "schemas": self.schemas.cache.figures(),
            "ves_commitments": caches.ves_commitment.figures(),
            "ves_proofs": caches.ves_proof.figures(),
        }


def make_services(settings: Settings) -> Services:
    """Build everything; nothing connects yet."""
    database = Database(settings)
    authenticator = Authenticator(database, settings.auth)
    signer = ReceiptSigner(database, settings.sequencer_id, settings.signing_key, settings.key_version)
    schemas = SchemaRegistry(database, settings.caches.schema)
    return Services(
        settings=settings,
        database=database,
        reads=Reads(settings, database),
        pool_monitor=PoolMonitor(database, settings.pool_sample),
        authenticator=authenticator,
        limiter=Limiter(database, settings.auth),
        login_audit=LoginAuditBuffer(database),
        agent_keys=AgentKeys(database, settings.caches.agent_key),
        schemas=schemas,
        active_schemas=ActiveSchemas(database, schemas, settings.caches.schema, settings.schemas.validation),
        signer=signer,
        coalescer=Coalescer(
            database,
            signer_id=signer.own_id,
            credentials_changed=lambda: None,
            enabled=settings.coalesce,
        ),
        flusher=ReceiptFlusher(database),
        verifier=Verifier(settings.stark_processes),
        at_rest=AtRest(settings.at_rest.source),
        legacy_heads=LegacyHeads(),
        lanes=Lanes(),
    )


def services_of(request: Request[Any, Any, Any]) -> Services:
    """The services of the application that serves this request."""
    return cast("Services", request.app.state.services)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the credential as it was presented (None: none, where none is demanded) and what it stands for."""

    credential: Credential | None
    identity: Identity


async def identify(request: Request[Any, Any, Any]) -> Identity:
    """The caller of a request, once admitted: an API key is read from the database. Raises 401, 429.

    Comes first in every handler, before anything of the request is looked at. A request without a credential, or
    with a token, costs no query.
    """
    return (await admit(request)).identity


async def admit(request: Request[Any, Any, Any], *, cached: bool = False) -> Caller:
    """As `identify`; `cached` is for callers that pass the identity's epoch on to the database."""
    from ves_api.http.binding import context_of  # noqa: PLC0415
    from ves_api.operations.admission import admit_credential  # noqa: PLC0415

    context = context_of(request)
    if request.scope["route_handler"].opt["operation"].sheds:
        context.services.pool_monitor.require_capacity()
    await admit_credential(context, is_cached=cached)
    return Caller(context.credential, context.identity)


async def charge(request: Request[Any, Any, Any], charges: Costs) -> None:
    """Take the request out of its budgets and tell so in its answer's headers. Raises rate_limited (429)."""
    headers = request.scope["state"].setdefault("answer_headers", [])
    await services_of(request).limiter.charge(charges, headers)


async def charge_again(services: Services, before: Identity, caller: Caller) -> None:
    """Charge a caller whose own limit has changed since it was let in from the cache. Raises rate_limited (429)."""
    if caller.identity.rate_limit in (None, before.rate_limit):
        return
    await services.limiter.charge(services.limiter.costs_of(caller.identity, caller.credential)[-1:], [])
